/** What a server answered, as text for the model: bounded, with a word for what is no text. */
import { formatBytes, isRecord, type Json, type JsonObject } from "@cloister/base";
import { showUnseen } from "@cloister/policy";
import { cutMiddle } from "../tools/cut.ts";
import { lineOf, textOf } from "./names.ts";

const TOKENS_WARNED = 10_000;
const TOKENS_MAX = 25_000;
const BLOCKS_MAX = 1000;
/** English text has about four characters a token; Chinese has about one. */
const ASCII_CHARS_PER_TOKEN = 4;

/** Of `tools/call` and, with `messages` or `contents` in place of `content`, of prompts and resources. */
export function resultText(result: JsonObject): string {
  const blocks = [result["content"], result["contents"]].find(Array.isArray) as readonly Json[] | undefined;
  const texts = (blocks ?? [])
    .slice(0, BLOCKS_MAX)
    .map(blockText)
    .filter((text) => text !== "");
  const structured = result["structuredContent"];
  // Servers repeat it as text for clients that know it not; then once is enough.
  if (texts.length === 0 && structured !== undefined) texts.push(JSON.stringify(structured));
  return bounded(texts.length === 0 ? "(no output)" : texts.join("\n"));
}

/** A text of a server, cut in its middle. */
export function bounded(text: string): string {
  const shown = showUnseen(text.toWellFormed());
  const tokens = tokensOf(shown);
  if (tokens <= TOKENS_WARNED) return shown;
  const isCut = tokens > TOKENS_MAX;
  const kept = isCut ? cutMiddle(shown, Math.floor((shown.length * TOKENS_MAX) / tokens)) : shown;
  const about = `about ${Math.round(tokens / 1000)},000 tokens${isCut ? ", cut in the middle" : ""}`;
  return `[cloister: a long answer, ${about}; ask the server for less where it can]\n${kept}`;
}

function tokensOf(text: string): number {
  let wide = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) wide += 1;
  return Math.ceil((text.length - wide) / ASCII_CHARS_PER_TOKEN) + wide;
}

const LINE_CHARS_MAX = 300;

function blockText(block: Json): string {
  if (!isRecord(block)) return "";
  const { type, text, data, mimeType, uri, name, resource, blob } = block;
  if (typeof text === "string") return text;
  switch (textOf(type)) {
    case "image":
    case "audio":
      return `[${textOf(type)} ${lineOf(mimeType, LINE_CHARS_MAX)}, ${sizeOf(data)}: not shown]`;
    case "resource_link":
      return `[resource ${lineOf(uri, LINE_CHARS_MAX)} ${lineOf(name, LINE_CHARS_MAX)}]`;
    case "resource":
      return isRecord(resource)
        ? `[resource ${lineOf(resource["uri"], LINE_CHARS_MAX)}]\n${blockText(resource)}`
        : "";
    default:
      return blob === undefined ? "" : `[${lineOf(mimeType, LINE_CHARS_MAX)} ${sizeOf(blob)}: not shown]`;
  }
}

function sizeOf(base64: unknown): string {
  return formatBytes(typeof base64 === "string" ? Math.floor((base64.length * 3) / 4) : 0);
}

/** What a prompt of a server says, message by message. Its roles are the server's claim: all of it is one message of the user. */
export function promptText(result: JsonObject): string {
  const messages: readonly Json[] = Array.isArray(result["messages"])
    ? (result["messages"] as readonly Json[])
    : [];
  const texts = messages.slice(0, BLOCKS_MAX).map((message) => {
    const content: unknown = isRecord(message) ? message["content"] : undefined;
    const blocks: readonly unknown[] = Array.isArray(content) ? content : [content];
    return blocks.map((block) => blockText((block ?? null) as Json)).join("\n");
  });
  return bounded(texts.join("\n\n"));
}
