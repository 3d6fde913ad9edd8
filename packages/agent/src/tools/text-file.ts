/** Reads a file as text, and tells every reason why it cannot be. */
import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { formatBytes, sha256 } from "@cloister/base";

export const fileBytesMax = 20_000_000;
const AT_ONCE_BYTES_MAX = 1_000_000;
/** ripgrep and git look this far for a NUL as well. */
const BINARY_PROBE_BYTES = 8000;

export interface TextFile {
  readonly kind: "text";
  /** Line ends as they are in the file; the byte order mark is left out. */
  readonly text: string;
  readonly hasBom: boolean;
  readonly encoding: "utf-8" | "gb18030";
  /** sha256 (hex) of all bytes. */
  readonly hash: string;
  /** Permission bits. */
  readonly mode: number;
}

export type FileRead =
  | TextFile
  | { readonly kind: "missing" }
  | { readonly kind: "directory" }
  /** `why` completes the sentence "a.bin is …". */
  | { readonly kind: "unreadable"; readonly why: string; readonly isBinary: boolean };

/** @throws the system's error when the file exists and cannot be read. */
export async function readTextFile(real: string): Promise<FileRead> {
  const found = statSync(real, { throwIfNoEntry: false });
  if (found === undefined) return { kind: "missing" };
  if (found.isDirectory()) return { kind: "directory" };
  // Opening a pipe or a device could wait for ever.
  if (!found.isFile()) return unreadable("not a regular file");
  if (found.size > fileBytesMax) {
    return unreadable(
      `${formatBytes(found.size)} long, more than the ${formatBytes(fileBytesMax)} that can be read`,
    );
  }
  // A file of source is read in a tenth of the time that asking another thread for it takes.
  const bytes = found.size <= AT_ONCE_BYTES_MAX ? readFileSync(real) : await readFile(real);
  const decoded = decodeText(bytes);
  if (decoded === undefined) {
    return { ...unreadable(`a binary file of ${formatBytes(bytes.length)}`), isBinary: true };
  }
  return { kind: "text", ...decoded, hash: sha256(bytes).toString("hex"), mode: found.mode & 0o7777 };
}

/**
 * UTF-8, or else GB18030, in which much older Chinese source is written and which covers GBK and GB 2312.
 * Undefined for binary content.
 */
export function decodeText(bytes: Buffer): Pick<TextFile, "text" | "hasBom" | "encoding"> | undefined {
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) return undefined;
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  for (const encoding of ["utf-8", "gb18030"] as const) {
    try {
      const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
      return { text: hasBom && encoding === "utf-8" ? text.slice(1) : text, hasBom, encoding };
    } catch {
      // Not in this encoding: the next one is tried.
    }
  }
  return undefined;
}

/** Lines without their ends ("\n" or "\r\n"). A last line feed ends the last line; it does not begin another. */
export function splitLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

/** The first `charsMax` characters, never half of a surrogate pair, and a mark that says how much is left out. */
export function cutLine(line: string, charsMax: number): string {
  if (line.length <= charsMax) return line;
  const code = line.charCodeAt(charsMax - 1);
  const end = code >= 0xd800 && code < 0xdc00 ? charsMax - 1 : charsMax;
  return `${line.slice(0, end)} [${line.length - end} more characters]`;
}

function unreadable(why: string): Extract<FileRead, { kind: "unreadable" }> {
  return { kind: "unreadable", why, isBinary: false };
}
