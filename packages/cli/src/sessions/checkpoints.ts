/** Keeps the state of the workspace before each message's work, and as the work left it, in the session's log. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { isRecord, newId, type Clock } from "@cloister/base";
import { seal, unseal } from "@cloister/ledger";
import { deriveSessionKey } from "./places.ts";
import { openObjects } from "./objects.ts";
import type { SessionRecord } from "./records.ts";
import { takeTree, treeOf, type Noted } from "./take-tree.ts";
import { changesBetween, treeAfter, type Tree, type TreeStep } from "./tree.ts";

export interface Checkpoints {
  /** Begins to note the state before the work on this message. */
  before(message: number): void;
  /** Begins to note how the work left it. */
  after(): void;
  /** Resolves when what was begun is noted. Never rejects: the session goes on without, and says so. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface CheckpointOptions {
  readonly workspace: string;
  /** Of the workspace's sessions: contents are shared by all of them. */
  readonly folder: string;
  readonly key: Uint8Array;
  /** Those of the session so far. */
  readonly trees: readonly TreeStep[];
  readonly append: (record: SessionRecord) => void;
  readonly clock: Clock;
  readonly onTrouble: (trouble: unknown) => void;
}

export function openCheckpoints(options: CheckpointOptions): Checkpoints {
  const { workspace, folder, key, clock, onTrouble } = options;
  const store = openObjects(folder, key);
  let last: Tree | undefined = options.trees.length === 0 ? undefined : treeAfter(options.trees);
  let known: ReadonlyMap<string, Noted> | undefined;
  let work: Promise<void> = Promise.resolve();

  const take = async (before: number | undefined): Promise<void> => {
    known ??= readIndex(folder, key);
    const taken = await takeTree({ workspace, known, store, clock });
    known = taken.noted;
    const tree = treeOf(taken.noted);
    const changes = changesBetween(last ?? new Map(), tree);
    options.append({
      t: "tree",
      ...(before === undefined ? {} : { before }),
      whole: last === undefined,
      changes,
      left: taken.left,
    });
    last = tree;
  };
  const begin = (before: number | undefined): void => {
    work = work.then(() => take(before)).catch(onTrouble);
  };
  return {
    before: begin,
    after: () => begin(undefined),
    settled: () => work,
    async close() {
      await work;
      store.close();
      if (known !== undefined) writeIndex(folder, key, known);
    },
  };
}

const INDEX_BYTES_MAX = 512 * 1024 * 1024;

/** What was known at the end of the last session here, so that the next one need not read every file again. */
export function readIndex(folder: string, key: Uint8Array): Map<string, Noted> {
  try {
    const sealed = readFileSync(indexFile(folder));
    const packed = unseal(deriveSessionKey(key, "index"), sealed, "index");
    const text = zstdDecompressSync(packed, { maxOutputLength: INDEX_BYTES_MAX }).toString("utf8");
    const rows: unknown = JSON.parse(text);
    if (!Array.isArray(rows)) return new Map();
    return new Map(
      (rows as unknown[]).flatMap((row): [string, Noted][] =>
        Array.isArray(row) && typeof row[0] === "string" && isRecord(row[2])
          ? [[row[0], { stamps: String(row[1]), entry: row[2] as unknown as Noted["entry"] }]]
          : [],
      ),
    );
  } catch {
    return new Map(); // none yet, or not whole: then everything is read once more
  }
}

function writeIndex(folder: string, key: Uint8Array, known: ReadonlyMap<string, Noted>): void {
  const rows = Array.from(known, ([path, { stamps, entry }]) => [path, stamps, entry]);
  const packed = zstdCompressSync(Buffer.from(JSON.stringify(rows)));
  const draft = `${indexFile(folder)}.${newId("new")}`;
  writeFileSync(draft, seal(deriveSessionKey(key, "index"), packed, "index"), { mode: 0o600 });
  renameSync(draft, indexFile(folder));
}

export function indexFile(folder: string): string {
  return join(folder, "index");
}
