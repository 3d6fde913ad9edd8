/** How many columns text takes, by grapheme cluster: a terminal's view of wide characters, emoji and marks. */
import { eastAsianWidth } from "get-east-asian-width";

/** Made when it is needed: its tables cost more to load than the first picture to draw. */
let segmenter: Intl.Segmenter | undefined;
/** Marks that take no room, and the later parts of a syllable in Hangul; spacing marks (Mc) do take some. */
const zeroWidth = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff\ud7b0-\ud7ff]/u;
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[#*0-9]\ufe0f?\u20e3|\p{RI}\p{RI}/u;

export function graphemes(text: string): string[] {
  if (isSingles(text)) return text.split("");
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/**
 * Of one grapheme cluster. Terminals reckon by code point where it is no emoji: a cluster of Devanagari or Thai takes as
 * many columns as it has letters.
 */
export function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (grapheme.length === 1 && code >= 0x20 && code < 0x7f) return 1;
  if (emoji.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (!zeroWidth.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}

export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme);
  return width;
}

/** The beginning that fits, with `…` where something was left out. */
export function fitWidth(text: string, columnsMax: number): string {
  if (displayWidth(text) <= columnsMax) return text;
  return `${cutWidth(text, columnsMax - 1)}…`;
}

/** As many clusters from the front as fit. */
export function cutWidth(text: string, columnsMax: number): string {
  let width = 0;
  let cut = "";
  for (const grapheme of graphemes(text)) {
    width += graphemeWidth(grapheme);
    if (width > columnsMax) break;
    cut += grapheme;
  }
  return cut;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7e) return false;
  return true;
}

/** From, to: characters that join with nothing among them, so that each is a cluster. A test holds them to Unicode. */
export const singles: readonly (readonly [from: number, to: number])[] = [
  [0x20, 0x7e],
  [0xa1, 0x2ff],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x20a0, 0x20bf],
  [0x2100, 0x2bff],
  [0x3001, 0x3029],
  [0x3041, 0x3096],
  [0x30a1, 0x30ff],
  [0x3400, 0x9fff],
  [0xff01, 0xff9d],
];

function isSingles(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x7e) continue;
    if (!singles.some(([from, to]) => code >= from && code <= to)) return false;
  }
  return true;
}
