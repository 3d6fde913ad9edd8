/** The files under a path, and what of them can be scanned. */
import { lstat, open, opendir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf } from "@cloister/base";

export const FILE_BYTES_MAX: number = 32 << 20;
const FILES_MAX = 2_000_000;
/** Git's own way to tell: a zero byte near the beginning. */
const BINARY_BYTES = 8_000;

export type Scannable =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" }
  | { readonly kind: "too-large" }
  | { readonly kind: "unreadable"; readonly why: string };

/**
 * The files of a folder and its folders by name, or the one that is named, with `path` before them as it was given.
 * Links are not followed, and what Git keeps for itself is left out.
 */
export async function* walk(path: string, directory: string): AsyncGenerator<string> {
  const waiting = [path];
  for (let count = 0; count < FILES_MAX; count++) {
    const next = waiting.pop();
    if (next === undefined) return;
    const entries = await entriesOf(resolve(directory, next));
    if (entries === undefined) {
      yield next;
      continue;
    }
    waiting.push(...entries.map((name) => join(next, name)).toReversed());
  }
}

/** The names in a folder, without links and `.git`; undefined for anything that is no folder. */
async function entriesOf(path: string): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    if (!(await lstat(path)).isDirectory()) return undefined;
    for await (const entry of await opendir(path)) {
      if ((entry.isFile() || entry.isDirectory()) && entry.name !== ".git") names.push(entry.name);
    }
  } catch {
    return undefined; // Reading it as a file says what is wrong with it.
  }
  return names.sort();
}

export async function readScannable(path: string): Promise<Scannable> {
  let file;
  try {
    file = await open(path);
    const { size } = await file.stat();
    if (size > FILE_BYTES_MAX) return { kind: "too-large" };
    return toScannable(await file.readFile());
  } catch (error) {
    return { kind: "unreadable", why: messageOf(error) };
  } finally {
    await file?.close();
  }
}

export async function readStream(stream: AsyncIterable<Uint8Array | string>): Promise<Scannable> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    bytes += chunk.length;
    if (bytes > FILE_BYTES_MAX) {
      return { kind: "unreadable", why: "the standard input is larger than 32 MiB" };
    }
  }
  return toScannable(Buffer.concat(chunks));
}

/** UTF-8 as a rule, else UTF-16 by its mark, else GB 18030, which most old Chinese files are in. */
export function toScannable(bytes: Uint8Array): Scannable {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return text(bytes, "utf-16le");
  if (first === 0xfe && second === 0xff) return text(bytes, "utf-16be");
  if (bytes.subarray(0, BINARY_BYTES).includes(0)) return { kind: "binary" };
  try {
    return text(bytes, "utf-8", true);
  } catch {
    return text(bytes, "gb18030"); // not UTF-8
  }
}

/** Keeps the byte order mark, so that positions count it. */
function text(bytes: Uint8Array, encoding: string, fatal = false): Scannable {
  return { kind: "text", text: new TextDecoder(encoding, { ignoreBOM: true, fatal }).decode(bytes) };
}
