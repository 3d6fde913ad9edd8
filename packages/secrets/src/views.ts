/** What a text says once its encodings are undone, and where in the text each part of that stands. */

export interface View {
  readonly text: string;
  /** The parts of the view that differ from the original, with their surroundings, in order and apart. */
  readonly windows: readonly { readonly start: number; readonly end: number }[];
  /** The span of the original that a span of the view comes from. */
  toSource(start: number, end: number): { readonly start: number; readonly end: number };
}

const HIDDEN =
  /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]|\ud835[\udc00-\udfff]/;
/** Two halves of one word: `"sk-ab" + "cd"`, on one line or two, and PHP's and Lua's spelling of it. */
const JOINED = /["']\s{0,16}[+.]{1,2}\s{0,40}["'][\w-]/;
const PERCENT = /%[2-7][0-9A-Fa-f]/;
const ESCAPE =
  /\\{1,4}(?:u00|x)([2-7][0-9A-Fa-f])|%(?:25)?([2-7][0-9A-Fa-f])|&(?:amp;)?(?:#(\d{2,3})|#[xX]([2-7][0-9a-fA-F])|(quot|amp|lt|gt|apos));|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|[\uff01-\uff5e]|\ud835[\udc00-\udfff]|(?<=[\w-])(["'])\s{0,16}(?:\+|\.{1,2})\s{0,40}\6(?=[\w-])/g;
const ENTITIES: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" };

/**
 * The text without JSON, URL and HTML escapes of ASCII, without invisible characters and joints of literals, with full-width and mathematical
 * letters as plain ones (Unicode NFKC). Undefined where it says the same already.
 */
export function unescaped(text: string): View | undefined {
  const mayDiffer =
    text.includes("\\u00") ||
    text.includes("\\x") ||
    text.includes("&#") ||
    text.includes("&quot;") ||
    text.includes("&amp;") ||
    JOINED.test(text) ||
    PERCENT.test(text) ||
    HIDDEN.test(text);
  if (!mayDiffer) return undefined;

  const steps: Step[] = [];
  let out = "";
  let done = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const plain = plainOf(match);
    if (plain === undefined) continue;
    out += text.slice(done, match.index);
    done = match.index + match[0].length;
    steps.push({ viewStart: out.length, viewEnd: out.length + plain.length, start: match.index, end: done });
    out += plain;
  }
  if (steps.length === 0) return undefined;
  out += text.slice(done);
  return {
    text: out,
    windows: windowsOf(out, steps),
    toSource: (start, end) => ({ start: placeOf(steps, start).start, end: placeOf(steps, end - 1).end }),
  };
}

/** A piece of the original, and the none or one character of the view that it stands for. */
interface Step {
  readonly viewStart: number;
  readonly viewEnd: number;
  readonly start: number;
  readonly end: number;
}

const BEFORE_CHARS = 256;
const AFTER_CHARS = 2048;
const WORD_CHARS_MAX = 256;

/** A window begins between two words, so that no half of a word is taken for a whole one. */
function windowsOf(view: string, steps: readonly Step[]): { start: number; end: number }[] {
  const windows: { start: number; end: number }[] = [];
  for (const { viewStart, viewEnd } of steps) {
    const last = windows.at(-1);
    const end = Math.min(view.length, viewEnd + AFTER_CHARS);
    if (last !== undefined && viewStart - BEFORE_CHARS - WORD_CHARS_MAX <= last.end) {
      last.end = end;
      continue;
    }
    let start = Math.max(0, viewStart - BEFORE_CHARS);
    const stop = Math.max(0, start - WORD_CHARS_MAX);
    while (start > stop && !/\s/.test(view.charAt(start - 1))) start -= 1;
    windows.push({ start, end });
  }
  return windows;
}

/** The piece of the original that one character of the view comes from. */
function placeOf(steps: readonly Step[], at: number): { readonly start: number; readonly end: number } {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle]?.viewStart ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  const step = steps[low - 1];
  if (step === undefined) return { start: at, end: at + 1 };
  if (at < step.viewEnd) return step;
  const start = step.end + at - step.viewEnd;
  return { start, end: start + 1 };
}

/** Undefined for what stays as it is: Chinese punctuation, and escapes of control characters. */
function plainOf(match: RegExpExecArray): string | undefined {
  const [all, escaped, percent, decimal, hex, entity] = match;
  const code = escaped ?? percent ?? hex;
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
  if (decimal !== undefined) {
    const value = Number(decimal);
    return value >= 32 && value < 127 ? String.fromCharCode(value) : undefined;
  }
  if (entity !== undefined) return ENTITIES[entity];
  const first = all.charCodeAt(0);
  if (first >= 0xff01 && first <= 0xff5e) return String.fromCharCode(first - 0xfee0);
  if (first === 0xd835) {
    return /^[A-Za-z0-9]$/.test(all.normalize("NFKC")) ? all.normalize("NFKC") : undefined;
  }
  return "";
}
