/**
 * Reasoning that its maker wants back, on its way through Chat, which has no place for it: to our own agent in a comment
 * of the stream, and back in a field of the message that no server is ever sent.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { SignedThought } from "../../turn.ts";
import type { RestoredItem } from "../protocol.ts";

const COMMENT = ": cloister-thought ";
const FIELD = "thoughts";
/** More than any answer has. */
const THOUGHTS_MAX = 1000;

export function writeThoughtComment(thought: SignedThought): Buffer {
  return Buffer.from(`${COMMENT}${JSON.stringify(thought)}\n\n`);
}

/** Undefined for any other comment. */
export function readThoughtComment(comment: string): SignedThought | undefined {
  if (!comment.startsWith(COMMENT)) return undefined;
  try {
    return toThought(JSON.parse(comment.slice(COMMENT.length)));
  } catch {
    return undefined; // a comment is no part of the answer, so a broken one breaks nothing
  }
}

/** As they stand in a message of the assistant; what is none is left out. */
export function parseThoughts(value: Json | undefined): readonly SignedThought[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, THOUGHTS_MAX).flatMap((each: unknown) => toThought(each) ?? []);
}

/** The message as a Chat server may have it. */
export function withoutThoughts(item: JsonObject): RestoredItem {
  if (item[FIELD] === undefined) return { item, dropped: [] };
  const rest = Object.entries(item).filter(([name]) => name !== FIELD);
  return { item: Object.fromEntries(rest), dropped: [FIELD] };
}

function toThought(value: unknown): SignedThought | undefined {
  if (!isRecord(value)) return undefined;
  const { text, token, hidden } = value;
  if (typeof text !== "string" || typeof token !== "string") return undefined;
  return { text, token, ...(hidden === true ? { hidden } : {}) };
}
