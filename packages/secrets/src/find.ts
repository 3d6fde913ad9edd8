import { createAssignmentScanner } from "./assignments.ts";
import { findAuthorization, findRegistryAuth, findScheme, findUrlPassword } from "./credentials.ts";
import type { Candidate, Finding } from "./finding.ts";
import { createKeywordFinder } from "./keywords.ts";
import type { KeywordFinder } from "./keywords.ts";
import { SECRET_NAMES } from "./names.ts";
import { findPairs } from "./pairs.ts";
import { findPrivateKeys } from "./pem.ts";
import { clearOfPlaceholders } from "./placeholder.ts";
import { matchToken, TOKEN_RULES } from "./tokens.ts";

type Scan = (text: string, at: number) => Candidate | undefined;
type NameScan = ReturnType<typeof createAssignmentScanner>;

/** What to look at where a keyword stands: a fixed scan, or `name` for the scanner of assignments. */
interface Engine {
  readonly find: KeywordFinder;
  readonly scans: readonly (Scan | "name")[];
}

let engine: Engine | undefined;

/**
 * Finds secrets: by the vendors' own formats, by the place they stand in (URL, header), and by the name they are
 * given to. In order, never overlapping. Time is linear in the text: one pass finds keywords, and beyond that only
 * bounded windows around them are read. Placeholders are never found.
 */
export function findSecrets(text: string): Finding[] {
  engine ??= createEngine();
  const { find, scans } = engine;
  const keys = findPrivateKeys(text);
  const found: Candidate[] = [];
  const scanName: NameScan = createAssignmentScanner(text);
  find(text, (keyword, at) => {
    const scan = scans[keyword];
    const candidate = scan === "name" ? scanName(at) : scan?.(text, at);
    if (candidate !== undefined) found.push(candidate);
  });
  found.sort((a, b) => a.start - b.start);
  const all = found.concat(findPairs(text, found)).sort((a, b) => a.start - b.start);
  // Sealed text is scanned again on every later turn: what touches a placeholder has been dealt with.
  return settle(text, keys.concat(clearOfPlaceholders(text, all)));
}

function createEngine(): Engine {
  const keywords: string[] = [];
  const scans: (Scan | "name")[] = [];
  const add = (keyword: string, scan: Scan | "name"): void => {
    keywords.push(keyword);
    scans.push(scan);
  };
  for (const rule of TOKEN_RULES) {
    for (const keyword of rule.keywords) add(keyword, (text, at) => matchToken(rule, text, at));
  }
  add("://", findUrlPassword);
  add("authorization", findAuthorization);
  add('"auth"', findRegistryAuth);
  add(":_auth=", findRegistryAuth);
  add("bearer ", findScheme);
  add("basic ", findScheme);
  for (const name of SECRET_NAMES) add(name, "name");
  return { find: createKeywordFinder(keywords), scans };
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
  return settled.map(({ start, end, kind, rule }) => ({ start, end, kind, rule }));
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
