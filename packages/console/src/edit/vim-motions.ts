/** Where vi's motions lead, in UTF-16 units, within a text of a few lines. */
import { graphemes } from "../text/width.ts";

export interface Motion {
  readonly to: number;
  /** An operator takes the character at the end too. */
  readonly isInclusive?: boolean;
  /** An operator takes whole lines. */
  readonly isByLines?: boolean;
}

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

export function nextCharacter(text: string, at: number): number {
  return at + (graphemes(text.slice(at, at + CLUSTER_UNITS_MAX))[0] ?? "").length;
}

export function previousCharacter(text: string, at: number): number {
  const start = lineStart(text, at);
  if (at === start) return Math.max(0, at - 1);
  return at - (graphemes(text.slice(start, at)).at(-1) ?? "").length;
}

const CLUSTER_UNITS_MAX = 128;

type Class = "space" | "word" | "sign";

function classAt(text: string, at: number): Class {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0x20);
  if (/\s/u.test(character)) return "space";
  return /[\p{L}\p{M}\p{N}_]/u.test(character) ? "word" : "sign";
}

function nextWord(text: string, from: number): number {
  let at = from;
  const first = classAt(text, at);
  if (first !== "space") while (at < text.length && classAt(text, at) === first) at = nextCharacter(text, at);
  while (at < text.length && classAt(text, at) === "space") at += 1;
  return at;
}

function previousWord(text: string, from: number): number {
  let at = previousCharacter(text, from);
  while (at > 0 && classAt(text, at) === "space") at -= 1;
  const kind = classAt(text, at);
  while (at > 0 && classAt(text, previousCharacter(text, at)) === kind) at = previousCharacter(text, at);
  return at;
}

function endOfWord(text: string, from: number): number {
  let at = nextCharacter(text, from);
  while (at < text.length && classAt(text, at) === "space") at += 1;
  const kind = classAt(text, at);
  for (;;) {
    const next = nextCharacter(text, at);
    if (next >= text.length || next === at || classAt(text, next) !== kind) return Math.min(at, text.length);
    at = next;
  }
}

function find(text: string, from: number, wanted: string): number | undefined {
  const found = text.indexOf(wanted, nextCharacter(text, from));
  return found >= 0 && found < lineEnd(text, from) ? found : undefined;
}

function toLine(text: string, from: number, step: 1 | -1): number {
  const start = lineStart(text, from);
  const column = from - start;
  const begins = step === 1 ? lineEnd(text, from) + 1 : lineStart(text, Math.max(0, start - 1));
  if ((step === 1 && begins > text.length) || (step === -1 && start === 0)) return from;
  return Math.min(begins + column, lineEnd(text, begins));
}

/** `f` and `t` come with the character they look for. Undefined: the key is no motion, or leads nowhere. */
export function motionOf(key: string, text: string, from: number, count: number): Motion | undefined {
  const repeat = (step: (at: number) => number): number => {
    let at = from;
    for (let times = 0; times < count; times++) at = step(at);
    return at;
  };
  switch (key.charAt(0)) {
    case "h":
      return {
        to: Math.max(
          lineStart(text, from),
          repeat((at) => previousCharacter(text, at)),
        ),
      };
    case "l":
      return {
        to: Math.min(
          lineEnd(text, from),
          repeat((at) => nextCharacter(text, at)),
        ),
      };
    case "j":
      return { to: repeat((at) => toLine(text, at, 1)), isByLines: true };
    case "k":
      return { to: repeat((at) => toLine(text, at, -1)), isByLines: true };
    case "w":
      return { to: repeat((at) => nextWord(text, at)) };
    case "b":
      return { to: repeat((at) => previousWord(text, at)) };
    case "e":
      return { to: repeat((at) => endOfWord(text, at)), isInclusive: true };
    case "0":
      return { to: lineStart(text, from) };
    case "^":
      return {
        to: lineStart(text, from) + (/^[ \t]*/u.exec(text.slice(lineStart(text, from)))?.[0].length ?? 0),
      };
    case "$":
      return { to: lineEnd(text, from) };
    case "G":
      return { to: text.length, isByLines: true };
    case "g":
      return { to: 0, isByLines: true };
    case "f":
    case "t": {
      let at: number | undefined = from;
      for (let times = 0; times < count && at !== undefined; times++) at = find(text, at, key.slice(1));
      if (at === undefined) return undefined;
      return { to: key.startsWith("t") ? previousCharacter(text, at) : at, isInclusive: true };
    }
    default:
      return undefined;
  }
}
