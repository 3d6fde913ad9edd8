// `log/checkpoint`: a copy of the newest signed note, for witnesses and for whoever must see that a log was cut.
import { readFileSync } from "node:fs";
import { systemCodeOf } from "@cloister/base";
import { openNote } from "./note.ts";
import type { OpenedNote, Verifier } from "./note.ts";

export type Newest = OpenedNote | { readonly kind: "absent" };

export function readNewest(path: string, verifier: Verifier): Newest {
  const note = readNote(path);
  return note === undefined ? { kind: "absent" } : openNote(note, verifier);
}

/** The note as text; undefined when there is none. A blank file is none: a power cut may leave one, for it is not synced. */
export function readNote(path: string): string | undefined {
  try {
    const note = readFileSync(path, "utf8");
    return /^[\0\s]*$/.test(note) ? undefined : note;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
