import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { createSteadying, mapTexts, type Steadying } from "../volatile.ts";
import type { Parsed } from "./parse.ts";

/**
 * Takes what changes of itself out of a foreign client's own texts: its system prompt and the descriptions of its
 * tools, in the upstream's shape, whatever the door was. What the user, a file or the model said is left alone.
 */
export function steady(parsed: Parsed): Parsed {
  const { turn, session } = parsed;
  const { volatile: policy = "freeze" } = session;
  // Our own agent has nothing volatile in its prompt.
  if (policy === "keep" || session.client.evidence === "started") return parsed;
  const steadying = createSteadying(policy, session.frozenDates);
  const fields = turn.fields === undefined ? undefined : steadyFields(turn.fields, steadying);
  const fresh = steadyItems(turn.fresh, fields !== undefined, steadying);
  if (Object.keys(steadying.counts).length === 0) return parsed;
  return {
    ...parsed,
    turn: { ...turn, fields, fresh },
    notes: { ...parsed.notes, volatile: { ...steadying.counts } },
  };
}

function steadyFields(fields: JsonObject, steadying: Steadying): JsonObject {
  const entries = Object.entries(fields).flatMap(([name, value]): [string, Json][] => {
    if (name === "tools") return [[name, mapTexts(value, (text, key) => described(text, key, steadying))]];
    if (name !== "system" && name !== "instructions") return [[name, value]];
    const steadied = steadyTexts(value, steadying.head);
    return isNothing(steadied) && steadied !== value ? [] : [[name, steadied]];
  });
  return Object.fromEntries(entries);
}

/** A name or an allowed value of a tool is compared byte for byte; a description is only read. */
function described(text: string, name: string, { later }: Steadying): string {
  return name === "description" ? later(text) : text;
}

/** In Chat, and in Responses beside `instructions`, the head is the system items before anything else. */
function steadyItems(
  items: readonly JsonObject[],
  isWhole: boolean,
  steadying: Steadying,
): readonly JsonObject[] {
  const first = items.findIndex((item) => !isSystem(item));
  const headEnd = isWhole ? (first === -1 ? items.length : first) : 0;
  return items.flatMap((item, index) => {
    const { content } = item;
    if (!isSystem(item) || content === undefined) return [item];
    const steadied = steadyTexts(content, index < headEnd ? steadying.head : steadying.later);
    if (steadied === content) return [item];
    return isNothing(steadied) ? [] : [{ ...item, content: steadied }];
  });
}

function isNothing(value: Json): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}

function isSystem({ role }: JsonObject): boolean {
  return role === "system" || role === "developer";
}

/** A text, or parts with texts; a part in which nothing is left goes, for servers refuse empty ones. */
function steadyTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (!Array.isArray(value)) return value;
  const list = value as readonly Json[];
  const parts = list.flatMap((part): readonly Json[] => {
    const text = isRecord(part) ? part["text"] : undefined;
    if (!isRecord(part) || typeof text !== "string") return [part];
    const steadied = change(text);
    if (steadied === text) return [part];
    return steadied.trim() === "" ? [] : [{ ...part, text: steadied }];
  });
  return parts.length === list.length && parts.every((part, index) => part === list[index]) ? list : parts;
}
