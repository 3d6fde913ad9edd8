/** Writes a file so that a reader, or a crash, sees the old content or the new, never a part. */
import { chmod, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newId } from "@cloister/base";

const NEW_FILE_MODE = 0o666;

/**
 * Parent directories are created. `mode` keeps the permission bits of the file that is replaced; without it the
 * process's umask decides. The new name is durable once the directory is; the content is synced before the rename.
 * @throws the system's error; no temporary file stays behind.
 */
export async function saveFile(real: string, content: Uint8Array, mode: number | undefined): Promise<void> {
  const directory = dirname(real);
  await mkdir(directory, { recursive: true });
  // Beside the target, so that the rename stays in one file system; not named after it, for names at the length limit.
  const temporary = join(directory, `.${newId("cloister")}.tmp`);
  const file = await open(temporary, "wx", mode ?? NEW_FILE_MODE);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, real);
  } catch (error) {
    await unlink(temporary).catch(() => {
      /* The first error is the one to report. */
    });
    throw error;
  }
}

/** Bytes of a text as it goes back into a file. */
export function encodeText(text: string, hasBom: boolean): Buffer {
  return Buffer.from(hasBom && !text.startsWith("\ufeff") ? `\ufeff${text}` : text);
}
