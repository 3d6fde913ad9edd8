/** Edits that a server proposes, as new texts of files: nothing is written before all of them fit. */
import { isRecord, sha256 } from "@cloister/base";
import { findPlanted } from "@cloister/policy";
import { diffTexts } from "../tools/diff.ts";
import { locate } from "../tools/paths.ts";
import { encodeText, saveInWorkspace } from "../tools/save.ts";
import { sealedRefusal } from "../tools/sealed.ts";
import { readTextFile, type TextFile } from "../tools/text-file.ts";
import type { FileDiff, ToolWorld } from "../tools/tool.ts";
import { foreignText, readOnlyText } from "../tools/write.ts";
import { lineStarts, offsetOf, parseRange, toPath, type Range } from "./positions.ts";

export interface PlannedFile {
  readonly path: string;
  readonly real: string;
  readonly file: TextFile;
  readonly after: string;
  readonly diff: FileDiff;
}

export type Plan =
  | { readonly kind: "plan"; readonly files: readonly PlannedFile[] }
  | { readonly kind: "refused"; readonly why: string };

interface TextEdit {
  readonly range: Range;
  readonly text: string;
}

const FILES_MAX = 200;
const EDITS_MAX = 20_000;

/** Reads what would be changed, and changes nothing. */
export async function planEdits(workspaceEdit: unknown, world: ToolWorld): Promise<Plan> {
  const parsed = parseWorkspaceEdit(workspaceEdit, world.workspace);
  if (typeof parsed === "string") return refused(parsed);
  const files: PlannedFile[] = [];
  for (const [path, edits] of parsed) {
    const place = await locate(path, world);
    if (place.kind === "refused") return refused(place.text);
    const file = await readTextFile(place.real);
    if (file.kind !== "text") return refused(`${path} is no text file any more.`);
    if (file.encoding !== "utf-8") return refused(foreignText(path));
    if ((file.mode & 0o222) === 0) return refused(readOnlyText(path, file.mode));
    const after = applyEdits(file.text, edits);
    if (after === undefined) return refused(`${path} is not what the server took it for. Try again.`);
    const sealed = sealedRefusal(after, file.text);
    if (sealed !== undefined) return refused(sealed);
    if (after !== file.text) {
      files.push({
        path: place.path,
        real: place.real,
        file,
        after,
        diff: diffTexts(place.path, file.text, after),
      });
    }
  }
  return { kind: "plan", files };
}

/**
 * The keeper judged which files are changed, not the text: that is the server's. What a poisoned one would plant is not
 * written; the model can make such an edit itself, and is judged for it then.
 */
export function plantedIn({ path, file, after }: PlannedFile): string | undefined {
  const [first] = findPlanted({ path, before: file.text, after }, { knownHosts: new Set() });
  return first === undefined ? undefined : `${first.kind} in ${path}: ${first.why} (${first.excerpt})`;
}

export async function applyPlan(files: readonly PlannedFile[], world: ToolWorld): Promise<void> {
  const { reads } = world;
  for (const { path, real, file, after } of files) {
    const content = encodeText(after, file.hasBom);
    await saveInWorkspace({ real, path }, { content, mode: file.mode }, world);
    // A file never read stays one never read.
    if (reads.get(path) === file.hash) reads.set(path, sha256(content).toString("hex"));
  }
}

/** By path; or why not. */
function parseWorkspaceEdit(value: unknown, workspace: string): Map<string, TextEdit[]> | string {
  const found = new Map<string, TextEdit[]>();
  let count = 0;
  for (const { uri, edits } of listChanges(value)) {
    const path = typeof uri === "string" ? toPath(workspace, uri) : undefined;
    if (edits === undefined) return "It would make, move or remove files. Do that yourself, with a command.";
    if (path === undefined) return `It would change ${String(uri)}, which is outside the workspace.`;
    const list = found.get(path) ?? [];
    found.set(path, list);
    for (const edit of edits) {
      const { newText } = isRecord(edit) ? edit : {};
      const range = isRecord(edit) ? parseRange(edit["range"]) : undefined;
      if (range === undefined || typeof newText !== "string") return "The server's edit cannot be read.";
      list.push({ range, text: newText });
      count += 1;
    }
    if (found.size > FILES_MAX) return `It would change more than ${FILES_MAX} files.`;
    if (count > EDITS_MAX) return `It would change more than ${EDITS_MAX} places.`;
  }
  return found;
}

interface Change {
  readonly uri: unknown;
  /** Undefined for an operation on a whole file. */
  readonly edits: readonly unknown[] | undefined;
}

function listChanges(value: unknown): Change[] {
  const { documentChanges, changes } = isRecord(value) ? value : {};
  if (Array.isArray(documentChanges)) {
    return documentChanges.map((change: unknown) => {
      const { textDocument, edits } = isRecord(change) ? change : {};
      return {
        uri: isRecord(textDocument) ? textDocument["uri"] : undefined,
        edits: Array.isArray(edits) ? edits : undefined,
      };
    });
  }
  return Object.entries(isRecord(changes) ? changes : {}).map(([uri, edits]) => ({
    uri,
    edits: Array.isArray(edits) ? edits : undefined,
  }));
}

/** Undefined when a place is not in the text, or two edits are of the same place. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string | undefined {
  const starts = lineStarts(text);
  const spans = edits.map(({ range, text: newText }) => ({
    from: offsetOf(text, starts, range.start),
    to: offsetOf(text, starts, range.end),
    newText,
  }));
  // The sort is stable: what is inserted at one place stays in the server's order.
  const sorted = spans.toSorted((a, b) => (a.from ?? 0) - (b.from ?? 0));
  const parts: string[] = [];
  let done = 0;
  for (const { from, to, newText } of sorted) {
    if (from === undefined || to === undefined || from < done || to < from) return undefined;
    parts.push(text.slice(done, from), newText);
    done = to;
  }
  return parts.join("") + text.slice(done);
}

function refused(why: string): Plan {
  return { kind: "refused", why };
}
