/** Pictures in a conversation: how they enter it, what they weigh there, and how they leave it. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { ChatMessage, Provenance } from "@cloister/wire";
import type { ShownPicture } from "./tools/tool.ts";

/** Of one conversation. Each stays in every later request, until a compaction takes it out. */
export const PICTURES_MAX = 20;
/** Of all their base64 together: with the text around them it stays below what the keeper takes as a request. */
export const PICTURES_CHARS_MAX = 40_000_000;

/**
 * What models count for a picture has little to do with its bytes: about a thousand tokens, and so as much as this
 * much text.
 */
const PICTURE_AS_TEXT_BYTES = 4000;

/** What stands before a picture that a person shows, and stays in its place when it is left out. */
const SHOWN = "[Cloister] Picture that the user shows: ";

/** Of one picture alone: each has a label, and a place in the record, of its own. */
export function shownPicture(
  { name, mediaType, base64 }: Omit<ShownPicture, "path"> & { readonly name: string },
  cloister: Provenance,
): ChatMessage {
  const content = [{ type: "text", text: `${SHOWN}${name}` }, imagePart(mediaType, base64)];
  return { role: "user", content, cloister };
}

/** The name of the picture that the user showed here, whether it still is here or was left out. */
export function nameOfShown({ role, content }: ChatMessage): string | undefined {
  const first: unknown = Array.isArray(content) ? content[0] : { text: content };
  const text = isRecord(first) ? first["text"] : undefined;
  if (role !== "user" || typeof text !== "string" || !text.startsWith(SHOWN)) return undefined;
  return text.slice(SHOWN.length).split("\n", 1)[0];
}

/**
 * Results are texts on most servers, so pictures follow in a message of their own, after all results of an answer.
 * They are bytes of the files that are named with them, for the labels and for the record.
 */
export function picturesMessage(pictures: readonly ShownPicture[]): ChatMessage {
  const content = pictures.flatMap(({ path, mediaType, base64 }) => [
    { type: "text", text: `[Cloister] Picture read from ${path}:` },
    imagePart(mediaType, base64),
  ]);
  const files = pictures.map(({ path }) => ({ path, from: 1, to: 1 }));
  return { role: "user", content, cloister: { source: "file", tool: "Read", files } };
}

function imagePart(mediaType: string, base64: string): JsonObject {
  return { type: "image_url", image_url: { url: `data:${mediaType};base64,${base64}` } };
}

export function picturesChars(items: readonly ChatMessage[]): number {
  return items.reduce((sum, item) => sum + urlsIn(item).reduce((all, url) => all + url.length, 0), 0);
}

export function countPictures(items: readonly ChatMessage[]): number {
  return items.reduce((sum, item) => sum + urlsIn(item).length, 0);
}

/** How much larger a message's bytes are than what it takes of the window, counted as text. */
export function excessBytes(item: ChatMessage): number {
  return urlsIn(item).reduce((sum, url) => sum + Math.max(0, url.length - PICTURE_AS_TEXT_BYTES), 0);
}

/** No words of a person: it belongs to what stands before it. */
export function holdsPictures(item: ChatMessage): boolean {
  return urlsIn(item).length > 0;
}

/** The message without its pictures: files can be read again. */
export function withoutPictures(item: ChatMessage): ChatMessage {
  if (!Array.isArray(item.content)) return item;
  const texts = item.content.flatMap((part: unknown) =>
    isRecord(part) && typeof part["text"] === "string" ? [part["text"]] : [],
  );
  const again =
    item.cloister?.source === "attachment" ? "only the user can show it again" : "Read shows it again";
  return { ...item, content: `${texts.join("\n")}\n[left out; ${again}]` };
}

export interface HeldPicture {
  /** What the message says of it. */
  readonly about: string;
  readonly mediaType: string;
  readonly base64: string;
}

/** Of a message as it was sent or saved. What is no picture by its form is none. */
export function picturesIn({ content }: ChatMessage): readonly HeldPicture[] {
  if (!Array.isArray(content)) return [];
  let about = "";
  return content.filter(isRecord).flatMap(({ text, image_url: image }) => {
    if (typeof text === "string") about = text.replace(/^\[Cloister\] /, "").replace(/:$/, "");
    const url = isRecord(image) && typeof image["url"] === "string" ? image["url"] : "";
    const [, mediaType, base64] =
      /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/]*={0,2})$/.exec(url) ?? [];
    return mediaType === undefined || base64 === undefined ? [] : [{ about, mediaType, base64 }];
  });
}

/** A conversation as a model takes it that does not see: its server would refuse each request of it. */
export function withoutAllPictures(items: readonly ChatMessage[]): readonly ChatMessage[] {
  return items.some(holdsPictures)
    ? items.map((item) => (holdsPictures(item) ? withoutPictures(item) : item))
    : items;
}

function urlsIn({ content }: ChatMessage): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => {
    const image = isRecord(part) ? part["image_url"] : undefined;
    return isRecord(image) && typeof image["url"] === "string" ? [image["url"]] : [];
  });
}
