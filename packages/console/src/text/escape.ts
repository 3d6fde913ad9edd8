/**
 * The one gate for all that comes from outside: models, files, commands, names. What passes it can be drawn and does
 * nothing else. Controls become visible signs, and characters that hide or reorder text become their code points.
 */

// oxlint-disable no-misleading-character-class -- they stand here one by one, to be found one by one

// C0 (but line feed), DEL and C1; marks that reorder text (UAX #9); what takes no room and so can hide a message:
// zero-width characters but the two joiners, invisible operators, tags (U+E0000), variation selectors of the
// supplement, fillers, interlinear marks, line and paragraph separators; and halves of a surrogate pair.
const hostile =
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}\u{1d173}-\u{1d17a}\p{Cs}]/gu;

/** A joiner is part of an emoji, or of a script that joins its letters; elsewhere it hides what it is in. */
const joiner =
  /(?<=(?<emoji>[\p{Extended_Pictographic}\ufe0f\u{1f3fb}-\u{1f3ff}])|(?<letter>(?!\p{Script=Latin})[\p{L}\p{M}])|)[\u200c\u200d](?=(?<nextEmoji>\p{Extended_Pictographic})|(?<nextLetter>(?!\p{Script=Latin})[\p{L}\p{M}])|)/gu;

/** More combining marks on one character than any script uses would draw over the lines around it. */
const MARKS_MAX = 6;
const pile = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, "gu");
const TAB_COLUMNS = 4;

/** Line feeds stay; a tab becomes spaces; anything else that would steer the terminal or hide becomes visible. */
export function escapeUntrusted(text: string): string {
  if (isPlain(text)) return text;
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(hostile, visible)
    .replaceAll(
      joiner,
      (character, emoji?: string, letter?: string, nextEmoji?: string, nextLetter?: string) =>
        (emoji !== undefined && nextEmoji !== undefined) || (letter !== undefined && nextLetter !== undefined)
          ? character
          : codePoint(character),
    )
    .replaceAll(pile, "$1");
}

/** For names and titles: on one line, whatever is in them. */
export function escapeLine(text: string): string {
  return escapeUntrusted(text).replaceAll("\n", "⏎");
}

/** For what a person is asked to allow: unlike elsewhere, even a tab and a carriage return must be seen. */
export function escapeExact(text: string): string {
  return escapeUntrusted(text.replaceAll("\t", "␉").replaceAll("\r", "␍"));
}

function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x0a) || code > 0x7e) return false;
  }
  return true;
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x09) return " ".repeat(TAB_COLUMNS);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "␡" : codePoint(character);
}

function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `\\u{${code.toString(16)}}`;
}
