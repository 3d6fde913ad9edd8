/**
 * JSON as models write it: Python literals, single quotes, trailing commas, raw line breaks, bare keys. What can be
 * read in one way only is read; everything else is a fault with its place. Valid JSON means what it always means.
 */
import type { Json } from "@cloister/base";

export type Loose =
  | { readonly kind: "value"; readonly value: Json; /** After the value. */ readonly end: number }
  /** The text ends inside the value. */
  | { readonly kind: "cut" }
  | { readonly kind: "bad"; readonly at: number; readonly detail: string };

const DEPTH_MAX = 64;
const WORDS: Readonly<Record<string, Json>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  null: null,
  None: null,
  undefined: null,
};
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Reads the one value that begins at `at` or after blanks there. Linear in what it reads. */
export function parseLoose(text: string, at: number = 0): Loose {
  const reader = new Reader(text, at);
  const value = reader.value(0);
  if (value !== undefined) return { kind: "value", value, end: reader.at };
  return reader.fault ?? { kind: "cut" };
}

/** The value, when the whole text is one; undefined otherwise. */
export function parseLooseWhole(text: string): Json | undefined {
  const read = parseLoose(text);
  return read.kind === "value" && text.slice(read.end).trim() === "" ? read.value : undefined;
}

/** Recursive descent. Undefined stands for failure: `fault` says which, and no fault means that the text ended. */
class Reader {
  at: number;
  fault: Loose | undefined;
  readonly #text: string;
  /** The next backslash, so that many short strings do not each search the rest of the text for one. */
  #slashAt = -1;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  value(depth: number): Json | undefined {
    const first = this.#peek();
    if (first === undefined) return undefined;
    if (depth > DEPTH_MAX) return this.#bad(`nested deeper than ${DEPTH_MAX}`);
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#list(depth);
    if (first === '"' || first === "'") return this.#string(first);
    return this.#word();
  }

  #object(depth: number): Json | undefined {
    const entries = new Map<string, Json>();
    this.at += 1;
    for (;;) {
      const next = this.#peek();
      if (next === undefined) return undefined;
      if (next === "}") {
        this.at += 1;
        return Object.fromEntries(entries);
      }
      const key = next === '"' || next === "'" ? this.#string(next) : this.#bareKey();
      if (key === undefined) return undefined;
      const colon = this.#peek();
      if (colon === undefined) return undefined;
      if (colon !== ":") return this.#bad('expected ":" after the key');
      this.at += 1;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      const before = entries.get(key);
      if (before !== undefined && !isSame(before, value)) {
        return this.#bad(`the key "${key}" is given twice, differently`);
      }
      entries.set(key, value);
      if (!this.#separator("}")) return undefined;
    }
  }

  #list(depth: number): Json | undefined {
    const items: Json[] = [];
    this.at += 1;
    for (;;) {
      const next = this.#peek();
      if (next === undefined) return undefined;
      if (next === "]") {
        this.at += 1;
        return items;
      }
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
      if (!this.#separator("]")) return undefined;
    }
  }

  /** A comma, which may stand before the closing bracket too. */
  #separator(close: string): boolean {
    const next = this.#peek();
    if (next === undefined) return false;
    if (next === ",") this.at += 1;
    else if (next !== close) this.#bad(`expected "," or "${close}"`);
    return this.fault === undefined;
  }

  #bareKey(): string | undefined {
    const word = this.#match(/[A-Za-z_$][\w$-]*/y);
    return word ?? this.#bad("expected a key");
  }

  #word(): Json | undefined {
    const start = this.at;
    const word = this.#match(/[-+\w.]+/y);
    if (word !== undefined && Object.hasOwn(WORDS, word)) return WORDS[word];
    if (word !== undefined && NUMBER.test(word)) return Number(word);
    if (word !== undefined && this.at === this.#text.length && isHalfWord(word)) return undefined;
    this.at = start;
    return this.#bad("expected a value");
  }

  #string(quote: string): string | undefined {
    const start = this.at;
    const mark = this.#text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
    let end = start + mark.length;
    for (;;) {
      const close = this.#text.indexOf(mark, end);
      if (close < 0) return undefined;
      if (this.#slashAt < end) this.#slashAt = indexOrEnd(this.#text, "\\", end);
      if (this.#slashAt > close) {
        end = close;
        break;
      }
      end = this.#slashAt + 2;
    }
    this.at = end + mark.length;
    const value = unescape(this.#text.slice(start + mark.length, end));
    if (value !== undefined) return value;
    this.at = start;
    return this.#bad("a backslash in this text begins no JSON escape; write each backslash as \\\\");
  }

  /** The next character that is no blank and no comment. */
  #peek(): string | undefined {
    this.#match(/(?:[\s\u200b-\u200d\u2060]+|\/\/[^\n]*|\/\*[^]*?\*\/)+/y);
    return this.#text[this.at];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  #bad(detail: string): undefined {
    this.fault ??= { kind: "bad", at: this.at, detail };
    return undefined;
  }
}

function isSame(one: Json, other: Json): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function isHalfWord(word: string): boolean {
  return (
    Object.keys(WORDS).some((whole) => whole.startsWith(word)) || /^-?\d*\.?\d*(?:[eE][+-]?)?$/.test(word)
  );
}

function indexOrEnd(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
}

const ESCAPE = /\\(u[0-9a-fA-F]{4}|[^])/g;
const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Undefined when it could mean two things. `\d` in a pattern is a backslash that nobody escaped; beside it, `\n` may be a line break
 * or the same mistake, and guessing has put line breaks into paths. Only a Windows path tells by itself.
 */
function unescape(raw: string): string | undefined {
  if (!raw.includes("\\")) return raw;
  const escapes = raw.match(ESCAPE) ?? [];
  const isKnown = (escape: string): boolean => escape.length === 6 || Object.hasOwn(SIMPLE, escape.slice(1));
  if (escapes.every(isKnown)) return raw.replace(ESCAPE, (_, body: string) => decoded(body));
  if (/^(?:[A-Za-z]:\\|\\\\)[^\n"]*$/.test(raw)) return raw.replaceAll(/\\\\?/g, "\\");
  if (escapes.some((escape) => /^\\[bfnrtu]/.test(escape))) return undefined;
  return raw.replace(ESCAPE, (escape, body: string) => (isKnown(escape) ? decoded(body) : escape));
}

function decoded(body: string): string {
  return body.length === 5 ? String.fromCharCode(Number.parseInt(body.slice(1), 16)) : (SIMPLE[body] ?? body);
}
