/**
 * Requests of a conversation repeat each other: each is the last one and a little more. A body is parsed only where it
 * differs from one that was seen, and the rest of the value is that of the other: the same objects, so that whoever
 * knows an object has no need to look at it again.
 */
import { CloisterError, isRecord, parseJson, type Json, type JsonObject } from "@cloister/base";

export interface Bodies {
  /** What `JSON.parse` would give. @throws CloisterError `bad-json`, `bad-request` for what is no object */
  parse(body: Buffer, itemsField: string): JsonObject;
}

interface Seen {
  readonly body: Buffer;
  readonly itemsField: string;
  readonly value: JsonObject;
  /** Of each item the offset behind it; at least one. */
  readonly ends: readonly number[];
  /** The offset of the bracket that closes the items. */
  readonly close: number;
}

const SEEN_BYTES_MAX = 32 * 1024 * 1024;
/** Bodies that are looked at for a common beginning when none is wholly the beginning of the new one. */
const NEAR_MAX = 8;

export function createBodies(options: { readonly seenMax: number }): Bodies {
  // In the order of use, the newest last.
  const seen = new Set<Seen>();
  let bytes = 0;

  const forget = (one: Seen): void => {
    if (seen.delete(one)) bytes -= one.body.length;
  };
  const remember = (one: Seen): void => {
    seen.add(one);
    bytes += one.body.length;
    for (const oldest of seen) {
      if (seen.size <= options.seenMax && bytes <= SEEN_BYTES_MAX) break;
      forget(oldest);
    }
  };

  return {
    parse(body, itemsField) {
      const candidates = [...seen].filter((one) => one.itemsField === itemsField).reverse();
      const whole = candidates.find((one) => beginsAlike(body, one, one.ends.at(-1) ?? 0));
      for (const base of whole === undefined ? candidates.slice(0, NEAR_MAX) : [whole]) {
        const grown = goOn(body, base);
        if (grown === undefined) continue;
        // What it grew from will not come again, save in a conversation that branches.
        if (base === whole) forget(base);
        remember(grown);
        return grown.value;
      }
      const value = parseJson(body.toString("utf8"), "the request");
      if (!isRecord(value)) throw new CloisterError("the request is not an object", { code: "bad-request" });
      const found = findItems(body, itemsField);
      if (found !== undefined) remember({ body, itemsField, value: value as JsonObject, ...found });
      return value as JsonObject;
    },
  };
}

function beginsAlike(body: Buffer, { body: other }: Seen, length: number): boolean {
  return body.length >= length && body.compare(other, 0, length, 0, length) === 0;
}

const COMMA = 0x2c;

/**
 * The body as the other one's beginning, up to the end of an item, other items, and the other one's end. Then it is
 * valid exactly if the items between are.
 */
function goOn(body: Buffer, base: Seen): Seen | undefined {
  const kept = commonItems(body, base);
  const from = base.ends[kept - 1];
  const tail = base.body.length - base.close;
  const to = body.length - tail;
  if (from === undefined || to < from || body.compare(base.body, base.close, undefined, to) !== 0) {
    return undefined;
  }
  if (to > from && body[from] !== COMMA) return undefined;
  const between = to > from ? parseItems(body.toString("utf8", from + 1, to)) : [];
  // Nothing behind a comma is no item.
  if (between === undefined || (to > from && between.length === 0)) return undefined;
  const ends = [...base.ends.slice(0, kept), ...endsOf(body, from, to)];
  const known = base.value[base.itemsField] as readonly Json[];
  const items = [...known.slice(0, kept), ...between];
  if (ends.length !== items.length) return undefined;
  return {
    body,
    itemsField: base.itemsField,
    value: { ...base.value, [base.itemsField]: items },
    ends,
    close: to,
  };
}

/** How many items lie wholly in the common beginning; the more of them, the longer it is, so it is searched by halves. */
function commonItems(body: Buffer, base: Seen): number {
  let [low, high] = [0, base.ends.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (beginsAlike(body, base, base.ends[middle - 1] ?? 0)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Undefined for what is no list, such as one that is closed within. At least one item stands there. */
function parseItems(text: string): readonly Json[] | undefined {
  try {
    return JSON.parse(`[${text}]`) as readonly Json[];
  } catch {
    return undefined; // read as a whole then, which names what is wrong
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Where the items lie in a body that is known to be a JSON object; undefined when that is not plain to see. */
function findItems(body: Buffer, itemsField: string): Pick<Seen, "ends" | "close"> | undefined {
  let found: Pick<Seen, "ends" | "close"> | undefined;
  let at = skipBlanks(body, 0) + 1;
  for (;;) {
    at = body.indexOf(QUOTE, at);
    if (at === -1) return found;
    const keyEnd = endOfString(body, at);
    const key = body.toString("latin1", at + 1, keyEnd - 1);
    // An escape may spell the same name, and the last of two fields of one name counts.
    if (key.includes("\\") || (key === itemsField && found !== undefined)) return undefined;
    const start = skipBlanks(body, body.indexOf(COLON, keyEnd) + 1);
    const end = endOfValue(body, start);
    if (key === itemsField) {
      if (body[start] !== OPEN_LIST) return undefined;
      const ends = endsOf(body, start, end - 1);
      if (ends.length === 0) return undefined;
      found = { ends, close: end - 1 };
    }
    at = end;
  }
}

/** The ends of the values that stand after the byte at `from`, up to `to`. */
function endsOf(body: Buffer, from: number, to: number): number[] {
  const ends: number[] = [];
  for (let at = skipBlanks(body, from + 1); at < to; at = skipBlanks(body, at)) {
    at = endOfValue(body, at);
    ends.push(at);
    const next = skipBlanks(body, at);
    at = body[next] === COMMA ? next + 1 : next;
  }
  return ends;
}

function endOfValue(body: Buffer, start: number): number {
  const first = body[start];
  if (first === QUOTE) return endOfString(body, start);
  if (first !== OPEN_LIST && first !== OPEN_OBJECT) {
    let at = start;
    while (at < body.length && !endsWord(body[at] ?? COMMA)) at += 1;
    return at;
  }
  let depth = 0;
  for (let at = start; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at) - 1;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return body.length;
}

function endsWord(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || byte <= 0x20;
}

/** The index behind the closing quote of the string that begins at `start`. */
function endOfString(body: Buffer, start: number): number {
  for (let at = body.indexOf(QUOTE, start + 1); at !== -1; at = body.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (body[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
  return body.length;
}

function skipBlanks(body: Buffer, from: number): number {
  let at = from;
  while (at < body.length && (body[at] ?? 0) <= 0x20) at += 1;
  return at;
}
