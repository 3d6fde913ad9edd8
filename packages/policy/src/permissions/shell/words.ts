/** The words of a command line: quotes, expansions, substitutions, patterns, braces. After POSIX.1-2024 XCU 2.2-2.6 and Bash 5.2. */
import { descend, inside, nested, peek, startsWith, take, type Reading } from "./reading.ts";
import { Unreadable, type Word } from "./script.ts";
import { readAnsiQuote } from "./ansi-quote.ts";

interface Draft {
  literal: string;
  isQuoted: boolean;
  /** What stood before the first thing that is not known; undefined while all is. */
  start: string | undefined;
  splits: boolean;
  /** The characters in no quotes that could make braces or a bracket expression of it. */
  marks: string;
}

/** @returns undefined where no word begins */
export function readWord(reading: Reading): Word | undefined {
  const from = reading.at;
  const draft: Draft = { literal: "", isQuoted: false, start: undefined, splits: false, marks: "" };
  while (reading.at < reading.text.length && readPiece(reading, draft, from)) {
    // Each piece steps forward.
  }
  if (reading.at === from) return undefined;
  const text = reading.text.slice(from, reading.at);
  if (/\{.*(?:,|\.\.).*\}|\[.*\]/su.test(draft.marks)) unknown(draft, "", false);
  const tilde = /^~[^/]*/u.exec(text)?.[0];
  // `~name` is another person's home, `~+` the folder one is in.
  if (tilde !== undefined && tilde !== "~") unknown(draft, "", false);
  return {
    text,
    literal: draft.start === undefined ? draft.literal : undefined,
    // Braces and brackets may stand for anything, also where a quote makes them plain.
    start: (draft.start ?? draft.literal).replace(draft.start === undefined ? /(?!)/u : /[{[].*$/su, ""),
    splits: draft.splits,
    isQuoted: draft.isQuoted,
    isHome: tilde === "~",
  };
}

function readPiece(reading: Reading, draft: Draft, from: number): boolean {
  const char = peek(reading);
  switch (char) {
    case "'":
    case '"':
      draft.isQuoted = true;
      reading.at += 1;
      if (char === "'") draft.literal += readSingle(reading);
      else readDouble(reading, draft);
      return true;
    case "\\":
      readEscape(reading, draft);
      return true;
    case "$":
      readDollar(reading, draft, false);
      return true;
    case "`":
      readBackquotes(reading, false);
      unknown(draft, "", true);
      return true;
    case "<":
    case ">":
      if (reading.at !== from || reading.text[reading.at + 1] !== "(") return false;
      readSubstitution(reading, 2);
      unknown(draft, "/dev/fd/", false);
      return true;
    case "(":
      if (!/^[A-Za-z_]\w*\+?=$/u.test(reading.text.slice(from, reading.at))) return false;
      readArray(reading);
      unknown(draft, "", false);
      return true;
    case "*":
    case "?":
      unknown(draft, "", false);
      draft.literal += char;
      reading.at += 1;
      return true;
    default: {
      const plain = take(reading, /[^\s;&|()<>'"\\$`*?]+/uy);
      if (plain === undefined) return false;
      draft.literal += plain;
      draft.marks += plain.replaceAll(/[^{},.[\]]/gu, "");
      return true;
    }
  }
}

function unknown(draft: Draft, start: string, splits: boolean): void {
  draft.start ??= draft.literal + start;
  draft.splits ||= splits;
}

function readSingle(reading: Reading): string {
  const end = reading.text.indexOf("'", reading.at);
  if (end < 0) throw new Unreadable("a ' is not closed");
  const content = reading.text.slice(reading.at, end);
  reading.at = end + 1;
  refuseLineEnds(reading, content);
  return content;
}

function refuseLineEnds(reading: Reading, content: string): void {
  if (reading.bodies.length > 0 && content.includes("\n")) {
    throw new Unreadable("a quoted line end stands between a here-document and its text");
  }
}

function readEscape(reading: Reading, draft: Draft): void {
  const next = reading.text[reading.at + 1];
  if (next === undefined) throw new Unreadable("it ends with a backslash");
  if (next === "\n") {
    // The shell joins lines before it looks for operators, so `$\` and `(` on two lines are a substitution.
    if (/[$<>&|;(){}!`\\]/u.test(reading.text[reading.at - 1] ?? "")) {
      throw new Unreadable("a line is continued within an operator");
    }
  } else {
    draft.literal += next;
    draft.isQuoted = true;
  }
  reading.at += 2;
}

function readDouble(reading: Reading, draft: Draft): void {
  for (;;) {
    const plain = take(reading, /[^"\\$`]+/uy);
    if (plain !== undefined) {
      refuseLineEnds(reading, plain);
      draft.literal += plain;
    }
    switch (peek(reading)) {
      case '"':
        reading.at += 1;
        return;
      case "$":
        readDollar(reading, draft, true);
        break;
      case "`":
        readBackquotes(reading, true);
        unknown(draft, "", false);
        break;
      case "\\": {
        const next = reading.text[reading.at + 1] ?? "";
        if (next === "\n" && reading.text[reading.at - 1] === "$") {
          throw new Unreadable("a line is continued within an expansion");
        }
        if (next !== "\n") draft.literal += /["$`\\]/u.test(next) ? next : `\\${next}`;
        reading.at += 2;
        break;
      }
      default:
        throw new Unreadable('a " is not closed');
    }
  }
}

/** What a here-document without quotes, or double quotes without their end, expand. */
export function readExpansions(reading: Reading): void {
  const draft: Draft = { literal: "", isQuoted: true, start: undefined, splits: false, marks: "" };
  while (reading.at < reading.text.length) {
    const char = peek(reading);
    if (char === "$") readDollar(reading, draft, true);
    else if (char === "`") readBackquotes(reading, false);
    else reading.at += char === "\\" ? 2 : 1;
  }
}

function readDollar(reading: Reading, draft: Draft, inQuotes: boolean): void {
  const next = reading.text[reading.at + 1] ?? "";
  if (next === "'" && !inQuotes) {
    draft.literal += readAnsiQuote(reading);
    draft.isQuoted = true;
    return;
  }
  if (next === '"' && !inQuotes) {
    // Translated by a catalogue that stands somewhere else.
    reading.at += 1;
    unknown(draft, "", false);
    return;
  }
  if (next === "[") throw new Unreadable("the old arithmetic $[ ] is not read");
  if (startsWith(reading, "$((")) {
    reading.at += 3;
    readArithmetic(reading);
    unknown(draft, "", false);
  } else if (next === "(") {
    readSubstitution(reading, 2);
    unknown(draft, "", !inQuotes);
  } else if (next === "{") {
    descend(reading, (inner) => readParameter(inner, inQuotes));
    unknown(draft, "", !inQuotes);
  } else if (take(reading, /\$(?:[A-Za-z_]\w*|[0-9@*#?$!_-])/uy) !== undefined) {
    unknown(draft, "", !inQuotes);
  } else {
    draft.literal += "$";
    reading.at += 1;
  }
}

/** From `$(`, `<(` or `>(` behind its `)`. */
function readSubstitution(reading: Reading, opening: number): void {
  const inner = inside(reading);
  inner.at += opening;
  reading.readCommands(inner, ")");
  reading.at = inner.at;
}

function readBackquotes(reading: Reading, inQuotes: boolean): void {
  const matched = take(reading, /`(?:[^`\\]|\\[^])*`/uy);
  if (matched === undefined) throw new Unreadable("a ` is not closed");
  refuseLineEnds(reading, matched);
  const content = matched.slice(1, -1).replaceAll(inQuotes ? /\\([$`\\"])/gu : /\\([$`\\])/gu, "$1");
  reading.readCommands(nested(reading, content), undefined);
}

function readArray(reading: Reading): void {
  const inner = inside(reading);
  inner.at += 1;
  for (;;) {
    take(inner, /(?:[ \t\n]|#[^\n]*)+/uy);
    if (peek(inner) === ")") break;
    if (readWord(inner) === undefined) throw new Unreadable("an array is not closed");
  }
  reading.at = inner.at + 1;
}

/** Behind `((` to behind `))`. Only numbers, names and operators: what else could stand here could also be commands. */
export function readArithmetic(reading: Reading): void {
  let open = 0;
  refuseLineEnds(reading, "\n");
  for (;;) {
    const plain = take(reading, /[\w\s+\-*/%<>=!&|^~?:,;]+/uy);
    for (const name of plain?.match(/(?<![\w#])[A-Za-z_]\w*/gu) ?? []) {
      reading.found.arithmeticNames.add(name);
    }
    if (startsWith(reading, "))") && open === 0) {
      reading.at += 2;
      return;
    }
    const name = take(reading, /\$\{?#?[A-Za-z_]\w*\}?|\$[0-9#?]|\(|\)/uy);
    if (name === undefined) throw new Unreadable("arithmetic beyond numbers and names is not read");
    if (name === "(") open += 1;
    else if (name === ")") open -= 1;
    else reading.found.arithmeticNames.add(name.replaceAll(/[^\w]/gu, ""));
    if (open < 0) throw new Unreadable("arithmetic is not closed");
  }
}

const parameterName = /#?(?:[A-Za-z_]\w*(?:\[(?:@|\*|\d+)\])?|\d+|[@*#?$!-])/uy;
/** `:=` and `=` assign; `:5` cuts, and would evaluate an expression there; `@P`, `!x` and their like run what a value says. */
const parameterOperator = /:?[-+?]|##?|%%?|\^\^?|,,?|\/[/#%]?|:\d+(?::\d+)?(?=\})/uy;

function readParameter(reading: Reading, inQuotes: boolean): void {
  reading.at += 2;
  const name = take(reading, parameterName);
  if (name === undefined) throw new Unreadable("an indirect or unusual expansion ${…} is not read");
  if (peek(reading) !== "}" && take(reading, parameterOperator) === undefined) {
    throw new Unreadable("an unusual expansion ${…} is not read");
  }
  const draft: Draft = { literal: "", isQuoted: true, start: undefined, splits: false, marks: "" };
  while (peek(reading) !== "}") {
    // Quotes mean one thing or another here, by the operator and by the quotes around it.
    if (peek(reading) === "$" && !/["']/u.test(reading.text[reading.at + 1] ?? "")) {
      readDollar(reading, draft, inQuotes);
    } else if (take(reading, /[^'"\\`{}$<>\n]+/uy) === undefined) {
      throw new Unreadable("an unusual expansion ${…} is not read");
    }
  }
  reading.at += 1;
}
