/** Path patterns: `**`, `*`, `?`, `[abc]`, `[!abc]`, `{a,b}` and `\` before a plain character. Names with a leading dot match too. */
import { boundBacktracking } from "./bounded-regexp.ts";

const ANY_CHARACTER = String.raw`(?:[\ud800-\udbff][\udc00-\udfff]|[^/])`;

/** Translates a pattern to an expression over a whole path with "/" separators. What is not closed is plain text. */
export function compileGlob(pattern: string): RegExp {
  // A .gitignore is a stranger's: stars and names can be chosen so that plain backtracking takes years. The flag u
  // and look-ahead would rule out the linear engine.
  boundBacktracking();
  return new RegExp(`^${translate(pattern)}$`);
}

/** The leading directories of a pattern that are plain names: `src/api/` of `src/api/**` + `/*.ts`. */
export function plainPrefix(pattern: string): string {
  const magic = pattern.search(/[*?[{\\]/);
  return magic < 0
    ? pattern.slice(0, pattern.lastIndexOf("/") + 1)
    : pattern.slice(0, pattern.lastIndexOf("/", magic) + 1);
}

function translate(pattern: string): string {
  let out = "";
  for (let at = 0; at < pattern.length;) {
    const [part, next] = translateAt(pattern, at);
    out += part;
    at = next;
  }
  return out;
}

/** The expression for what begins at `at`, and where the rest begins. */
function translateAt(pattern: string, at: number): readonly [string, number] {
  const rest = pattern.slice(at);
  const stars = /^\*+/.exec(rest)?.[0].length ?? 0;
  if (stars > 0) {
    const isWholeSegment = (at === 0 || "/{,".includes(pattern[at - 1] ?? "")) && stars === 2;
    if (isWholeSegment && rest[2] === "/") return ["(?:[^/]+/)*", at + 3];
    return [isWholeSegment && rest.length === 2 ? ".+" : "[^/]*", at + stars];
  }
  if (rest.startsWith("?")) return [ANY_CHARACTER, at + 1];
  if (rest.startsWith("\\") && rest.length > 1) return translatePlain(pattern, at + 1);
  if (rest.startsWith("[")) {
    const set = /^\[([!^]?)(\]?[^\]]*)\]/u.exec(rest);
    if (set?.[2] !== undefined && set[2] !== "") {
      return [`[${set[1] === "" ? "" : "^/"}${escapeSet(set[2])}]`, at + set[0].length];
    }
  }
  if (rest.startsWith("{")) {
    const choices = splitChoices(rest);
    if (choices !== undefined) return [`(?:${choices.parts.map(translate).join("|")})`, at + choices.length];
  }
  return translatePlain(pattern, at);
}

function translatePlain(pattern: string, at: number): readonly [string, number] {
  const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
  return [RegExp.escape(character), at + character.length];
}

function escapeSet(set: string): string {
  // A range whose ends stand the wrong way round would be a syntax error; it matches nothing else than its ends here.
  return set
    .replace(/[\\\]^[]/g, "\\$&")
    .replace(/(.)-(.)/gu, (range, from: string, to: string) => (from <= to ? range : `${from}\\-${to}`))
    .replace(/^-|-$/g, "\\-");
}

function splitChoices(
  text: string,
): { readonly parts: readonly string[]; readonly length: number } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = 1;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "{") depth++;
    else if (text[i] === "," && depth === 1) {
      parts.push(text.slice(from, i));
      from = i + 1;
    } else if (text[i] === "}" && --depth === 0) {
      parts.push(text.slice(from, i));
      return parts.length > 1 ? { parts, length: i + 1 } : undefined;
    }
  }
  return undefined;
}
