// A byte-level BPE vocabulary as GPT-2 and the Qwen families have it, learnt from a few lines of text.

/** llama.cpp's token types. */
export const TOKEN_TYPE = { normal: 1, control: 3, userDefined: 4 } as const;

export type TokenType = (typeof TOKEN_TYPE)[keyof typeof TOKEN_TYPE];
type Merge = readonly [left: string, right: string];

export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly TokenType[];
  readonly merges: readonly Merge[];
  /** The token's id; a new one when the text is not a token yet. */
  add(text: string, type: TokenType): number;
  /** The ids of new tokens that together are this text, each of which occurs nowhere else; undefined if it cannot be cut so. */
  addChain(text: string): readonly number[] | undefined;
}

/** 256 single bytes, then what the merges make. */
export function createVocabulary(mergesMax: number): Vocabulary {
  const merges = learnMerges(CORPUS, mergesMax);
  const tokens = [...BYTE_CHARS];
  const types: TokenType[] = tokens.map(() => TOKEN_TYPE.normal);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const add = (text: string, type: TokenType): number => {
    const known = ids.get(text);
    if (known !== undefined) return known;
    ids.set(text, tokens.length);
    types.push(type);
    return tokens.push(text) - 1;
  };
  for (const [left, right] of merges) add(left + right, TOKEN_TYPE.normal);
  const addChain = (text: string): readonly number[] | undefined =>
    cutUnique(toByteChars(text), ids)?.map((piece) => add(piece, TOKEN_TYPE.normal));
  return { tokens, types, merges, add, addChain };
}

// The reversible table from bytes to printable characters that such vocabularies are written in. Each is one UTF-16
// unit, so a text of them can be cut anywhere.
const BYTE_CHARS: readonly string[] = byteChars();

function byteChars(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(isPrintable ? byte : next++);
  });
}

export function toByteChars(text: string): string {
  return Array.from(Buffer.from(text), (byte) => BYTE_CHARS[byte]).join("");
}

const CORPUS = `const value = await readFile(path); return { name: "read_file", arguments: { "path": "src/index.ts" } };
import { test } from 'node:test'; export function add(first: number, second: number): number { return first + second; }
The user asked for a change in the repository. You are a coding agent that works with tools. Read the file, then edit it,
run the tests and report the result. The tool returned an error: the file does not exist. if (error) throw new Error("message");
"type": "object", "properties": { "command": { "type": "string", "description": "the command to run" } }, "required": ["command"]
`;

/** Byte pair encoding: joins the commonest pair again and again. In the order of rank; fewer when no pair occurs twice. */
export function learnMerges(text: string, mergesMax: number): Merge[] {
  const counts = new Map<string, number>();
  for (const [piece] of text.matchAll(/ ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+/gu)) {
    const word = toByteChars(piece);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  let words = [...counts].map(([word, count]) => ({ parts: word.split(""), count }));
  const merges: Merge[] = [];
  while (merges.length < mergesMax) {
    const best = commonestPair(words);
    if (best === undefined) break;
    merges.push(best);
    words = words.map(({ parts, count }) => ({ parts: joinPair(parts, best), count }));
  }
  return merges;
}

function commonestPair(words: readonly { parts: readonly string[]; count: number }[]): Merge | undefined {
  const pairs = new Map<string, { pair: Merge; count: number }>();
  for (const { parts, count } of words) {
    for (const [i, right] of parts.entries()) {
      const left = parts[i - 1];
      if (left === undefined) continue;
      const key = `${left} ${right}`;
      pairs.set(key, { pair: [left, right], count: (pairs.get(key)?.count ?? 0) + count });
    }
  }
  let best: { pair: Merge; count: number } | undefined;
  for (const candidate of pairs.values()) if (candidate.count > (best?.count ?? 1)) best = candidate;
  return best?.pair;
}

function joinPair(parts: readonly string[], [left, right]: Merge): string[] {
  const joined: string[] = [];
  for (const part of parts) {
    if (part === right && joined.at(-1) === left) joined[joined.length - 1] = left + right;
    else joined.push(part);
  }
  return joined;
}

// About four characters first, which is what a token of a real vocabulary holds; the long ones for repetitive text.
const PIECE_LENGTHS = [
  4, 5, 3, 6, 7, 8, 2, 9, 10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048,
];

/** Cuts text into pieces none of which is taken or occurs twice, going back where a cut leads nowhere. */
function cutUnique(chars: string, taken: ReadonlyMap<string, number>): string[] | undefined {
  const mine = new Set<string>();
  const path: { readonly from: number; readonly choice: number; readonly piece: string }[] = [];
  const deadEnds = new Set<number>();
  let from = 0;
  let choice = 0;
  while (from < chars.length) {
    let piece: string | undefined;
    while (piece === undefined && choice < PIECE_LENGTHS.length) {
      const to = from + (PIECE_LENGTHS[choice] ?? 0);
      choice++;
      if (to > chars.length || deadEnds.has(to)) continue;
      const candidate = chars.slice(from, to);
      if (!taken.has(candidate) && !mine.has(candidate)) piece = candidate;
    }
    if (piece !== undefined) {
      mine.add(piece);
      path.push({ from, choice, piece });
      from += piece.length;
      choice = 0;
      continue;
    }
    deadEnds.add(from);
    const last = path.pop();
    if (last === undefined) return undefined;
    mine.delete(last.piece);
    ({ from, choice } = last);
  }
  return path.map(({ piece }) => piece);
}
