/** What a person says in an editor: one text, in which the files that they name are named and not copied, and pictures. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { AttachedPicture, UserMessage } from "@cloister/agent";
import { isRecord } from "@cloister/base";
import { fenced } from "./fenced.ts";

export interface SaidBlocks {
  readonly text: string;
  readonly pictures: readonly AttachedPicture[];
  /** Of the workspace, which stand in the text in whole or in part. */
  readonly files?: readonly SaidFile[];
}

type SaidFile = NonNullable<UserMessage["files"]>[number];

/** Content blocks of `session/prompt`. Kinds that were not offered (sound) are named as left out. */
export function readBlocks(blocks: unknown, workspace: string): SaidBlocks {
  const all = Array.isArray(blocks) ? blocks.filter(isRecord) : [];
  const pictures: AttachedPicture[] = [];
  const files: SaidFile[] = [];
  const text = all
    .map((block) => {
      const shown = pictureOf(block, workspace, pictures.length + 1);
      if (shown === undefined) {
        files.push(...filesOf(block, workspace));
        return textOfBlock(block, workspace);
      }
      pictures.push(shown);
      return "";
    })
    .join("");
  return {
    text: text.trim() === "" && pictures.length > 0 ? "[picture]" : text,
    pictures,
    ...(files.length === 0 ? {} : { files }),
  };
}

/** Whoever judges the message says what is wrong with one that is none. */
function pictureOf(
  { type, data, uri, resource }: Record<string, unknown>,
  workspace: string,
  number: number,
): AttachedPicture | undefined {
  const embedded = type === "resource" && isRecord(resource) && isPicture(resource) ? resource : undefined;
  if (type !== "image" && embedded === undefined) return undefined;
  const place = insideOf(embedded?.["uri"] ?? uri, workspace);
  // A file of the project comes with the label of its path, and not as something that nobody vouches for.
  if (place !== undefined) return { kind: "file", path: place };
  const bytes = embedded?.["blob"] ?? data;
  const base64 = typeof bytes === "string" ? bytes : "";
  return { kind: "bytes", from: "input", base64, name: `picture ${number}` };
}

function isPicture({ mimeType, blob }: Record<string, unknown>): boolean {
  return typeof blob === "string" && typeof mimeType === "string" && mimeType.startsWith("image/");
}

function textOfBlock(block: Record<string, unknown>, workspace: string): string {
  const { type, text, uri, resource } = block;
  if (type === "text") return typeof text === "string" ? text : "";
  if (type === "resource_link") return mention(uri, workspace);
  if (type === "resource" && isRecord(resource)) {
    const name = mention(resource["uri"], workspace);
    const inner = resource["text"];
    // A part of a file, or a buffer that is not saved: what the person saw counts.
    return typeof inner === "string" ? `\n\n${name}:\n${fenced(inner)}\n\n` : name;
  }
  return ` [${String(type)} left out] `;
}

/** By its address, for nobody reads `@path` in a text that calls a skill, or far down in one. Which lines, nobody says. */
function filesOf({ type, resource }: Record<string, unknown>, workspace: string): SaidFile[] {
  if (type !== "resource" || !isRecord(resource)) return [];
  const { uri, text } = resource;
  const path = insideOf(uri, workspace);
  if (path === undefined || typeof text !== "string") return [];
  return [{ path, from: 1, to: text.split("\n").length }];
}

/** `@path` attaches a file of the workspace; what is elsewhere is only named. */
function mention(uri: unknown, workspace: string): string {
  if (typeof uri !== "string") return "";
  const inside = insideOf(uri, workspace);
  // A name with other blanks cannot be written as a mention.
  if (inside === undefined || /[^\S ]/u.test(inside)) return pathOf(uri) ?? uri;
  return `@${inside.replaceAll(" ", "\\ ")}`;
}

function insideOf(uri: unknown, workspace: string): string | undefined {
  const path = typeof uri === "string" ? pathOf(uri) : undefined;
  if (path === undefined) return undefined;
  const inside = relative(workspace, path);
  return inside === "" || inside === ".." || inside.startsWith("../") ? undefined : inside;
}

function pathOf(uri: string): string | undefined {
  try {
    return fileURLToPath(new URL(uri));
  } catch {
    return undefined; // an address of another kind, or none
  }
}
