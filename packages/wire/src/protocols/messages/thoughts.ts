/** Blocks of thinking on their way back to whoever thought them (rules Q10 and T2). */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { SignedThought } from "../../turn.ts";
import type { OpenThought, RestoredItem } from "../protocol.ts";
import { THINKING_SIGNATURE } from "./outcome.ts";

/** Where a block has the token, by the type of the block. */
const TOKEN_FIELDS: ReadonlyMap<unknown, string> = new Map([
  ["thinking", "signature"],
  ["redacted_thinking", "data"],
]);

export function restoreThoughts(item: JsonObject, open: OpenThought): RestoredItem {
  const { content } = item;
  if (!Array.isArray(content) || !content.some(isThought)) return { item, dropped: [] };
  const dropped: string[] = [];
  const blocks = (content as readonly Json[]).flatMap((block, index): readonly Json[] => {
    if (!isThought(block)) return [block];
    const field = TOKEN_FIELDS.get(block["type"]) ?? "";
    const given = block[field];
    const token = typeof given === "string" ? open(given) : undefined;
    // Its fields keep their order: the block is the maker's own, to the byte.
    if (token !== undefined) return [{ ...block, [field]: token }];
    if (given !== THINKING_SIGNATURE) dropped.push(`content[${index}]`);
    return [];
  });
  return { item: blocks.length === 0 ? undefined : { ...item, content: blocks }, dropped };
}

export function toThought({ text, token, hidden }: SignedThought): JsonObject {
  if (hidden === true) return { type: "redacted_thinking", data: token };
  return { type: "thinking", thinking: text, signature: token };
}

export function isThought(block: unknown): block is JsonObject {
  return isRecord(block) && TOKEN_FIELDS.has(block["type"]);
}
