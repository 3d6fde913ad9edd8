/** Takes the fingerprints of a folder's source files. Nothing of the code leaves this process but hashes. */
import { lstatSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { createIndexBuilder, type FingerprintIndex, type IndexBuilder, type Label } from "@cloister/policy";

export interface FingerprintRequest {
  readonly repository: string;
  readonly label: Label;
  readonly name: string | undefined;
  readonly compartments: readonly string[];
  /** Folders of code that is public, or others' as well. */
  readonly except: readonly string[];
  readonly onFile: (count: number) => void;
}

export interface Fingerprinted {
  readonly index: FingerprintIndex;
  readonly files: number;
  readonly bytes: number;
  /** Left out: too long, or no text. */
  readonly skipped: readonly string[];
}

const FILES_MAX = 1_000_000;
const FILE_BYTES_MAX = 8 * 1024 * 1024;
// What others wrote, or programs made.
const foreign = new Set([
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  "vendor",
  "third_party",
  "dist",
  "build",
  "target",
  ".venv",
  "__pycache__",
]);

export async function fingerprintFolder(request: FingerprintRequest): Promise<Fingerprinted> {
  const { repository, label, compartments, except, onFile } = request;
  const builder = createIndexBuilder();
  for (const folder of except) {
    await addFolder(
      folder,
      (text) => builder.except(text),
      () => undefined,
    );
  }
  const counted = await addFolder(repository, (text) => builder.add(text), onFile);
  const name = request.name ?? basename(repository);
  return { ...counted, index: builder.build({ name, label, compartments: [...compartments] }) };
}

async function addFolder(
  folder: string,
  add: IndexBuilder["add"],
  onFile: (count: number) => void,
): Promise<Omit<Fingerprinted, "index">> {
  const skipped: string[] = [];
  let files = 0;
  let bytes = 0;
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined && files < FILES_MAX; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory() && !foreign.has(entry.name)) waiting.push(path);
      if (!entry.isFile()) continue;
      const text = readText(path);
      if (text === undefined) {
        skipped.push(relative(folder, path));
        continue;
      }
      add(text);
      files += 1;
      bytes += text.length;
      onFile(files);
    }
  }
  return { files, bytes, skipped };
}

/** Undefined for what is no text: a zero byte near the start, as git decides it. */
function readText(path: string): string | undefined {
  if (lstatSync(path).size > FILE_BYTES_MAX) return undefined;
  const bytes = readFileSync(path);
  return bytes.subarray(0, 8000).includes(0) ? undefined : bytes.toString("utf8");
}
