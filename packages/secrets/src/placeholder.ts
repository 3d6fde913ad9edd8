import { SECRET_KINDS } from "./finding.ts";
import type { SecretKind } from "./finding.ts";

/** Letters of the identifying part at first, and the step by which it grows when two values collide. */
const ID_CHARS = 8;
const ID_CHARS_STEP = 4;
/** All of an HMAC-SHA-256 in base32. */
const ID_CHARS_MAX = 51;

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const TAGS = SECRET_KINDS.map(tagOf);
const SHAPE = `CLS_([A-Z2-7]{${ID_CHARS},${ID_CHARS_MAX}})_(${TAGS.join("|")})`;
const ONE = new RegExp(SHAPE, "i");

/**
 * True when the text holds something of a placeholder's shape, in any case, from this conversation or another.
 * The last word must be one of our kinds, so that `cls_instance_method` is not taken for one.
 */
export function hasPlaceholder(text: string): boolean {
  return ONE.test(text);
}

/** Where the placeholders of a text stand, in order. */
export function placeholderSpans(text: string): { readonly start: number; readonly end: number }[] {
  if (!ONE.test(text)) return [];
  return Array.from(text.matchAll(placeholderPattern()), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Those of the spans that touch no placeholder. `spans` in order of `start`, and so is the result. */
export function clearOfPlaceholders<Span extends { readonly start: number; readonly end: number }>(
  text: string,
  spans: readonly Span[],
): Span[] {
  const marks = spans.length === 0 ? [] : placeholderSpans(text);
  let next = 0;
  return spans.filter((span) => {
    while ((marks[next]?.end ?? Infinity) <= span.start) next += 1;
    return (marks[next]?.start ?? Infinity) >= span.end;
  });
}

/**
 * Matches every placeholder: group 1 is the id, group 2 the tag. No word borders are asked for, because a sealed
 * value may have stood inside a longer word.
 */
export function placeholderPattern(): RegExp {
  return new RegExp(SHAPE, "gi");
}

/** `CLS_7Q4KD2WM_AWSKEY`: one word that models copy unchanged, and that is a legal identifier nearly everywhere. */
export function formatPlaceholder(id: string, kind: SecretKind): string {
  return `CLS_${id}_${tagOf(kind)}`;
}

const BEGUN = new RegExp(
  `^(?:C(?:L(?:S(?:_[A-Z2-7]{0,${ID_CHARS_MAX}})?)?)?|CLS_[A-Z2-7]{${ID_CHARS},${ID_CHARS_MAX}}_([A-Z]*))$`,
  "i",
);
const PLACEHOLDER_CHARS_MAX = 4 + ID_CHARS_MAX + 1 + Math.max(...TAGS.map((tag) => tag.length));

/** Where the unfinished placeholder begins that the text may end with; the text's length when there is none. */
export function unfinishedAt(text: string): number {
  for (let at = Math.max(0, text.length - PLACEHOLDER_CHARS_MAX); at < text.length; at++) {
    if (text.charAt(at) !== "C" && text.charAt(at) !== "c") continue;
    const match = BEGUN.exec(text.slice(at));
    if (match === null) continue;
    const tag = match[1]?.toUpperCase();
    if (tag === undefined || TAGS.some((other) => other.startsWith(tag) && other !== tag)) return at;
  }
  return text.length;
}

/** The shortest prefix of the digest (RFC 4648 base32) that is not taken by another value. */
export function shortestFreeId(digest: Uint8Array, isTaken: (id: string) => boolean): string {
  const whole = toBase32(digest);
  for (let chars = ID_CHARS; chars < ID_CHARS_MAX; chars += ID_CHARS_STEP) {
    const id = whole.slice(0, chars);
    if (!isTaken(id)) return id;
  }
  return whole.slice(0, ID_CHARS_MAX);
}

function tagOf(kind: SecretKind): string {
  return kind.replaceAll("-", "").toUpperCase();
}

function toBase32(bytes: Uint8Array): string {
  let out = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += BASE32.charAt((held >>> bits) & 31);
    }
  }
  return out;
}
