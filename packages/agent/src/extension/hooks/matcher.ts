/** Which tools (sources, reasons, …) a hook is about: a list of names, or an expression. */
import { compileBounded } from "../../tools/bounded-regexp.ts";

export type Matcher =
  | { readonly kind: "all" }
  | { readonly kind: "names"; readonly written: string; readonly names: readonly string[] }
  | { readonly kind: "expression"; readonly written: string; readonly value: RegExp }
  | { readonly kind: "bad"; readonly written: string; readonly why: string };

const MATCHER_CHARS_MAX = 1000;

/** Empty or `*`: all. Letters, digits, `_`, `-`, blanks, commas and bars only: exact names. Anything else: an unanchored expression. */
export function parseMatcher(written: string): Matcher {
  const text = written.trim();
  if (text === "" || text === "*") return { kind: "all" };
  if (text.length > MATCHER_CHARS_MAX) return { kind: "bad", written, why: "it is too long" };
  if (/^[\w\- ,|]+$/u.test(text)) {
    const names = text.split(/[|,]/u).map((name) => sameName(name.trim()));
    return { kind: "names", written, names: names.filter((name) => name !== "") };
  }
  const compiled = compileBounded(text, { spansLines: false });
  if (compiled.kind === "refused") return { kind: "bad", written, why: compiled.why };
  return { kind: "expression", written, value: compiled.value };
}

export function isMatch(matcher: Matcher, subject: string): boolean {
  switch (matcher.kind) {
    case "all":
      return true;
    case "names":
      return matcher.names.includes(sameName(subject));
    case "expression":
      // `search` has no memory of earlier matches, as `test` has with the flag g.
      return namesOf(subject).some((name) => name.search(matcher.value) >= 0);
    case "bad":
      return false;
  }
}

/** The tool Task has had two names. */
function sameName(name: string): string {
  return name === "Agent" ? "Task" : name;
}

function namesOf(subject: string): readonly string[] {
  return subject === "Task" || subject === "Agent" ? ["Task", "Agent"] : [subject];
}
