/** `[[ … ]]`: not a command to Bash, but one to an older shell, to which `&&` and `>` in it mean what they always do. */
import { skipLines } from "./lines.ts";
import { peek, take, type Reading } from "./reading.ts";
import { Unreadable, type Word } from "./script.ts";
import { readWord } from "./words.ts";

const arithmetic = /^-(?:eq|ne|lt|le|gt|ge)$/u;

/** Behind the opening brackets to behind the closing ones. */
export function readTest(reading: Reading): void {
  let previous: Word | undefined;
  for (let isFirst = false; ;) {
    skipLines(reading);
    if (take(reading, /&&|\|\||[()]/uy) !== undefined) {
      isFirst = true;
      continue;
    }
    const word = readWord(reading);
    if (word === undefined) throw new Unreadable(`"${peek(reading)}" in [[ … ]] is not read`);
    if (word.text === "]]") return;
    if (isFirst && !/^[-!]/u.test(word.text)) {
      throw new Unreadable(`"${word.text}" in [[ … ]] is a command to some shells`);
    }
    isFirst = word.text === "!";
    if (isEvaluated(previous, word)) reading.found.doubts.add("a test [[ … ]] evaluates what it compares");
    if (word.text === "=~") readPattern(reading);
    previous = word;
  }
}

/** `-eq` and its like evaluate both sides as arithmetic, `-v` a subscript: with the commands that stand in them. */
function isEvaluated(previous: Word | undefined, word: Word): boolean {
  if (word.text === "-v" || word.text === "-R") return true;
  if (arithmetic.test(word.text)) return !isNumber(previous);
  return previous !== undefined && arithmetic.test(previous.text) && !isNumber(word);
}

function isNumber(word: Word | undefined): boolean {
  return /^(?:-?\d+|"?\$(?:#|\?|\{#\w+(?:\[@\])?\})"?)$/u.test(word?.text ?? "");
}

/** A regular expression may hold brackets and bars that mean nothing to the shell here. */
function readPattern(reading: Reading): void {
  skipLines(reading);
  if (/['"$]/u.test(peek(reading))) return;
  if (take(reading, /[^\s'"`$\\;&<>]+(?=[ \t]+\]\])/uy) === undefined) {
    throw new Unreadable("an expression behind =~ is not read");
  }
}
