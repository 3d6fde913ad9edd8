/** Makes old parts of a conversation smaller, and leaves it one that every server accepts. */
import { isRecord, type Json } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { holdsPictures, withoutPictures } from "./pictures.ts";

const TEXT_CHARS_KEPT = 240;
const TEXT_CHARS_MAX = 800;
/** The last answers are what the model works on. */
const ANSWERS_KEPT = 2;

/** Old outputs and long arguments cut short, old reasoning left out. Calls keep their names, ids and results. */
export function shortenOld(items: readonly ChatMessage[]): ChatMessage[] {
  const recent = startOfLastAnswers(items, ANSWERS_KEPT);
  return items.map((item, index) => (index < recent ? shortenItem(item) : item));
}

/** Old pictures left out and all else as it is; undefined where there are none. */
export function withoutOldPictures(items: readonly ChatMessage[]): ChatMessage[] | undefined {
  const recent = startOfLastAnswers(items, ANSWERS_KEPT);
  if (!items.slice(0, recent).some(holdsPictures)) return undefined;
  return items.map((item, index) => (index < recent && holdsPictures(item) ? withoutPictures(item) : item));
}

/** Where the last so many answers of the model begin; 0 when there are fewer. */
export function startOfLastAnswers(items: readonly ChatMessage[], count: number): number {
  let left = count;
  for (let index = items.length - 1; index >= 0; index--) {
    if (items[index]?.role === "assistant" && --left === 0) return index;
  }
  return 0;
}

export function shortenItem(item: ChatMessage): ChatMessage {
  if (item.role === "tool") {
    return typeof item.content === "string" ? { ...item, content: shortenText(item.content) } : item;
  }
  if (holdsPictures(item)) return withoutPictures(item);
  if (item.role !== "assistant") return item;
  const rest = Object.fromEntries(
    Object.entries(item).filter(([name]) => name !== "reasoning_content"),
  ) as unknown as ChatMessage;
  if (!Array.isArray(rest.tool_calls)) return rest;
  return { ...rest, tool_calls: rest.tool_calls.map((call: Json) => shortenCall(call)) };
}

function shortenText(text: string): string {
  if (text.length <= TEXT_CHARS_MAX) return text;
  const kept = text.slice(0, TEXT_CHARS_KEPT).toWellFormed();
  return `${kept}\n[${text.length - kept.length} characters of this old text left out]`;
}

/** The arguments are JSON before and after: they are parsed, and only texts in them are cut. */
function shortenCall(call: Json): Json {
  if (!isRecord(call) || !isRecord(call["function"])) return call;
  const { name, arguments: text } = call["function"];
  if (typeof text !== "string" || text.length <= TEXT_CHARS_MAX) return call;
  const short = JSON.stringify(JSON.parse(text), (_key, value: unknown) =>
    typeof value === "string" ? shortenText(value) : value,
  );
  return { ...call, function: { name, arguments: short } } as Json;
}
