/**
 * What the edits that were allowed make of files which no cell may write. The keeper writes such a file, and it writes
 * what a person saw, once: an agent that was taken over gains no other text by a yes to this one.
 */
import { isAbsolute } from "node:path";
import { sha256 } from "@cloister/base";
import { effectOf } from "@cloister/policy";
import type { Seals } from "@cloister/secrets";
import { editsOf } from "./file-edits.ts";
import type { KnownCall } from "./known-tools.ts";
import { readWorkspaceFile, toRealPlace } from "./workspace-file.ts";

/** What of a session it takes. */
export interface EditWorld {
  readonly workspace: string | undefined;
  readonly seals: Seals;
}

export interface AllowedEdits {
  /** An edit that was judged and passes. Costs nothing where it is an ordinary file's. */
  note(call: KnownCall, session: EditWorld): void;
  /** Whether an edit makes this text of this file; it is spent by the question. */
  take(place: string, text: string, session: Pick<EditWorld, "seals">): boolean;
}

/** The oldest are forgotten: an edit is carried out when it has passed, or not at all. */
const NOTED_MAX = 200;

export function createAllowedEdits(): AllowedEdits {
  const noted: string[] = [];
  return {
    note(call, { workspace, seals }) {
      // Of a patch, and of a notebook, a call has pieces only.
      if (workspace === undefined || call.kind !== "edit" || call.tool === "NotebookEdit") return;
      const place = toRealPlace(call.path, workspace) ?? call.path;
      if (!isGuardable(place)) return;
      // Sealed as the call is.
      const read = (path: string): string | undefined => {
        const text = readWorkspaceFile(workspace, path);
        return text === undefined ? undefined : seals.seal(text).text;
      };
      for (const { edit, isWhole } of editsOf(call, read)) {
        if (isWhole && edit.after !== undefined) noted.push(keyOf(place, edit.after));
      }
      noted.splice(0, Math.max(0, noted.length - NOTED_MAX));
    },
    take(place, text, { seals }) {
      const at = noted.indexOf(keyOf(place, seals.seal(text).text));
      if (at < 0) return false;
      noted.splice(at, 1);
      return true;
    },
  };
}

/** What asks for a word of its own is all that the keeper writes. */
export function isGuardable(place: string): boolean {
  return !isAbsolute(place) && effectOf({ tool: "Write", text: place }, "workspace") === "persistent";
}

/** Line ends and a byte order mark are the file's own, and so is the end of its last line. */
function keyOf(place: string, text: string): string {
  const plain = text
    .replace(/^\u{feff}/u, "")
    .replaceAll("\r\n", "\n")
    .replace(/\n+$/, "");
  return `${sha256(plain).toString("hex")} ${place}`;
}
