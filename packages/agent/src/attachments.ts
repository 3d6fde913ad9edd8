/** Pictures that a person shows with a message: looked at before anything is sent, and never sent in part. */
import { stat } from "node:fs/promises";
import { formatBytes } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { countPictures, picturesChars, PICTURES_CHARS_MAX, PICTURES_MAX, shownPicture } from "./pictures.ts";
import { locateToRead } from "./tools/paths.ts";
import { judgePicture } from "./tools/judge-picture.ts";
import { readTool } from "./tools/read.ts";
import type { ToolWorld } from "./tools/tool.ts";

export type AttachedPicture =
  /** Of the workspace: read in the agent's own cell, with the label of its path. `name`: as the message calls it. */
  | { readonly kind: "file"; readonly path: string; readonly name?: string }
  /** Bytes that nobody vouches for: the clipboard, a program's input, or a file elsewhere with its absolute `path`. */
  | {
      readonly kind: "bytes";
      readonly base64: string;
      readonly from: "clipboard" | "input" | "elsewhere";
      readonly path?: string;
      readonly name?: string;
    };

export type Attached =
  | { readonly kind: "messages"; readonly messages: readonly ChatMessage[] }
  | { readonly kind: "refused"; readonly why: string };

/** One after the other; the first that cannot be shown is the reason for all. */
export async function attach(
  pictures: readonly AttachedPicture[],
  world: ToolWorld,
  signal: AbortSignal,
): Promise<Attached> {
  const messages: ChatMessage[] = [];
  for (const picture of pictures) {
    const made = picture.kind === "file" ? await attachFile(picture, world, signal) : attachBytes(picture);
    if (typeof made === "string") return { kind: "refused", why: made };
    messages.push(made);
  }
  return { kind: "messages", messages };
}

/** Why these cannot be part of the conversation, when they cannot: the model is blind, or there are too many. */
export function whyNotShown(
  shown: readonly ChatMessage[],
  held: readonly ChatMessage[],
  { seesPictures, seeingModels = [] }: Pick<ToolWorld, "seesPictures" | "seeingModels">,
): string | undefined {
  const count = countPictures(shown);
  if (count === 0) return undefined;
  if (seesPictures !== true) return blindness(seeingModels);
  if (count + countPictures(held) > PICTURES_MAX) {
    return `a conversation takes ${PICTURES_MAX} pictures, and this one holds ${countPictures(held)}; /compact leaves old ones out`;
  }
  if (picturesChars(shown) + picturesChars(held) > PICTURES_CHARS_MAX) {
    const limit = formatBytes(Math.floor((PICTURES_CHARS_MAX * 3) / 4));
    return `the pictures of a conversation take ${limit} together, and these are more; /compact leaves old ones out`;
  }
  return undefined;
}

/** Who only speaks of a file need not show it. */
function blindness(seeing: readonly string[]): string {
  const others =
    seeing.length === 0
      ? "Name one that does with --model"
      : `On the same server ${seeing.join(", ")} ${seeing.length === 1 ? "does" : "do"}: --model, or /model`;
  return (
    `the model does not see pictures, as far as its server says. ${others}; where it does see them, put "vision": true ` +
    "into ~/.cloister/settings.json. To speak of a picture without showing it, write its name without @"
  );
}

const pictureName = /\.(?:png|jpe?g|gif|webp)$/iu;

/**
 * A file that a message mentions, or why it cannot be shown. Undefined for one that is no picture, or is not there: the
 * mention is a word then.
 */
export async function attachMentioned(
  path: string,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<ChatMessage | string | undefined> {
  if (!pictureName.test(path)) return undefined;
  const made = await attachFile({ kind: "file", path }, world, signal);
  if (typeof made !== "string") return made;
  const place = await locateToRead(path, world);
  const found = place.kind === "refused" ? undefined : await stat(place.real).catch(() => undefined); // not there
  return found?.isFile() === true && !(await isText(path, world, signal)) ? made : undefined;
}

async function isText(path: string, world: ToolWorld, signal: AbortSignal): Promise<boolean> {
  return (await readTool.run({ file_path: path }, world, signal)).ok;
}

/** By the same tool as when the model asks for it, so that what is hidden from it stays hidden. */
async function attachFile(
  { path, name }: Extract<AttachedPicture, { kind: "file" }>,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<ChatMessage | string> {
  const read = await readTool.run({ file_path: path }, { ...world, seesPictures: true }, signal);
  const [picture] = read.pictures ?? [];
  if (picture === undefined) return read.ok ? `${path} is no PNG, JPEG, GIF or WebP picture` : read.text;
  return shownPicture(
    { ...picture, name: named(name, picture.path) },
    { source: "file", tool: "Read", files: read.sources },
  );
}

function attachBytes({
  base64,
  from,
  path,
  name,
}: Extract<AttachedPicture, { kind: "bytes" }>): ChatMessage | string {
  const bytes = Buffer.from(base64, "base64");
  const judged = judgePicture(bytes);
  const what = named(name, path ?? origins[from]);
  if (judged.kind === "refused") return `${what}: ${judged.why}`;
  return shownPicture(
    { name: what, mediaType: judged.mediaType, base64: bytes.toString("base64") },
    {
      source: "attachment",
      tool: from,
      ...(path === undefined ? {} : { files: [{ path, from: 1, to: 1 }] }),
    },
  );
}

const origins = { clipboard: "from the clipboard", input: "from the program's input", elsewhere: "a file" };

function named(name: string | undefined, where: string): string {
  return name === undefined || name === where ? where : `${name}, ${where}`;
}
