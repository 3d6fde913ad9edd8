/** Which definitions matter: files that much is used of, from files that much is used of (PageRank, Brin and Page 1998). */
import type { IndexedFile } from "./index-files.ts";

export interface Ranked {
  readonly path: string;
  readonly line: number;
  readonly text: string;
  readonly score: number;
}

export interface Interest {
  /** Words of a question, in lower case. */
  readonly words: readonly string[];
  /** What the session has read already. */
  readonly read: ReadonlySet<string>;
}

const ROUNDS = 20;
const DAMPING = 0.85;
/** A name that many files define says nothing of any of them. */
const HOMES_MAX = 8;
const NAME_CHARS_MIN = 3;
/** How much more a file counts that was read, and one that the question names. */
const READ_WEIGHT = 5;
const ASKED_WEIGHT = 20;

/** A test says how code is used; it is not the code. */
const TEST_WEIGHT = 0.2;
/** What a use counts in a file that does not name the other one: most likely it means something else. */
const UNNAMED_WEIGHT = 0.05;
/** A plain word that stands in more files than that is a word of the language. */
const USERS_SHARE_MAX = 0.2;
const USERS_MIN = 20;

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly weight: number;
}

/** Best first. The same files in the same order give the same answer. */
export function rankDefinitions(files: readonly IndexedFile[], interest: Interest): Ranked[] {
  const edges = edgesOf(files);
  const asked = files.map((file) => interestIn(file, interest));
  const ranks = pageRank(files.length, edges, asked);
  const uses = new Map<string, number>();
  const sums = outgoing(files.length, edges);
  for (const { from, to, name, weight } of edges) {
    const key = `${to} ${name}`;
    const share = ((ranks[from] ?? 0) * weight) / (sums[from] ?? 1);
    uses.set(key, (uses.get(key) ?? 0) + share);
  }
  const ranked = files.flatMap(({ path, definitions }, at) =>
    definitions.map(({ name, line, text }) => {
      const isAsked = interest.words.some((word) => name.toLowerCase().includes(word));
      // What nobody uses is still something of its file; and what is asked for is all of it.
      const own = isAsked ? (ranks[at] ?? 0) : (ranks[at] ?? 0) / (10 * definitions.length);
      const score = ((uses.get(`${at} ${name}`) ?? 0) + own) * (isAsked ? ASKED_WEIGHT : 1);
      return { path, line, text, score: isTest(path) ? score * TEST_WEIGHT : score };
    }),
  );
  return ranked.sort(
    (a, b) => b.score - a.score || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line),
  );
}

function isTest(path: string): boolean {
  return /(?:^|\/)(?:tests?|__tests__|spec|testdata)\/|[._-](?:test|spec)\.|(?:^|\/)test_/u.test(path);
}

function interestIn({ path, definitions }: IndexedFile, { words, read }: Interest): number {
  const lower = path.toLowerCase();
  const isNamed = words.some((word) => lower.includes(word));
  const isAsked =
    isNamed || words.some((word) => definitions.some(({ name }) => name.toLowerCase() === word));
  return 1 + (read.has(path) ? READ_WEIGHT : 0) + (isAsked ? ASKED_WEIGHT : 0);
}

/** From each file to those that define what it uses. */
function edgesOf(files: readonly IndexedFile[]): Edge[] {
  const homes = new Map<string, Set<number>>();
  for (const [at, { definitions }] of files.entries()) {
    for (const { name } of definitions) {
      if (name.length < NAME_CHARS_MIN) continue;
      const set = homes.get(name) ?? new Set();
      homes.set(name, set.add(at));
    }
  }
  const users = new Map<string, number>();
  for (const { names } of files) {
    for (const name of names.keys()) if (homes.has(name)) users.set(name, (users.get(name) ?? 0) + 1);
  }
  const usersMax = Math.max(USERS_MIN, files.length * USERS_SHARE_MAX);
  const stems = files.map(({ path }) => stemOf(path));
  const edges: Edge[] = [];
  for (const [from, { names }] of files.entries()) {
    for (const [name, count] of names) {
      const places = homes.get(name);
      if (places === undefined || places.size > HOMES_MAX || places.has(from)) continue;
      const telling = tellingOf(name);
      // A word of the language, or of everyday speech, that somebody happened to define.
      if (telling < 1 && (users.get(name) ?? 0) > usersMax) continue;
      for (const to of places) {
        const isNamed = stems[to]?.some((stem) => stem.every((word) => names.has(word))) === true;
        const weight = (Math.sqrt(count) * telling * (isNamed ? 1 : UNNAMED_WEIGHT)) / places.size;
        edges.push({ from, to, name, weight });
      }
    }
  }
  return edges;
}

/** How far a name says which thing is meant: `return` and `test` stand everywhere, `createRepoIndex` is one thing. */
function tellingOf(name: string): number {
  const isCompound = /[\p{Ll}\p{N}]\p{Lu}|\p{L}_\p{L}/u.test(name);
  return isCompound ? 3 : /^\p{Lu}/u.test(name) ? 1 : 0.3;
}

/**
 * The words by which other files import this one: its own name, or its folder's where that is what is imported. Every
 * language writes imports in its own way, and nearly all of them write one of these two.
 */
function stemOf(path: string): (readonly string[])[] {
  const [file = "", folder] = path.split("/").toReversed();
  const wordsOf = (text: string): string[] => text.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu) ?? [];
  return [file.replace(/\..*$/, ""), folder ?? ""].map(wordsOf).filter((words) => words.length > 0);
}

function outgoing(count: number, edges: readonly Edge[]): Float64Array {
  const sums = new Float64Array(count);
  for (const { from, weight } of edges) sums[from] = (sums[from] ?? 0) + weight;
  return sums;
}

function pageRank(count: number, edges: readonly Edge[], asked: readonly number[]): Float64Array {
  const total = asked.reduce((sum, each) => sum + each, 0);
  const start = Float64Array.from(asked, (each) => each / total);
  const sums = outgoing(count, edges);
  let ranks = start;
  for (let round = 0; round < ROUNDS; round++) {
    const next = start.map((each) => each * (1 - DAMPING));
    let loose = 0;
    for (const [at, rank] of ranks.entries()) if (sums[at] === 0) loose += rank;
    for (const { from, to, weight } of edges) {
      next[to] = (next[to] ?? 0) + (DAMPING * (ranks[from] ?? 0) * weight) / (sums[from] ?? 1);
    }
    // What a file that uses nothing has to give goes to where the interest is.
    ranks = next.map((each, at) => each + DAMPING * loose * (start[at] ?? 0));
  }
  return ranks;
}
