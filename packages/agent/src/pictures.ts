/** Pictures in a conversation: how they enter it, what they weigh there, and how they leave it. */
import { isRecord } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import type { ShownPicture } from "./tools/tool.ts";

/** Of one conversation. Each stays in every later request, until a compaction takes it out. */
export const PICTURES_MAX = 20;

/**
 * What models count for a picture has little to do with its bytes: about a thousand tokens, and so as much as this
 * much text.
 */
const PICTURE_AS_TEXT_BYTES = 4000;

/**
 * Results are texts on most servers, so pictures follow in a message of their own, after all results of an answer.
 * They are bytes of the files that are named with them, for the labels and for the record.
 */
export function picturesMessage(pictures: readonly ShownPicture[]): ChatMessage {
  const content = pictures.flatMap(({ path, mediaType, base64 }) => [
    { type: "text", text: `[Cloister] Picture read from ${path}:` },
    { type: "image_url", image_url: { url: `data:${mediaType};base64,${base64}` } },
  ]);
  const files = pictures.map(({ path }) => ({ path, from: 1, to: 1 }));
  return { role: "user", content, cloister: { source: "file", tool: "Read", files } };
}

export function countPictures(items: readonly ChatMessage[]): number {
  return items.reduce((sum, item) => sum + urlsIn(item).length, 0);
}

/** How much larger a message's bytes are than what it takes of the window, counted as text. */
export function excessBytes(item: ChatMessage): number {
  return urlsIn(item).reduce((sum, url) => sum + Math.max(0, url.length - PICTURE_AS_TEXT_BYTES), 0);
}

/** Nobody said it: it belongs to the results before it. */
export function holdsPictures(item: ChatMessage): boolean {
  return urlsIn(item).length > 0;
}

/** The message without its pictures, which can be read again. */
export function withoutPictures(item: ChatMessage): ChatMessage {
  if (!Array.isArray(item.content)) return item;
  const texts = item.content.flatMap((part: unknown) =>
    isRecord(part) && typeof part["text"] === "string" ? [part["text"]] : [],
  );
  return { ...item, content: `${texts.join("\n")}\n[left out; Read shows it again]` };
}

function urlsIn({ content }: ChatMessage): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => {
    const image = isRecord(part) ? part["image_url"] : undefined;
    return isRecord(image) && typeof image["url"] === "string" ? [image["url"]] : [];
  });
}
