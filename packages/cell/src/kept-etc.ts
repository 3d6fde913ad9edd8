/**
 * The copy of `/etc` for cells, kept between sessions in the user's own folder: to make and to remove fifty small files
 * cost a session as much as a command. Its name tells every file it was made from.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { newId } from "@cloister/base";
import { copyEtc, planEtc } from "./etc.ts";
import type { CellView } from "./view.ts";

export interface KeptEtcOptions {
  /** Where copies are kept: the user's own, below a folder that nobody else can write. */
  readonly folder: string;
  readonly system: CellView["system"];
  /** The system's folder, `/etc`. */
  readonly from: string;
  /** Written over what was copied, by their names. */
  readonly files: Readonly<Record<string, string>>;
}

const UNUSED_MS_MAX = 30 * 24 * 60 * 60 * 1000;
const USED_MS = 60 * 60 * 1000;

/** Gives the copy, made now if there is none for that folder as it stands. @throws the system's error, where it cannot be made */
export function openKeptEtc({ folder, system, from, files }: KeptEtcOptions): string {
  const parts = planEtc({ system, from });
  const sum = createHash("sha256")
    .update(JSON.stringify([parts, files]))
    .digest("hex")
    .slice(0, 24);
  const copy = join(folder, `${system}-${sum}`);
  const known = lstatSync(copy, { throwIfNoEntry: false });
  if (known?.isDirectory() === true && known.uid === process.getuid?.()) {
    // For whoever clears away what nobody uses.
    if (Date.now() - known.mtimeMs > USED_MS) utimesSync(copy, new Date(), new Date());
    return copy;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const half = join(folder, newId("half"));
  try {
    copyEtc(parts, half);
    for (const [name, content] of Object.entries(files)) {
      rmSync(join(half, name), { force: true });
      writeFileSync(join(half, name), content, { mode: 0o444 });
      chmodSync(join(half, name), 0o444);
    }
    renameSync(half, copy);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another session was quicker.
    if (lstatSync(copy, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
  sweep(folder);
  return copy;
}

function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > UNUSED_MS_MAX) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
