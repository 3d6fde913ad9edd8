/**
 * Pictures without the words in them. A camera writes where it stood, a program its command line, and nobody sees it in
 * the picture; in base64 no search for secrets would find it. Only what it takes to draw the picture leaves.
 */

/** PNG, third edition, 11: what it takes to draw, and animation. Texts, times and what is not known are left out. */
const pngChunks: ReadonlySet<string> = new Set([
  ...["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "pHYs", "bKGD"],
  ...["acTL", "fcTL", "fdAT"],
]);
/** RFC 9649, 2.7: all but EXIF and XMP. */
const webpChunks: ReadonlySet<string> = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const WEBP_EXIF_AND_XMP = 0x08 | 0x04;
const URL_HEAD = /^data:image\/[\w.+-]{1,40};base64,/;
/** More pieces than any picture has: what is left of it then passes as it is. */
const PIECES_MAX = 100_000;

/** Of a `data:` address, or of base64 alone; any other text, and a picture without words, is given back as it is. */
export function withoutWords(text: string): string {
  const head = URL_HEAD.exec(text)?.[0] ?? "";
  const body = text.slice(head.length);
  if (!/^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR)/.test(body)) return text;
  const bytes = Buffer.from(body, "base64");
  const kept = keptOf(bytes);
  const isWhole = kept.reduce((sum, piece) => sum + piece.length, 0) === bytes.length;
  return isWhole ? text : head + Buffer.concat(kept).toString("base64");
}

function keptOf(bytes: Buffer): readonly Buffer[] {
  const magic = bytes.toString("latin1", 0, 12);
  if (magic.startsWith("\x89PNG")) return keptOfPng(bytes);
  if (magic.startsWith("\xff\xd8")) return keptOfJpeg(bytes);
  if (magic.startsWith("GIF8")) return keptOfGif(bytes);
  return /^RIFF[^]{4}WEBP/.test(magic) ? keptOfWebp(bytes) : [bytes];
}

function keptOfPng(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, 8)];
  let at = 8;
  for (let pieces = 0; at + 12 <= bytes.length && pieces < PIECES_MAX; pieces++) {
    const end = at + 12 + bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (pngChunks.has(type)) kept.push(bytes.subarray(at, end));
    at = end;
    // What stands behind the end is no part of the picture.
    if (type === "IEND") return kept;
  }
  return [...kept, bytes.subarray(Math.min(at, bytes.length))];
}

/** ITU-T T.81, B.1.1. Of the application's own segments JFIF, ICC and Adobe say how colours are meant. */
function keptOfJpeg(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, 2)];
  let at = 2;
  for (let pieces = 0; at + 4 <= bytes.length && bytes[at] === 0xff && pieces < PIECES_MAX; pieces++) {
    const marker = bytes[at + 1] ?? 0;
    // From the first scan on there are no words.
    if (marker === 0xda) break;
    const end = marker === 0xff ? at + 1 : at + 2 + bytes.readUInt16BE(at + 2);
    const isWords =
      marker === 0xfe || (marker >= 0xe0 && marker <= 0xef && ![0xe0, 0xe2, 0xee].includes(marker));
    if (!isWords) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return [...kept, bytes.subarray(Math.min(at, bytes.length))];
}

/** GIF89a, appendix A. Comments, plain text and what programs add; how often it repeats is theirs, too, and goes. */
function keptOfGif(bytes: Buffer): Buffer[] {
  const tableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  let at = 13 + tableBytes(bytes[10] ?? 0);
  const kept = [bytes.subarray(0, at)];
  const endOfBlocks = (from: number): number => {
    let end = from;
    for (let pieces = 0; (bytes[end] ?? 0) !== 0 && pieces < PIECES_MAX; pieces++) {
      end += 1 + (bytes[end] ?? 0);
    }
    return end + 1;
  };
  for (let pieces = 0; at < bytes.length && pieces < PIECES_MAX; pieces++) {
    const kind = bytes[at];
    if (kind !== 0x21 && kind !== 0x2c) return [...kept, bytes.subarray(at, at + 1)];
    const isPicture = kind === 0x2c;
    const end = endOfBlocks(isPicture ? at + 11 + tableBytes(bytes[at + 9] ?? 0) : at + 2);
    // 0xf9 says how long the next picture is shown, and which colour is none.
    if (isPicture || bytes[at + 1] === 0xf9) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return kept;
}

function keptOfWebp(bytes: Buffer): Buffer[] {
  const kept: Buffer[] = [];
  let at = 12;
  for (let pieces = 0; at + 8 <= bytes.length && pieces < PIECES_MAX; pieces++) {
    const size = bytes.readUInt32LE(at + 4);
    const end = at + 8 + size + (size % 2);
    const type = bytes.toString("latin1", at, at + 4);
    const chunk = bytes.subarray(at, end);
    if (webpChunks.has(type)) kept.push(type === "VP8X" ? withoutFlags(chunk) : chunk);
    at = end;
  }
  const length = kept.reduce((sum, piece) => sum + piece.length, 0);
  if (12 + length === bytes.length) return [bytes];
  const head = Buffer.from(bytes.subarray(0, 12));
  head.writeUInt32LE(4 + length, 4);
  return [head, ...kept];
}

function withoutFlags(chunk: Buffer): Buffer {
  const own = Buffer.from(chunk);
  own[8] = (own[8] ?? 0) & ~WEBP_EXIF_AND_XMP;
  return own;
}
