/**
 * Control strings in text nobody vouches for. Engines turn the ten characters of `<|im_end|>` in a file into the one
 * token that ends a turn (measured on llama-server), so a file could close its message and speak as the system.
 * A word joiner (U+2060) after the first character breaks the string for the tokeniser and hardly for a reader.
 */
import { families } from "./families.ts";
import type { Family } from "./family.ts";

const JOINER = "\u2060";

/** Taken for every family: fine-tunes swap templates, reserve numbered tokens, and their names do not say so. */
const SHAPES = ["<\\|[A-Za-z0-9_:./-]{1,64}\\|>", "</?\uff5c"];

/** By family name; its patterns are made once, when first asked for. */
const patterns = new Map<string, RegExp>();
let restoring: RegExp | undefined;

/**
 * The text with the family's control strings broken; the same string when there are none. For an unknown family,
 * those of all. One joiner is added also where a control string was broken before, so that nothing is lost:
 * `restoreNeutral(neutralise(text, family)) === text`. It is an escaping, and like any other not idempotent:
 * to be applied once, to the text as its author wrote it.
 */
export function neutralise(text: string, family: Family): string {
  return text.replace(patternOf(family), `$&${JOINER}`);
}

/** For what a model copied: arguments of edits, mostly. Takes one joiner away wherever `neutralise` adds one. */
export function restoreNeutral(text: string): string {
  if (!text.includes(JOINER)) return text;
  restoring ??= toPattern(allTokens(), (rest) => `${JOINER}(?=${JOINER}*${rest})`);
  return text.replace(restoring, (found) => found.slice(0, 1));
}

function patternOf(family: Family): RegExp {
  let pattern = patterns.get(family.name);
  if (pattern === undefined) {
    const own = family.name === "unknown" ? allTokens() : [...SHAPES, ...family.specialTokens.map(escaped)];
    const broken = (rest: string): string => `(?=${JOINER}+${rest})`;
    pattern = new RegExp(
      `${toPattern(own, (rest) => `(?=${rest})`).source}|${toPattern(allTokens(), broken).source}`,
      "g",
    );
    patterns.set(family.name, pattern);
  }
  return pattern;
}

function allTokens(): string[] {
  return [...SHAPES, ...families.flatMap(({ specialTokens }) => specialTokens.map(escaped))];
}

/**
 * First characters, each with what must follow for it to begin a control string. What follows is only looked at, so
 * that a string which begins with the last character of another is found as well.
 */
function toPattern(tokens: readonly string[], followedBy: (rest: string) => string): RegExp {
  const rests = new Map<string, Set<string>>();
  for (const token of tokens) {
    const first = token.startsWith("\\") ? token.slice(0, 2) : token.slice(0, 1);
    rests.set(first, (rests.get(first) ?? new Set()).add(token.slice(first.length)));
  }
  const branches = [...rests].map(([first, found]) => `${first}${followedBy(`(?:${[...found].join("|")})`)}`);
  return new RegExp(branches.join("|"), "g");
}

function escaped(token: string): string {
  return token.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
