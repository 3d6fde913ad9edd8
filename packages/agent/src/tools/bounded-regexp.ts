/** Regular expressions written by a model or a repository, which must not be able to stop the process. */
import { setFlagsFromString } from "node:v8";

export type BoundedRegExp =
  | { readonly kind: "expression"; readonly value: RegExp }
  | { readonly kind: "refused"; readonly why: string };

/** After 50,000 steps back V8 goes over to its breadth-first engine, whose time is linear in the text. */
const LINEAR_FALLBACK = "--enable-experimental-regexp-engine-on-excessive-backtracks";
/** What that engine cannot do: look-around, back references, modifiers, Unicode properties, repeats of over 99. */
const BACKTRACKS_ONLY = /\(\?(?:<?[=!]|[a-z-]+:)|\\[1-9k]|\\[pPu]\{|\{\d*,?\d{3,}/;
/** Without that fallback: no repeated group, and few open repeats, as each one multiplies the time by the text. */
const REPEATED_GROUP = /\)(?:[*+]|\{\d)/;
const OPEN_REPEATS_MAX = 3;

/**
 * Compiles for whole texts ("s": `.` and anchors as with the flags m and s) or single lines. Letters are compared in
 * the case given: to ignore case, lower both sides with `lowerPattern`, since the flag i has no linear engine.
 */
export function compileBounded(source: string, options: { readonly spansLines: boolean }): BoundedRegExp {
  const flags = options.spansLines ? "gms" : "g";
  const backtracks = BACKTRACKS_ONLY.test(source);
  const openRepeats = source.match(/[*+]|\{\d+,\}/g) ?? [];
  if (backtracks && (REPEATED_GROUP.test(source) || openRepeats.length > OPEN_REPEATS_MAX)) {
    return {
      kind: "refused",
      why: "look-around, back references and \\p may not stand with repeated groups or many repeats; write a simpler pattern",
    };
  }
  boundBacktracking();
  try {
    return { kind: "expression", value: new RegExp(source, /\\[pPu]\{/.test(source) ? `${flags}u` : flags) };
  } catch (error) {
    return { kind: "refused", why: error instanceof Error ? error.message : "not a regular expression" };
  }
}

/** For expressions compiled from now on that use nothing but what the linear engine can do. */
export function boundBacktracking(): void {
  setFlagsFromString(LINEAR_FALLBACK);
}

/** Lower case but for what follows a backslash: `\S` is not `\s`. */
export function lowerPattern(source: string): string {
  return source.replace(/\\[^]|[^\\]+/g, (part) => (part.startsWith("\\") ? part : part.toLowerCase()));
}
