/**
 * RE2's syntax (https://github.com/google/re2/wiki/Syntax) as that of V8. Case is folded into the expression itself: V8
 * has inline flags too, but `/(?i:xx|[a-z])/.exec('E')` is null there, in all versions so far.
 */

export type Translation =
  | { readonly kind: "ok"; readonly pattern: string }
  | { readonly kind: "unsupported"; readonly what: string };

interface Flags {
  readonly fold: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

const PATTERN_CHARS_MAX = 20_000;
const SPACE = "\\t\\n\\f\\r ";
const NOT_SPACE = "\\0-\\x08\\x0b\\x0e-\\x1f!-\\uffff";
const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

class Unsupported extends Error {}

/** What RE2 does not know either, look-around and back references, is unsupported as well. */
export function translateRe2(source: string): Translation {
  if (source.length > PATTERN_CHARS_MAX) return { kind: "unsupported", what: "an expression of that length" };
  try {
    const pattern = translate(source);
    // Compiled once here, so that what V8 refuses is known when rules are read and not when text is.
    RegExp(pattern, "d");
    return { kind: "ok", pattern };
  } catch (error) {
    const what = error instanceof Unsupported ? error.message : "an expression that V8 cannot compile";
    return { kind: "unsupported", what };
  }
}

function translate(source: string): string {
  let out = "";
  let flags: Flags = { fold: false, dotAll: false, multiline: false };
  const outer: Flags[] = [];
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at, at + 64);
    const char = source.charAt(at);
    if (char === "\\") {
      const { pattern, chars } = escapeOutside(source, at, flags);
      out += pattern;
      at += chars;
    } else if (char === "[") {
      const end = classEnd(source, at);
      out += translateClass(source.slice(at + 1, end), flags);
      at = end + 1;
    } else if (char === "(") {
      const group = /^\((?:\?(?:P?<(\w+)>|([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])))?/.exec(rest);
      if (group === null || /^\((?:\?(?:[=!]|<[=!]))/.test(rest)) {
        throw new Unsupported(`"${rest.slice(0, 4)}"`);
      }
      const [all, name, on, off, close] = group;
      const isBare = all === "(" && rest.charAt(1) === "?";
      if (isBare) throw new Unsupported(`"${rest.slice(0, 4)}"`);
      const inner = withFlags(flags, on ?? "", off ?? "");
      if (close === ")") flags = inner;
      else {
        outer.push(flags);
        flags = inner;
        out += name !== undefined ? `(?<${name}>` : close === ":" ? "(?:" : "(";
      }
      at += all.length;
    } else {
      if (char === ")") flags = outer.pop() ?? flags;
      out += plain(char, flags, rest);
      at += 1;
    }
  }
  return out;
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const unknown = /[^ims]/.exec(on + off)?.[0];
  if (unknown !== undefined) throw new Unsupported(`the flag "${unknown}"`);
  const value = (letter: string, now: boolean): boolean =>
    (on.includes(letter) || now) && !off.includes(letter);
  return {
    fold: value("i", flags.fold),
    dotAll: value("s", flags.dotAll),
    multiline: value("m", flags.multiline),
  };
}

function plain(char: string, { fold, dotAll, multiline }: Flags, rest: string): string {
  if (char === ".") return dotAll ? "[^]" : "[^\\n]";
  if (char === "^" && multiline) return "(?<![^\\n])";
  if (char === "$" && multiline) return "(?![^\\n])";
  // A brace that begins no repetition is itself.
  if (char === "{") return /^\{\d+(?:,\d*)?\}/.test(rest) ? char : "\\{";
  if (char === "}" || char === "]") return char === "}" ? char : "\\]";
  return fold && /[A-Za-z]/.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : char;
}

function escapeOutside(source: string, at: number, flags: Flags): { pattern: string; chars: number } {
  const next = source.charAt(at + 1);
  switch (next) {
    case "A":
      return { pattern: "(?<![^])", chars: 2 };
    case "z":
      return { pattern: "(?![^])", chars: 2 };
    case "s":
      return { pattern: `[${SPACE}]`, chars: 2 };
    case "S":
      return { pattern: `[^${SPACE}]`, chars: 2 };
    case "Q": {
      const close = source.indexOf("\\E", at);
      const end = close < 0 ? source.length : close;
      const literal = source
        .slice(at + 2, end)
        .split("")
        .map((char) => literalOf(char.charCodeAt(0), flags.fold))
        .join("");
      return { pattern: literal, chars: end + (close < 0 ? 0 : 2) - at };
    }
    default: {
      if (/[dDwWbB]/.test(next)) return { pattern: `\\${next}`, chars: 2 };
      const { code, chars } = escapedCode(source, at);
      return { pattern: literalOf(code, flags.fold), chars };
    }
  }
}

/** The character that a backslash and what follows stand for, in a class or outside. */
function escapedCode(source: string, at: number): { code: number; chars: number } {
  const rest = source.slice(at, at + 12);
  const hex = /^\\x(?:\{([0-9A-Fa-f]{1,4})\}|([0-9A-Fa-f]{2}))/.exec(rest);
  if (hex !== null) return { code: Number.parseInt(hex[1] ?? hex[2] ?? "", 16), chars: hex[0].length };
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{2})/.exec(rest);
  if (octal !== null) return { code: Number.parseInt(octal[1] ?? "", 8), chars: octal[0].length };
  const next = source.charAt(at + 1);
  const control = "a\x07f\fn\nr\rt\tv\v".indexOf(next);
  if (next !== "" && control >= 0 && control % 2 === 0) {
    return { code: "a\x07f\fn\nr\rt\tv\v".charCodeAt(control + 1), chars: 2 };
  }
  if (next === "" || /[A-Za-z0-9]/.test(next)) throw new Unsupported(`"\\${next}"`);
  return { code: next.charCodeAt(0), chars: 2 };
}

function literalOf(code: number, fold: boolean): string {
  const char = String.fromCharCode(code);
  if (/[A-Za-z]/.test(char)) return fold ? `[${char.toLowerCase()}${char.toUpperCase()}]` : char;
  return inClass(code);
}

/** A character as it may stand in a class and outside. */
function inClass(code: number): string {
  const char = String.fromCharCode(code);
  return /[A-Za-z0-9_ ]/.test(char) ? char : `\\u${code.toString(16).padStart(4, "0")}`;
}

function classEnd(source: string, at: number): number {
  let end = at + 1;
  if (source.charAt(end) === "^") end += 1;
  // A bracket in the first place is itself.
  if (source.charAt(end) === "]") end += 1;
  for (; end < source.length; end++) {
    const char = source.charAt(end);
    if (char === "]") return end;
    if (char === "\\") end += 1;
    else if (source.startsWith("[:", end)) {
      const close = source.indexOf(":]", end);
      if (close > 0) end = close + 1;
    }
  }
  throw new Unsupported("a class without an end");
}

function translateClass(body: string, { fold }: Flags): string {
  const isNot = body.startsWith("^");
  let out = "";
  for (let at = isNot ? 1 : 0; at < body.length;) {
    const posix = /^\[:(\^?)(\w+):\]/.exec(body.slice(at, at + 16));
    if (posix !== null) {
      const named = POSIX[posix[2] ?? ""];
      if (named === undefined || posix[1] !== "") throw new Unsupported(`the class "${posix[0]}"`);
      out += fold && /lower|upper/.test(posix[2] ?? "") ? "A-Za-z" : named;
      at += posix[0].length;
      continue;
    }
    const set = /^\\([dDwWsS])/.exec(body.slice(at, at + 2))?.[1];
    if (set !== undefined) {
      out += set === "s" ? SPACE : set === "S" ? NOT_SPACE : `\\${set}`;
      at += 2;
      continue;
    }
    const first = classCode(body, at);
    at += first.chars;
    let last = first.code;
    if (body.charAt(at) === "-" && at + 1 < body.length && !/^-\\[dDwWsS]/.test(body.slice(at, at + 3))) {
      const end = classCode(body, at + 1);
      last = end.code;
      at += 1 + end.chars;
    }
    if (last < first.code) throw new Unsupported("a range that runs backwards");
    out += rangeOf(first.code, last, fold);
  }
  return `[${isNot ? "^" : ""}${out}]`;
}

function classCode(body: string, at: number): { code: number; chars: number } {
  return body.charAt(at) === "\\" ? escapedCode(body, at) : { code: body.charCodeAt(at), chars: 1 };
}

function rangeOf(first: number, last: number, fold: boolean): string {
  const range = (from: number, to: number): string =>
    from === to ? inClass(from) : `${inClass(from)}-${inClass(to)}`;
  let out = range(first, last);
  if (!fold) return out;
  for (const [low, high, shift] of [
    [65, 90, 32],
    [97, 122, -32],
  ] as const) {
    const from = Math.max(first, low);
    const to = Math.min(last, high);
    if (from <= to) out += range(from + shift, to + shift);
  }
  return out;
}
