/** How many columns text takes, by grapheme cluster: a terminal's view of wide characters, emoji and marks. */
import { eastAsianWidth } from "get-east-asian-width";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const zeroWidth = /^[\p{M}\p{Cf}\p{Cc}]+$/u;
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[#*0-9]\ufe0f?\u20e3|\p{RI}\p{RI}/u;

export function graphemes(text: string): string[] {
  if (isAscii(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Of one grapheme cluster: 0, 1 or 2. */
export function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (grapheme.length === 1 && code >= 0x20 && code < 0x7f) return 1;
  if (zeroWidth.test(grapheme)) return 0;
  if (emoji.test(grapheme)) return 2;
  return eastAsianWidth(code);
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
