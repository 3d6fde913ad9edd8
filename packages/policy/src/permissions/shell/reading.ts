/** Where a parser stands in a text, and what all parsers of one command line have found so far. */
import { Unreadable, type Redirection, type ShellCommand, type Word } from "./script.ts";

const DEPTH_MAX = 40;
const COMMANDS_MAX = 500;

/** Shared by the texts that are nested in each other. */
export interface Found {
  readonly commands: ShellCommand[];
  readonly doubts: Set<string>;
  /** Names that arithmetic evaluates: a value like `a[$(cmd)]` would run the command in it. */
  readonly arithmeticNames: Set<string>;
}

export interface Reading {
  readonly text: string;
  at: number;
  depth: number;
  /** Here-documents whose bodies begin after the next line end. */
  readonly bodies: PendingBody[];
  readonly found: Found;
  /** Reads commands up to the `)` or the end of the text; given, since words and commands contain each other. */
  readonly readCommands: (reading: Reading, end: ")" | undefined) => void;
}

export interface PendingBody {
  readonly delimiter: string;
  /** Then its body is text and nothing else. */
  readonly isQuoted: boolean;
  readonly dropsTabs: boolean;
  /** Receives the body. */
  readonly redirection: { -readonly [K in keyof Redirection]: Redirection[K] };
}

/** Reads something that may contain itself: the stack has an end too. */
export function descend<T>(reading: Reading, read: (reading: Reading) => T): T {
  const { depth } = reading;
  reading.depth = deeper(reading);
  const result = read(reading);
  reading.depth = depth;
  return result;
}

export function nested(reading: Reading, text: string): Reading {
  return { ...reading, text, at: 0, bodies: [], depth: deeper(reading) };
}

/** The same text, one level in. The caller takes `at` over when the inner part ends. */
export function inside(reading: Reading): Reading {
  if (reading.bodies.length > 0) {
    throw new Unreadable("a substitution stands between a here-document and its text");
  }
  return { ...reading, bodies: [], depth: deeper(reading) };
}

function deeper({ depth }: Reading): number {
  if (depth >= DEPTH_MAX) throw new Unreadable(`it is nested more than ${DEPTH_MAX} levels deep`);
  return depth + 1;
}

export function addCommand({ found }: Reading, command: ShellCommand): void {
  if (found.commands.length >= COMMANDS_MAX) {
    throw new Unreadable(`it holds more than ${COMMANDS_MAX} commands`);
  }
  found.commands.push(command);
}

export function peek({ text, at }: Reading): string {
  return text[at] ?? "";
}

export function startsWith({ text, at }: Reading, part: string): boolean {
  return text.startsWith(part, at);
}

/** Matches a sticky expression here and steps over what it matched. */
export function take(reading: Reading, expression: RegExp): string | undefined {
  expression.lastIndex = reading.at;
  const matched = expression.exec(reading.text)?.[0];
  if (matched !== undefined) reading.at += matched.length;
  return matched;
}

/** A word that stands for itself. */
export function plainWord(literal: string): Word {
  return { text: literal, literal, start: literal, splits: false, isQuoted: true, isHome: false };
}
