/** Writes a file so that a reader, or a crash, sees the old content or the new, never a part. */
import {
  chmodSync,
  closeSync,
  fsync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { newId, systemCodeOf } from "@cloister/base";
import type { ToolWorld } from "./tool.ts";

const NEW_FILE_MODE = 0o666;

/**
 * Parent directories are created. `mode` keeps the permission bits of the file that is replaced; without it the
 * process's umask decides. The new name is durable once the directory is; the content is synced before the rename.
 * @throws the system's error; no temporary file stays behind.
 */
export async function saveFile(real: string, content: Uint8Array, mode: number | undefined): Promise<void> {
  const directory = dirname(real);
  mkdirSync(directory, { recursive: true });
  // Beside the target, so that the rename stays in one file system; not named after it, for names at the length limit.
  const temporary = join(directory, `.${newId("cloister")}.tmp`);
  const file = openSync(temporary, "wx", mode ?? NEW_FILE_MODE);
  try {
    try {
      writeFileSync(file, content);
      // Only this waits for the disk.
      await sync(file);
    } finally {
      closeSync(file);
    }
    if (mode !== undefined) chmodSync(temporary, mode);
    renameSync(temporary, real);
  } catch (error) {
    remove(temporary);
    throw error;
  }
}

const sync = promisify(fsync);

/**
 * The same for a file of the workspace, and where this cell may not write: then the keeper does, if the call was allowed.
 * @throws the system's error, and what the keeper says against it
 */
export async function saveInWorkspace(
  { real, path }: { readonly real: string; readonly path: string },
  { content, mode }: { readonly content: Buffer; readonly mode: number | undefined },
  { saveGuarded }: Pick<ToolWorld, "saveGuarded">,
): Promise<void> {
  try {
    await saveFile(real, content, mode);
  } catch (error) {
    if (saveGuarded === undefined || !closed.has(systemCodeOf(error) ?? "")) throw error;
    const answer = await saveGuarded({ path, text: content.toString("utf8"), mode });
    if (answer.kind === "refused") throw new Error(answer.why, { cause: error });
    if (answer.kind === "not-guarded") throw error;
  }
}

/** What a mount over a folder, or over the file itself, answers; ENOENT is Node's word where folders are to be made. */
const closed: ReadonlySet<string> = new Set(["EACCES", "EROFS", "EBUSY", "EPERM", "ENOENT"]);

function remove(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch {
    /* The first error is the one to report. */
  }
}

/** Bytes of a text as it goes back into a file. */
export function encodeText(text: string, hasBom: boolean): Buffer {
  return Buffer.from(hasBom && !text.startsWith("\ufeff") ? `\ufeff${text}` : text);
}
