/**
 * Reads a command line as Bash would, and more strictly: whatever Bash and an older `sh` (or zsh) would read
 * differently is unreadable, for we do not know which of them will. It may find a command too many, never one too few.
 */
import { parseRedirection } from "./redirections.ts";
import { skipBlanks, skipComment, skipLines } from "./lines.ts";
import { addCommand, descend, peek, startsWith, take, type Reading } from "./reading.ts";
import {
  COMMAND_CHARS_MAX,
  Unreadable,
  type Assignment,
  type Redirection,
  type ShellScript,
  type Word,
} from "./script.ts";
import { readTest } from "./tests.ts";
import { readArithmetic, readWord } from "./words.ts";

export function parseShell(text: string): ShellScript {
  if (text.length > COMMAND_CHARS_MAX) {
    return { kind: "unreadable", why: `it is longer than ${COMMAND_CHARS_MAX} characters` };
  }
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000B-\u001F\u007F]/u.test(text)) {
    return { kind: "unreadable", why: "it holds control characters" };
  }
  const found = { commands: [], doubts: new Set<string>(), arithmeticNames: new Set<string>() };
  try {
    readCommands({ text, at: 0, depth: 0, bodies: [], found, readCommands }, undefined);
  } catch (error) {
    if (error instanceof Unreadable) return { kind: "unreadable", why: error.message };
    throw error;
  }
  const script = { kind: "script", commands: found.commands, doubts: [...found.doubts] } as const;
  return {
    ...script,
    doubts: [...script.doubts, ...arithmeticDoubts(script.commands, found.arithmeticNames)],
  };
}

/** Arithmetic evaluates what a variable holds, commands in a subscript included. A number holds none. */
function arithmeticDoubts(
  commands: Extract<ShellScript, { kind: "script" }>["commands"],
  names: ReadonlySet<string>,
): string[] {
  if (names.size === 0) return [];
  const setters = /^(?:read|mapfile|readarray|printf|getopts|declare|typeset|local|export|readonly|let)$/u;
  const isSet = commands.some(
    ({ assignments, words }) =>
      assignments.some(({ name, value, text }) => {
        const isNumber = /^-?\d+$/u.test(value ?? "") || /=\$\(\([^$`[]*\)\)$/u.test(text);
        return names.has(name) && !isNumber;
      }) || words.some((word) => setters.test(word.literal ?? "")),
  );
  return isSet ? ["arithmetic evaluates a variable that this command sets"] : [];
}

function readCommands(reading: Reading, end: ")" | undefined): void {
  const stop = readList(reading, new Set(end === undefined ? [] : [end]));
  if (stop !== end) throw new Unreadable("a ) is missing");
  if (reading.bodies.length > 0) throw new Unreadable("a here-document has no text");
}

const stopWord = /(?:then|do|done|fi|elif|else|esac|\}|in)(?=[\s;&|()<>]|$)/uy;

/** @returns the one of `stops` at which it ended, behind it; undefined at the end of the text */
function readList(reading: Reading, stops: ReadonlySet<string>): string | undefined {
  for (;;) {
    skipLines(reading);
    if (reading.at >= reading.text.length) return undefined;
    const stop = take(reading, /\)|;;&?|;&/uy) ?? take(reading, stopWord);
    if (stop !== undefined) {
      const name = stop.startsWith(";") ? ";;" : stop;
      if (stops.has(name)) return name;
      throw new Unreadable(`"${stop}" stands where it cannot`);
    }
    descend(reading, readCommand);
    skipBlanks(reading);
    // `;;` belongs to the `case` around it.
    if (/^(?:;[;&]|\).?|$)/u.test(reading.text.slice(reading.at, reading.at + 2))) continue;
    if (take(reading, /&&|\|\||\|&?|&|;|(?=\n)|(?=#)/uy) === undefined) {
      throw new Unreadable(`"${peek(reading)}" stands where it cannot`);
    }
  }
}

/** @throws Unreadable unless the list ends with `stop` */
function readListTo(reading: Reading, ...stops: readonly string[]): string {
  const stop = readList(reading, new Set(stops));
  if (stop === undefined) throw new Unreadable(`"${stops.join('" or "')}" is missing`);
  return stop;
}

function readCommand(reading: Reading): void {
  skipBlanks(reading);
  if (startsWith(reading, "((")) {
    reading.at += 2;
    readArithmetic(reading);
    // An older shell runs these words as a command in two subshells.
    reading.found.doubts.add("an arithmetic command (( … )) is a command to some shells");
    readTail(reading);
    return;
  }
  if (peek(reading) === "(") {
    reading.at += 1;
    readListTo(reading, ")");
    readTail(reading);
    return;
  }
  const first = startsRedirection(reading) ? undefined : readWord(reading);
  const reserved = first === undefined || first.isQuoted ? "" : (first.literal ?? "");
  const compound = Object.hasOwn(compounds, reserved) ? compounds[reserved] : undefined;
  if (compound === undefined) readSimple(reading, first);
  else compound(reading);
}

type Compound = (reading: Reading) => void;

const compounds: Readonly<Record<string, Compound>> = {
  "!": readCommandMaybe,
  time: (reading) => {
    take(reading, /[ \t]+-p(?=[ \t])/uy);
    readCommandMaybe(reading);
  },
  "{": (reading) => {
    readListTo(reading, "}");
    readTail(reading);
  },
  if: (reading) => {
    readListTo(reading, "then");
    for (let stop = ""; stop !== "fi";) {
      stop = readListTo(reading, "elif", "else", "fi");
      if (stop === "elif") readListTo(reading, "then");
    }
    readTail(reading);
  },
  while: readLoop,
  until: readLoop,
  for: readFor,
  case: readCase,
  "[[": (reading) => {
    readTest(reading);
    readTail(reading);
  },
  function: (reading) => {
    skipBlanks(reading);
    readWord(reading);
    take(reading, /[ \t]*\([ \t]*\)/uy);
    readFunctionBody(reading);
  },
  ...Object.fromEntries(
    ["select", "coproc", "then", "do", "done", "fi", "elif", "else", "esac", "}", "in", "]]"].map((word) => [
      word,
      () => {
        throw new Unreadable(`"${word}" stands where it cannot, or is not read`);
      },
    ]),
  ),
};

function readCommandMaybe(reading: Reading): void {
  skipBlanks(reading);
  if (/[^\n;&|)#]/u.test(peek(reading))) descend(reading, readCommand);
}

function readLoop(reading: Reading): void {
  readListTo(reading, "do");
  readListTo(reading, "done");
  readTail(reading);
}

function readFor(reading: Reading): void {
  skipBlanks(reading);
  if (startsWith(reading, "((")) {
    reading.at += 2;
    readArithmetic(reading);
  } else {
    const name = take(reading, /[A-Za-z_]\w*/uy);
    if (name === undefined) throw new Unreadable("a loop has no variable");
    skipLines(reading);
    const words: Word[] = [];
    if (take(reading, /in(?=[\s;])/uy) !== undefined) {
      skipBlanks(reading);
      while (!/^[;\n&|)#<>]?$/u.test(peek(reading))) {
        words.push(wordHere(reading));
        skipBlanks(reading);
      }
    }
    const text = `${name}=${words.map((word) => word.text).join(" ")}`;
    addCommand(reading, { assignments: [{ name, value: undefined, text }], words: [], redirections: [] });
  }
  skipBlanks(reading);
  take(reading, /;/uy);
  skipLines(reading);
  if (take(reading, /do(?=[\s;&|()<>]|$)/uy) === undefined) throw new Unreadable('"do" is missing');
  readListTo(reading, "done");
  readTail(reading);
}

function readCase(reading: Reading): void {
  skipBlanks(reading);
  wordHere(reading);
  skipLines(reading);
  if (take(reading, /in(?=\s)/uy) === undefined) throw new Unreadable('"in" is missing');
  for (let stop = ";;"; stop !== "esac";) {
    skipLines(reading);
    if (take(reading, /esac(?=[\s;&|()<>]|$)/uy) !== undefined) break;
    take(reading, /\([ \t]*/uy);
    do {
      skipBlanks(reading);
      wordHere(reading);
      skipBlanks(reading);
    } while (take(reading, /\|/uy) !== undefined);
    if (take(reading, /\)/uy) === undefined) throw new Unreadable("a pattern of a case has no )");
    stop = readListTo(reading, ";;", "esac");
  }
  readTail(reading);
}

function wordHere(reading: Reading): Word {
  const word = readWord(reading);
  if (word === undefined) throw new Unreadable(`"${peek(reading)}" stands where a word should`);
  return word;
}

function readFunctionBody(reading: Reading): void {
  // From here on any name may stand for it.
  reading.found.doubts.add("it defines a function");
  skipLines(reading);
  descend(reading, readCommand);
}

function startsRedirection(reading: Reading): boolean {
  return take({ ...reading }, /&>|[<>](?!\()/uy) !== undefined;
}

/** Redirections behind a compound command. */
function readTail(reading: Reading): void {
  const redirections: Redirection[] = [];
  for (skipBlanks(reading); ; skipBlanks(reading)) {
    const descriptor = take(reading, /\d+(?=[<>])/uy);
    if (!startsRedirection(reading)) {
      if (descriptor !== undefined) throw new Unreadable(`"${descriptor}" stands where it cannot`);
      break;
    }
    redirections.push(parseRedirection(reading));
  }
  if (redirections.length > 0) addCommand(reading, { assignments: [], words: [], redirections });
}

function readSimple(reading: Reading, first: Word | undefined): void {
  const assignments: Assignment[] = [];
  const words: Word[] = [];
  const redirections: Redirection[] = [];
  for (let word = first; ; word = undefined) {
    if (word === undefined) {
      skipBlanks(reading);
      if (peek(reading) === "#") skipComment(reading);
      if (startsRedirection(reading)) {
        redirections.push(parseRedirection(reading));
        continue;
      }
      word = readWord(reading);
      if (word === undefined) break;
      if (isCut(redirections)) throw new Unreadable("what follows &> is a command to some shells");
    }
    if (/^\d+$/u.test(word.text) && /[<>]/u.test(peek(reading)) && startsRedirection(reading)) {
      redirections.push(parseRedirection(reading));
      continue;
    }
    const assignment = words.length === 0 ? toAssignment(reading, word) : undefined;
    if (assignment === undefined) words.push(word);
    else assignments.push(assignment);
  }
  if (peek(reading) === "(") {
    const isFunction = words.length === 1 && assignments.length + redirections.length === 0;
    if (!isFunction || take(reading, /\([ \t]*\)/uy) === undefined) {
      throw new Unreadable('"(" stands where it cannot');
    }
    readFunctionBody(reading);
    return;
  }
  if (assignments.length + words.length + redirections.length === 0) {
    throw new Unreadable(`"${peek(reading)}" stands where it cannot`);
  }
  addCommand(reading, { assignments, words, redirections });
}

/** `a &>b c` is `a &` and `>b c` to an older shell. */
function isCut(redirections: readonly Redirection[]): boolean {
  return redirections.some(({ operator }) => operator.startsWith("&>"));
}

function toAssignment(reading: Reading, word: Word): Assignment | undefined {
  const [target, name, subscript] = /^([A-Za-z_]\w*)(\[[^\]]*\])?\+?=/u.exec(word.text) ?? [];
  if (target === undefined || name === undefined) return undefined;
  if (subscript !== undefined && !/^\[\d+\]$/u.test(subscript)) {
    reading.found.doubts.add("the subscript of an array is evaluated");
  }
  return { name, value: word.literal?.slice(target.length), text: word.text };
}
