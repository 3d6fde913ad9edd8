/** Long runs of base64 characters, found at a fraction of the cost of reading the text. */

export interface Run {
  readonly start: number;
  readonly end: number;
}

const RUN_CHARS_MIN = 24;
/** Lines of a wrapped text are this long at least. */
const WRAPPED_CHARS_MIN = 56;
const DECODED_CHARS_MAX = 65_536;

const isBodyCode = new Uint8Array(0x10000);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-") {
  isBodyCode[char.charCodeAt(0)] = 1;
}

/** Runs of at least 24 characters, in order; only every 24th character is looked at where there is none. */
export function longRuns(codes: Uint16Array): Run[] {
  const runs: Run[] = [];
  let at = RUN_CHARS_MIN - 1;
  while (at < codes.length) {
    if (isBodyCode[codes[at] ?? 0] === 0) {
      at += RUN_CHARS_MIN;
      continue;
    }
    const done = runs.at(-1)?.end ?? 0;
    let start = at;
    while (start > done && isBodyCode[codes[start - 1] ?? 0] === 1) start -= 1;
    let end = at + 1;
    while (end < codes.length && isBodyCode[codes[end] ?? 0] === 1) end += 1;
    if (end - start >= RUN_CHARS_MIN) runs.push({ start, end });
    at = end + RUN_CHARS_MIN;
  }
  return runs;
}

export interface Blob extends Run {
  /** What the blob says, if that is text; undefined when it is longer than 48 KB, and was not read. */
  readonly text: string | undefined;
}

/** The runs that are base64 of text (RFC 4648, both alphabets), wrapped lines taken together. */
export function decodeBlobs(text: string, runs: readonly Run[]): Blob[] {
  const blobs: Blob[] = [];
  for (let index = 0; index < runs.length; index++) {
    const first = runs[index];
    if (first === undefined || !beginsAsText(text, first.start)) continue;
    let encoded = text.slice(first.start, first.end);
    let { end } = first;
    // A wrapped blob goes on after a line end and blanks.
    for (let next = runs[index + 1]; next !== undefined; next = runs[index + 1]) {
      const gap = text.slice(end, next.start);
      if (end - first.start < WRAPPED_CHARS_MIN || !/^(?:\r?\n|\\n)[ \t]{0,24}$/.test(gap)) break;
      encoded += text.slice(next.start, next.end);
      end = next.end;
      index += 1;
    }
    while (end < text.length && text.charAt(end) === "=" && end - first.start < DECODED_CHARS_MAX * 2) {
      end += 1;
    }
    if (encoded.length > DECODED_CHARS_MAX) {
      blobs.push({ start: first.start, end, text: undefined });
      continue;
    }
    const plain = Buffer.from(encoded, "base64").toString();
    if (isText(plain)) blobs.push({ start: first.start, end, text: plain });
  }
  return blobs;
}

const HEAD_CHARS = 16;

/** True when the first twelve bytes are printable: by chance about one run in ten thousand. */
function beginsAsText(text: string, start: number): boolean {
  const head = Buffer.from(text.slice(start, start + HEAD_CHARS), "base64");
  return head.every(
    (byte) =>
      (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte >= 0xe4,
  );
}

function isText(plain: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what tells bytes from text
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(plain.slice(0, -1));
}
