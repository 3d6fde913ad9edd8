/** `$'…'` (POSIX.1-2024 XCU 2.2.4), with the escapes of C. */
import { take, type Reading } from "./reading.ts";
import { Unreadable } from "./script.ts";

const single: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  e: "\u001B",
  E: "\u001B",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "?": "?",
};

/** From the `$` to behind the closing quote. */
export function readAnsiQuote(reading: Reading): string {
  const matched = take(reading, /\$'[^']*'/uy);
  if (matched === undefined) throw new Unreadable("a ' is not closed");
  // An older shell knows no such quotes and ends the string here; Bash reads on. They would see different commands.
  if (/(?<!\\)(?:\\\\)*\\'$/u.test(matched)) throw new Unreadable("an escaped ' in $'…' is not read");
  return matched
    .slice(2, -1)
    .replaceAll(/\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|([0-7]{1,3})|([^]))/gu, decode);
}

function decode(
  escape: string,
  byte: string | undefined,
  code: string | undefined,
  octal: string | undefined,
  letter: string | undefined,
): string {
  const known = letter === undefined ? undefined : single[letter];
  if (known !== undefined) return known;
  const hex = byte ?? code;
  const value = hex === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(hex, 16);
  // A zero ends the string, and a byte above 127 is a part of a character.
  const isPlain = value > 0 && (value < 128 || (code !== undefined && (value < 0xd8_00 || value > 0xdf_ff)));
  if (!isPlain) throw new Unreadable(`the escape ${escape} is not read`);
  return String.fromCharCode(value);
}
