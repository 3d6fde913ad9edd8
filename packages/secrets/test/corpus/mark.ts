import type { SecretKind } from "../../src/finding.ts";

export interface Labelled {
  readonly start: number;
  readonly end: number;
  /** Any of these is the right kind. */
  readonly kinds: readonly SecretKind[];
}

export interface CorpusDocument {
  readonly name: string;
  readonly text: string;
  readonly secrets: readonly Labelled[];
}

/** Characters for private use, which no document holds. */
const MARKED = /\uE000([a-z -]+)\uE001([^\uE002]*)\uE002/g;

/** Marks a secret inside a document that is being written. `kinds` are separated by blanks. */
export function mark(kinds: string, value: string): string {
  return `\uE000${kinds}\uE001${value}\uE002`;
}

/** The document without its marks, and where they stood. */
export function unmark(name: string, marked: string): CorpusDocument {
  const secrets: Labelled[] = [];
  let text = "";
  let done = 0;
  for (const match of marked.matchAll(MARKED)) {
    const [all, kinds = "", value = ""] = match;
    text += marked.slice(done, match.index);
    secrets.push({
      start: text.length,
      end: text.length + value.length,
      kinds: kinds.split(" ") as SecretKind[],
    });
    text += value;
    done = match.index + all.length;
  }
  return { name, text: text + marked.slice(done), secrets };
}
