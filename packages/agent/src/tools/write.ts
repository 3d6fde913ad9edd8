import { sha256 } from "@cloister/base";
import { diffTexts } from "./diff.ts";
import { lineEndOf, withLineEnd } from "./line-ends.ts";
import { locate } from "./paths.ts";
import { encodeText, saveInWorkspace } from "./save.ts";
import { sealedRefusal } from "./sealed.ts";
import { readTextFile, splitLines } from "./text-file.ts";
import type { FileRead } from "./text-file.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";

export type WriteArgs = { readonly file_path: string; readonly content: string };

export const writeTool: Tool<WriteArgs> = {
  name: "Write",
  effect: "edit",
  description: "Create a file, or replace one read before. Prefer Edit for changes.",
  parameters: {
    type: "object",
    properties: { file_path: { type: "string" }, content: { type: "string" } },
    required: ["file_path", "content"],
    additionalProperties: false,
  },
  run: writeContent,
};

async function writeContent(args: WriteArgs, world: ToolWorld): Promise<ToolResult> {
  const place = await locate(args.file_path, world);
  if (place.kind === "refused") return refusal(place.text);
  const file = await readTextFile(place.real);
  const blind = blindness(place.path, file, world.reads.get(place.path));
  if (blind !== undefined) return refusal(blind);
  const before = file.kind === "text" ? file.text : "";
  const sealed = sealedRefusal(args.content, before);
  if (sealed !== undefined) return refusal(sealed);

  const after = inStyleOf(file, args.content);
  const content = encodeText(after, file.kind === "text" && file.hasBom);
  await saveInWorkspace(place, { content, mode: file.kind === "text" ? file.mode : undefined }, world);
  world.reads.set(place.path, sha256(content).toString("hex"));
  const diff = diffTexts(place.path, before, after);
  const text =
    file.kind === "missing"
      ? `Created ${place.path}, ${splitLines(args.content).length} lines.`
      : `Replaced ${place.path}: ${diff.added} lines added, ${diff.removed} removed.`;
  return { ok: true, text, sources: [], diff };
}

/** What Read does not show, a model cannot repeat: the replaced file's CRLF line ends and byte order mark are kept. */
function inStyleOf(file: FileRead, content: string): string {
  return file.kind === "text" && lineEndOf(file.text) === "\r\n" ? withLineEnd(content, "\r\n") : content;
}

/** Why the file may not be replaced: its content would be lost without anybody having looked at it. */
function blindness(path: string, file: FileRead, seen: string | undefined): string | undefined {
  switch (file.kind) {
    case "missing":
      return undefined;
    case "directory":
      return `${path} is a directory. Give a file's path.`;
    case "unreadable":
      return `${path} exists and is ${file.why}. Write replaces text files only.`;
    case "text":
  }
  if ((file.mode & 0o222) === 0) return readOnlyText(path, file.mode);
  if (file.encoding !== "utf-8") return foreignText(path);
  if (file.text !== "" && seen === undefined) {
    return `${path} exists and was not read. Read it first, or change it with Edit.`;
  }
  if (file.text !== "" && seen !== file.hash) {
    return `${path} changed since it was last read. Read it again first.`;
  }
  return undefined;
}

/** A rename would replace a read-only file: to some version control systems that is a file not checked out. */
export function readOnlyText(path: string, mode: number): string {
  return `${path} is read-only (mode ${mode.toString(8)}). Ask the user before changing that.`;
}

export function foreignText(path: string): string {
  return `${path} is GB18030, not UTF-8, and would be damaged. Change it with a command that keeps its encoding.`;
}
