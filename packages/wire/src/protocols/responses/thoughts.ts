/** Items of reasoning, and the way back to whoever made them (rule R1). */
import { isRecord, type JsonObject } from "@cloister/base";
import type { SignedThought } from "../../turn.ts";
import type { OpenThought, RestoredItem } from "../protocol.ts";
import { partTexts } from "./parts.ts";

/**
 * The token is the whole item as it came, so that it goes back as it came, whatever a client makes of it. Undefined
 * for an item that says nothing to a server that does not store it.
 */
export function thoughtToken(item: Record<string, unknown>): string | undefined {
  const isWhole = hasText(item["encrypted_content"]) || partTexts(item["content"]).length > 0;
  return isWhole ? JSON.stringify(item) : undefined;
}

export function restoreThoughts(item: JsonObject, open: OpenThought): RestoredItem {
  if (item["type"] !== "reasoning") return { item, dropped: [] };
  const given = item["encrypted_content"];
  const token = hasText(given) ? open(given) : undefined;
  const original = token === undefined ? undefined : toReasoning(token);
  if (original !== undefined) return { item: original, dropped: [] };
  return { item: undefined, dropped: hasText(given) ? ["encrypted_content"] : [] };
}

/** The token is all of it. */
export function toThought({ token }: SignedThought): JsonObject | undefined {
  return toReasoning(token);
}

/** A client may have written what it likes: of all items it gets only reasoning into the history by a token. */
function toReasoning(token: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(token);
    return isRecord(value) && value["type"] === "reasoning" ? (value as JsonObject) : undefined;
  } catch {
    return undefined; // no token of ours, so the item is dropped, and the caller records it
  }
}

function hasText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
