import { createAssignmentScanner } from "./assignments.ts";
import { decodeBlobs, longRuns } from "./blobs.ts";
import type { Run } from "./blobs.ts";
import { findCallPassword, findSingleArgument, PASSWORD_CALLS, SIGN_IN_CALLS } from "./calls.ts";
import { CLOUD_TOKEN_RULES } from "./cloud-tokens.ts";
import {
  findCommandPassword,
  findPipedPassword,
  findUserOption,
  PASSWORD_COMMANDS,
} from "./command-lines.ts";
import { findCookies, findJarCookie, findSessionCookie, SESSION_COOKIES } from "./cookies.ts";
import { findAuthorization, findRegistryAuth, findScheme, findUrlPassword } from "./credentials.ts";
import type { Candidate, Finding } from "./finding.ts";
import type { ForeignRules } from "./foreign-rules.ts";
import { findBareKey, findPuttyKey, KEY_OPENINGS } from "./key-material.ts";
import { codesOf, createKeywordFinder } from "./keywords.ts";
import type { KeywordFinder } from "./keywords.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import {
  findAuthPair,
  findGenerated,
  findGoDsn,
  findIdentifiedBy,
  findManifestSecrets,
  findOraclePassword,
  findPgpass,
  findSensitiveOutput,
} from "./manifests.ts";
import { SECRET_NAMES } from "./names.ts";
import { ANCHOR_KEYWORDS, anchorAt, findPairs } from "./pairs.ts";
import type { Anchor } from "./pairs.ts";
import { findPrivateKeys } from "./pem.ts";
import { findAddresses, findPersonal } from "./personal.ts";
import { clearOfPlaceholders } from "./placeholder.ts";
import { SERVICE_TOKEN_RULES } from "./service-tokens.ts";
import { matchToken, TOKEN_RULES } from "./tokens.ts";
import { isRandom } from "./value.ts";
import { unescaped } from "./views.ts";

export interface FindOptions {
  /** Personal data of people in China, and payment cards. On unless false. */
  readonly personal?: boolean;
  /** E-mail addresses. Off unless true: code is full of them. */
  readonly email?: boolean;
  /** Values that are secret wherever they stand. */
  readonly known?: KnownSecrets;
  /** Rules of the house beside ours. */
  readonly rules?: ForeignRules;
}

type Scan = (text: string, at: number) => Candidate | readonly Candidate[] | undefined;

/** What to look at where a keyword stands: a fixed scan, the scanner of assignments, or an anchor for pairs. */
type Step = Scan | "name" | { readonly anchor: number };

interface Engine {
  readonly find: KeywordFinder;
  readonly steps: readonly Step[];
}

let built: Engine | undefined;

/** Encodings inside encodings: base64 of base64 of an escaped text, and no more. */
const DEPTH_MAX = 3;
/** Text out of base64 that is read per call, 16 MB. What lies beyond counts as secret. */
const DECODED_CHARS_MAX = 16 << 20;

/**
 * Finds secrets: by the vendors' own formats, by the place they stand in (URL, header, manifest), by the name they are
 * given to, by their neighbours; also behind escapes, base64 and invisible characters. In order, never overlapping.
 * Time is linear in the text: one pass finds keywords, and beyond that only bounded windows around them are read; what
 * no bounded time could read counts as a secret, of kind `unread-text`. Placeholders are never found.
 */
export function findSecrets(text: string, options: FindOptions = {}): Finding[] {
  const engine = (built ??= createEngine());
  const budget = { decodedChars: DECODED_CHARS_MAX };
  return settle(text, findAll(engine, { text, options, budget, depth: 0 }));
}

interface Search {
  readonly text: string;
  readonly options: FindOptions;
  readonly budget: { decodedChars: number };
  readonly depth: number;
}

/** In the text as it is, and in what it says once its encodings are undone. */
function findAll(engine: Engine, search: Search): Candidate[] {
  const { text, depth } = search;
  const codes = codesOf(text);
  const runs = longRuns(codes);
  const plain = findIn(engine, search, { runs, codes });
  if (depth >= DEPTH_MAX) return plain;
  // Sealed text is scanned again on every later turn: what touches a placeholder has been dealt with.
  return plain.concat(
    clearOfPlaceholders(
      text,
      [...findUnescaped(engine, search), ...findInBlobs(engine, search, runs)].sort(
        (a, b) => a.start - b.start,
      ),
    ),
  );
}

function findIn(
  { find, steps }: Engine,
  { text, options }: Search,
  { runs, codes }: { readonly runs: readonly Run[]; readonly codes: Uint16Array },
): Candidate[] {
  const found: Candidate[] = [];
  const anchors: Anchor[] = [];
  const scanName = createAssignmentScanner(text);
  find(
    text,
    (keyword, at) => {
      const step = steps[keyword];
      if (step === undefined) return;
      if (typeof step === "object") {
        const anchor = anchorAt(step.anchor, text, at);
        if (anchor !== undefined) anchors.push(anchor);
        return;
      }
      const result = step === "name" ? scanName(at) : step(text, at);
      if (result === undefined) return;
      if ("kind" in result) found.push(result);
      else found.push(...result);
    },
    codes,
  );
  found.push(...findDottedKeys(text, runs));
  if (options.personal !== false) found.push(...findPersonal(text, codes));
  if (options.email === true) found.push(...findAddresses(text));
  for (const span of options.known?.find(text) ?? []) {
    found.push({ ...span, kind: "known-secret", rule: "known-secret", certain: true });
  }
  if (options.rules !== undefined) found.push(...options.rules.find(text));
  found.sort((a, b) => a.start - b.start);
  const all = found.concat(findPairs(text, found, anchors)).sort((a, b) => a.start - b.start);
  return findPrivateKeys(text).concat(clearOfPlaceholders(text, all));
}

/** Only what the plain text did not show: the rest is found there, with better borders. */
function findUnescaped(engine: Engine, search: Search): Candidate[] {
  const view = unescaped(search.text);
  if (view === undefined) return [];
  return view.windows.flatMap(({ start, end }) =>
    findAll(engine, { ...search, text: view.text.slice(start, end), depth: search.depth + 1 }).map(
      ({ kind, rule, certain, ...inside }): Candidate => {
        const place = view.toSource(start + inside.start, start + inside.end);
        return { start: place.start, end: place.end, kind, rule, certain };
      },
    ),
  );
}

/** A blob that says a secret is one, as a whole: no part of it can be taken out and leave the rest readable. */
function findInBlobs(engine: Engine, search: Search, runs: readonly Run[]): Candidate[] {
  return decodeBlobs(search.text, runs).flatMap(({ start, end, text }): Candidate[] => {
    search.budget.decodedChars -= end - start;
    if (text === undefined || search.budget.decodedChars < 0) {
      return [{ start, end, kind: "unread-text", rule: "unread-base64", certain: false }];
    }
    const inside = findAll(engine, { ...search, text, depth: search.depth + 1 });
    const first = inside.find(({ certain }) => certain) ?? inside[0];
    return first === undefined
      ? []
      : [{ start, end, kind: first.kind, rule: `${first.rule}-in-base64`, certain: false }];
  });
}

const DOTTED = /\.[A-Za-z0-9]{16}(?![A-Za-z0-9_.-])/y;

const BOT = /\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_.-])/y;

/**
 * Keys of parts with dots between and no prefix. Zhipu's: 32 hexadecimal digits, and 16 letters and digits. Discord's:
 * a number in base64, which begins with M, N or O, a time, and a code.
 */
function findDottedKeys(text: string, runs: readonly Run[]): Candidate[] {
  return runs.flatMap(({ start, end }): Candidate[] => {
    BOT.lastIndex = end;
    if (end - start <= 28 && /[MNO]/.test(text.charAt(start)) && BOT.test(text)) {
      return [{ start, end: BOT.lastIndex, kind: "bot-token", rule: "discord-bot", certain: true }];
    }
    DOTTED.lastIndex = end;
    if (end - start !== 32 || !DOTTED.test(text)) return [];
    const last = DOTTED.lastIndex;
    const [id, secret] = [text.slice(start, end), text.slice(end + 1, last)];
    if (!/^[0-9a-f]{32}$/.test(id) || !isRandom(secret) || !/[A-Z]/.test(secret)) return [];
    return [{ start, end: last, kind: "model-key", rule: "zhipu-key", certain: true }];
  });
}

function createEngine(): Engine {
  const keywords: string[] = [];
  const steps: Step[] = [];
  const add = (step: Step, ...names: readonly string[]): void => {
    for (const name of names) {
      keywords.push(name);
      steps.push(step);
    }
  };
  for (const rule of [...TOKEN_RULES, ...SERVICE_TOKEN_RULES, ...CLOUD_TOKEN_RULES]) {
    add((text, at) => matchToken(rule, text, at), ...rule.keywords);
  }
  add(findUrlPassword, "://");
  add(findAuthorization, "authorization");
  add(findRegistryAuth, '"auth"', ":_auth=");
  add(findScheme, "bearer ", "basic ");
  add(findUserOption, "-u ", "--user ", "--user=", "--proxy-user ");
  add(findCommandPassword, ...PASSWORD_COMMANDS);
  add(findPipedPassword, "chpasswd");
  add(findCallPassword, ...SIGN_IN_CALLS);
  add(findSingleArgument, ...PASSWORD_CALLS);
  add(findCookies, "cookie");
  add(findJarCookie, "\tTRUE\t", "\tFALSE\t");
  add(findSessionCookie, ...SESSION_COOKIES);
  add(findBareKey, ...KEY_OPENINGS);
  add(findPuttyKey, "Private-Lines: ");
  add(findManifestSecrets, "kind: Secret", 'kind": "Secret', 'kind":"Secret');
  add(findSensitiveOutput, '"sensitive"');
  add(findGenerated, '"random_password"');
  add(findPgpass, ":5432:", ":5433:", ":6432:");
  add(findOraclePassword, "oracle:thin:", "oracle:oci:", "sqlplus ", "sqlldr ", "expdp ", "impdp ");
  add(findAuthPair, "auth=(", "auth = (", 'auth": (', "auth=[", "auth: [", "auth':(", "auth': (");
  add(findIdentifiedBy, "identified");
  add(findGoDsn, "@tcp(", "@unix(");
  for (const [anchor, keyword] of ANCHOR_KEYWORDS.entries()) add({ anchor }, keyword);
  add("name", ...SECRET_NAMES);
  return { find: createKeywordFinder(keywords), steps };
}

/** Makes overlapping findings one. No character that any of them held is left outside. */
function settle(text: string, found: readonly Candidate[]): Finding[] {
  const inOrder = found.toSorted((a, b) => a.start - b.start || b.end - a.end || rankOf(a) - rankOf(b));
  const settled: Candidate[] = [];
  for (const candidate of inOrder) {
    const last = settled.at(-1);
    if (last === undefined || candidate.start >= last.end) settled.push(candidate);
    else settled[settled.length - 1] = join(text, last, candidate);
  }
  return settled.map(({ start, end, kind, rule, certain }) => ({
    start,
    end,
    kind,
    rule,
    confidence: certain ? "certain" : "likely",
  }));
}

/** `first` starts no later than `second`. */
function join(text: string, first: Candidate, second: Candidate): Candidate {
  const start = first.start;
  const end = Math.max(first.end, second.end);
  if (first.certain === second.certain) return { ...first, end };
  const [sure, guess] = first.certain ? [first, second] : [second, first];
  // `token: "Bearer ghp_…"`: the guess adds a word, not a secret. Then the value keeps the borders, and with them the
  // placeholder, that it has everywhere else.
  const rest = text.slice(guess.start, sure.start) + text.slice(sure.end, guess.end);
  if (rest.replace(/\\[nrt]|[^A-Za-z0-9]|bearer|basic|token/gi, "").length < REST_CHARS_MIN) return sure;
  return { ...sure, start, end };
}

const REST_CHARS_MIN = 4;

/** Of two findings in the same place the more specific gives the kind. */
function rankOf(candidate: Candidate): number {
  if (!candidate.certain) return 2;
  return candidate.kind === "url-password" ? 1 : 0;
}
