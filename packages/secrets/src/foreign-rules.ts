/** Rules in the form of gitleaks and betterleaks: a house brings those it has. */

import { isRecord } from "@cloister/base";
import type { Candidate } from "./finding.ts";
import { createKeywordFinder } from "./keywords.ts";
import { translateRe2 } from "./re2.ts";

export interface ForeignRules {
  readonly count: number;
  /** In no order; findings of several rules may overlap. */
  find(text: string): Candidate[];
}

export interface ImportedRules {
  readonly rules: ForeignRules;
  /** What was not understood, and what became of it. Nothing is left out in silence. */
  readonly problems: readonly string[];
}

export interface ImportOptions {
  /** A clock in milliseconds; with it, `find` gives up after `deadlineMs` and takes what it has not read for secret. */
  readonly nowMs?: () => number;
  readonly deadlineMs?: number;
}

const RULES_MAX = 5_000;
const WINDOW_BEFORE_CHARS = 256;
const WINDOW_AFTER_CHARS = 2048;
const MATCHES_PER_WINDOW_MAX = 1_000;
/** A rule without keywords reads everything, in pieces of this length. */
const PIECE_CHARS = 8192;
/** Characters given to expressions per call: many times what a text of ordinary code needs. */
const WORK_CHARS_MAX = 256 << 20;
const DEADLINE_MS = 2_000;

interface Rule {
  readonly id: string;
  readonly pattern: RegExp;
  readonly keywords: readonly string[];
  readonly group: number | undefined;
  readonly entropyMin: number;
  readonly allowlists: readonly Allowlist[];
}

interface Allowlist {
  readonly regexes: readonly RegExp[];
  readonly target: "secret" | "match" | "line";
  readonly stopwords: readonly string[];
  readonly isAll: boolean;
  readonly ruleIds: readonly string[];
}

interface Match {
  readonly secret: string;
  readonly match: string;
  readonly line: string;
}

/** `parsed` is what a TOML parser made of a rule file. */
export function importRules(parsed: unknown, options: ImportOptions = {}): ImportedRules {
  const problems: string[] = [];
  const file = isRecord(parsed) ? parsed : {};
  if (!Array.isArray(file["rules"])) problems.push("the file has no [[rules]]");
  if (file["extend"] !== undefined) problems.push("[extend] is not followed: give the other file as well");
  const shared = allowlistsOf(file, "the file", problems);
  const rules = listOf(file["rules"])
    .slice(0, RULES_MAX)
    .flatMap((rule) => toRule(rule, shared, problems));
  if (listOf(file["rules"]).length > RULES_MAX) problems.push(`only the first ${RULES_MAX} rules are used`);
  return { rules: createForeignRules(rules, options), problems };
}

const UNDERSTOOD = new Set(
  "id description regex keywords entropy secretGroup allowlist allowlists tags skipReport title".split(" "),
);

function toRule(rule: unknown, shared: readonly Allowlist[], problems: string[]): Rule[] {
  const fields = isRecord(rule) ? rule : {};
  const id = typeof fields["id"] === "string" ? fields["id"] : "without-id";
  const { regex, entropy, secretGroup } = fields;
  if (typeof regex !== "string") {
    problems.push(`rule ${id}: left out, since it has no regex`);
    return [];
  }
  for (const name of Object.keys(fields)) {
    if (!UNDERSTOOD.has(name)) {
      problems.push(`rule ${id}: "${name}" is not understood; the rule is used without it`);
    }
  }
  const translated = translateRe2(regex);
  if (translated.kind === "unsupported") {
    problems.push(`rule ${id}: left out, since its regex has ${translated.what}`);
    return [];
  }
  const own = allowlistsOf(fields, `rule ${id}`, problems);
  return [
    {
      id,
      pattern: new RegExp(translated.pattern, "dg"),
      keywords: stringsOf(fields["keywords"]).filter((keyword) => keyword !== ""),
      group: typeof secretGroup === "number" && secretGroup > 0 ? secretGroup : undefined,
      entropyMin: typeof entropy === "number" ? entropy : 0,
      allowlists: [...own, ...shared.filter(({ ruleIds }) => ruleIds.length === 0 || ruleIds.includes(id))],
    },
  ];
}

function allowlistsOf(fields: Record<string, unknown>, owner: string, problems: string[]): Allowlist[] {
  return [
    ...listOf(fields["allowlists"]),
    ...(isRecord(fields["allowlist"]) ? [fields["allowlist"]] : []),
  ].flatMap((list): Allowlist[] => {
    if (!isRecord(list)) return [];
    for (const name of ["paths", "commits", "expression", "filter"]) {
      if (list[name] !== undefined) {
        problems.push(`${owner}: an allowlist of ${name} is not understood; it allows nothing`);
      }
    }
    const regexes = stringsOf(list["regexes"]).flatMap((source): RegExp[] => {
      const translated = translateRe2(source);
      if (translated.kind === "ok") return [new RegExp(translated.pattern)];
      problems.push(`${owner}: an allowlist's regex has ${translated.what}; it allows nothing`);
      return [];
    });
    const target =
      list["regexTarget"] === "match" || list["regexTarget"] === "line" ? list["regexTarget"] : "secret";
    const stopwords = stringsOf(list["stopwords"]).map((word) => word.toLowerCase());
    // Together with a condition that is not understood, the others would allow more than was meant.
    const isAll = list["condition"] === "AND";
    const isPartial = isAll && (list["paths"] !== undefined || list["commits"] !== undefined);
    if (isPartial || (regexes.length === 0 && stopwords.length === 0)) return [];
    return [{ regexes, target, stopwords, isAll, ruleIds: stringsOf(list["targetRules"]) }];
  });
}

function createForeignRules(
  rules: readonly Rule[],
  { nowMs, deadlineMs = DEADLINE_MS }: ImportOptions,
): ForeignRules {
  const keywords: string[] = [];
  const owners: number[] = [];
  for (const [index, rule] of rules.entries()) {
    for (const keyword of rule.keywords) {
      keywords.push(keyword);
      owners.push(index);
    }
  }
  const findKeywords = createKeywordFinder(keywords);

  return {
    count: rules.length,
    find(text) {
      const windows = rules.map((rule) => (rule.keywords.length === 0 ? piecesOf(text) : []));
      findKeywords(text, (keyword, at) => addWindow(windows[owners[keyword] ?? 0] ?? [], text, at));
      const startedMs = nowMs?.() ?? 0;
      let work = 0;
      return rules.flatMap((rule, index) =>
        (windows[index] ?? []).flatMap((window): Candidate[] => {
          work += window.end - window.start;
          if (work > WORK_CHARS_MAX || (nowMs !== undefined && nowMs() - startedMs > deadlineMs)) {
            return [{ ...window, kind: "unread-text", rule: rule.id, certain: false }];
          }
          return matchesIn(rule, text, window);
        }),
      );
    },
  };
}

interface Window {
  start: number;
  end: number;
}

/** Windows of one rule that touch become one, unless that would make it long. */
function addWindow(windows: Window[], text: string, at: number): void {
  const start = Math.max(0, at - WINDOW_BEFORE_CHARS);
  const end = Math.min(text.length, at + WINDOW_AFTER_CHARS);
  const last = windows.at(-1);
  if (last === undefined || start > last.end) windows.push({ start, end });
  else if (at + WINDOW_BEFORE_CHARS > last.end) {
    // The new one begins where a match that began before could not reach it any more.
    if (end - last.start <= PIECE_CHARS) last.end = end;
    else windows.push({ start, end });
  }
}

function piecesOf(text: string): Window[] {
  const pieces: Window[] = [];
  for (let start = 0; start < text.length; start += PIECE_CHARS - WINDOW_AFTER_CHARS) {
    pieces.push({ start, end: Math.min(text.length, start + PIECE_CHARS) });
  }
  return pieces;
}

function matchesIn(rule: Rule, text: string, window: Window): Candidate[] {
  const found: Candidate[] = [];
  const part = text.slice(window.start, window.end);
  rule.pattern.lastIndex = 0;
  for (let count = 0; ; count++) {
    const match = rule.pattern.exec(part);
    if (match === null) return found;
    if (count === MATCHES_PER_WINDOW_MAX) {
      const start = window.start + match.index;
      return [...found, { start, end: window.end, kind: "unread-text", rule: rule.id, certain: false }];
    }
    if (match[0] === "") rule.pattern.lastIndex += 1;
    // Without a named group the first that took part is the secret, as gitleaks has it.
    const group =
      rule.group ??
      Math.max(
        0,
        match.findIndex((value, index) => index > 0 && value !== undefined && value !== ""),
      );
    const [from, to] = match.indices?.[group] ?? [match.index, match.index + match[0].length];
    if (to <= from) continue;
    const secret = part.slice(from, to);
    if (rule.entropyMin > 0 && entropyOf(secret) <= rule.entropyMin) continue;
    const facts = { secret, match: match[0], line: lineAt(part, match.index) };
    if (rule.allowlists.some((list) => allows(list, facts))) continue;
    found.push({
      start: window.start + from,
      end: window.start + to,
      kind: "custom-rule",
      rule: rule.id,
      certain: false,
    });
  }
}

function allows({ regexes, target, stopwords, isAll }: Allowlist, match: Match): boolean {
  const byRegex = regexes.some((regex) => regex.test(match[target]));
  const lower = match.secret.toLowerCase();
  const byWord = stopwords.some((word) => lower.includes(word));
  if (!isAll) return byRegex || byWord;
  return (byRegex || regexes.length === 0) && (byWord || stopwords.length === 0);
}

function lineAt(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at) + 1;
  const end = text.indexOf("\n", at);
  return text.slice(start, end < 0 ? text.length : end);
}

/** Shannon's, in bits per character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function stringsOf(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === "string");
}
