/** What each file of a workspace defines, and which names it uses: read once, and again when the file changed. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf, type Clock } from "@cloister/base";
import { decodeText } from "../tools/text-file.ts";
import type { Definition, FindDefinitions } from "./definitions.ts";
import { grammarFor } from "./languages.ts";

export interface IndexedFile {
  readonly path: string;
  /** With the text of the line, for a reader. */
  readonly definitions: readonly (Definition & { readonly text: string })[];
  /** How often each name stands in it. */
  readonly names: ReadonlyMap<string, number>;
}

export interface IndexResult {
  readonly files: readonly IndexedFile[];
  /** Files of known languages that there was no time for. */
  readonly left: number;
  /** Grammars that are not there. */
  readonly missing: readonly string[];
}

export interface RepoIndex {
  /** @throws the signal's reason */
  look(
    paths: readonly string[],
    signal: AbortSignal,
    onProgress?: (done: number, of: number) => void,
  ): Promise<IndexResult>;
}

export interface IndexOptions {
  readonly workspace: string;
  readonly find: FindDefinitions;
  readonly now: Clock["now"];
}

const FILES_MAX = 10_000;
/** Longer ones were written by a program. */
const FILE_BYTES_MAX = 500_000;
/** Of reading in one call; the next one goes on where it stopped. */
const READING_MS_MAX = 15_000;
const NAMES_MAX = 5000;
const LINE_CHARS_MAX = 160;
const PROGRESS_EVERY = 200;

export function createRepoIndex({ workspace, find, now }: IndexOptions): RepoIndex {
  const known = new Map<string, { readonly stamp: string; readonly file: IndexedFile }>();
  return {
    look: async (paths, signal, onProgress) => {
      const wanted = paths.filter((path) => grammarFor(path) !== undefined).slice(0, FILES_MAX);
      const over = now() + READING_MS_MAX;
      const files: IndexedFile[] = [];
      const missing = new Set<string>();
      let left = 0;
      for (const [at, path] of wanted.entries()) {
        signal.throwIfAborted();
        if (at % PROGRESS_EVERY === 0 && at > 0) onProgress?.(at, wanted.length);
        const stamp = await stampOf(join(workspace, path));
        if (stamp === undefined) continue;
        const before = known.get(path);
        if (before?.stamp === stamp) files.push(before.file);
        else if (now() > over) left += 1;
        else {
          const file = await read(path, { workspace, find, missing });
          if (file === undefined) continue;
          known.set(path, { stamp, file });
          files.push(file);
        }
      }
      return { files, left, missing: [...missing] };
    },
  };
}

/** Of a plain file of bearable length. */
async function stampOf(real: string): Promise<string | undefined> {
  try {
    const found = await stat(real, { bigint: true });
    const isFit = found.isFile() && found.size <= FILE_BYTES_MAX;
    return isFit ? `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}` : undefined;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined; // gone, or not to be seen
  }
}

async function read(
  path: string,
  { workspace, find, missing }: Pick<IndexOptions, "workspace" | "find"> & { readonly missing: Set<string> },
): Promise<IndexedFile | undefined> {
  const grammar = grammarFor(path);
  const text = await textOf(join(workspace, path));
  if (grammar === undefined || text === undefined) return undefined;
  const found = await find(text, grammar);
  if (found === undefined) {
    missing.add(grammar.name);
    return undefined;
  }
  const lines = text.split("\n");
  const definitions = found.map(({ name, line }) => {
    return { name, line, text: (lines[line - 1] ?? "").trimEnd().slice(0, LINE_CHARS_MAX) };
  });
  return { path, definitions, names: namesIn(text) };
}

async function textOf(real: string): Promise<string | undefined> {
  try {
    return decodeText(await readFile(real))?.text;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined; // gone, or not to be read
  }
}

/** Words, also those in comments: what is spoken of belongs together too, and a word costs a tenth of a tree. */
function namesIn(text: string): Map<string, number> {
  const names = new Map<string, number>();
  for (const [name] of text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]{2,99}/gu)) {
    const count = names.get(name);
    if (count !== undefined) names.set(name, count + 1);
    else if (names.size < NAMES_MAX) names.set(name, 1);
  }
  return names;
}
