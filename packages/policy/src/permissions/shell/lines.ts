/** Blanks, line ends, comments and the here-documents that follow a line. */
import { nested, peek, plainWord, take, type PendingBody, type Reading } from "./reading.ts";
import { Unreadable } from "./script.ts";
import { readExpansions } from "./words.ts";

export function skipBlanks(reading: Reading): void {
  for (;;) {
    take(reading, /[ \t]+/uy);
    if (take(reading, /\\\n/uy) === undefined) return;
    if (/[$<>&|;(){}!`]/u.test(reading.text[reading.at - 3] ?? "")) {
      throw new Unreadable("a line is continued within an operator");
    }
  }
}

export function skipComment(reading: Reading): void {
  take(reading, /#[^\n]*/uy);
}

/** Steps over everything up to the next word or operator. */
export function skipLines(reading: Reading): void {
  for (;;) {
    skipBlanks(reading);
    if (peek(reading) === "#") skipComment(reading);
    if (peek(reading) !== "\n") return;
    reading.at += 1;
    for (const body of reading.bodies.splice(0)) readBody(reading, body);
  }
}

function readBody(reading: Reading, body: PendingBody): void {
  const lines: string[] = [];
  for (;;) {
    if (reading.at >= reading.text.length) throw new Unreadable("a here-document is not closed");
    const raw = take(reading, /[^\n]*/uy) ?? "";
    reading.at += 1;
    const line = body.dropsTabs ? raw.replace(/^\t+/u, "") : raw;
    if (line === body.delimiter) break;
    if (!body.isQuoted && /(?<!\\)(?:\\\\)*\\$/u.test(line)) {
      throw new Unreadable("a line is continued in a here-document");
    }
    lines.push(line);
  }
  const text = lines.map((line) => `${line}\n`).join("");
  if (!body.isQuoted) readExpansions(nested(reading, text));
  body.redirection.target = body.isQuoted || !/[$`]/u.test(text) ? plainWord(text) : dynamicText(text);
}

function dynamicText(text: string): ReturnType<typeof plainWord> {
  return { ...plainWord(text), literal: undefined, start: "" };
}
