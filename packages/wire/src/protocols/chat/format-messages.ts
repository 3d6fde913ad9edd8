/**
 * The items of a conversation as Chat messages. An item gives the same bytes in every later request (G3, G4) and is
 * never written into the message of an earlier one: what a server has cached stays a prefix.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { Part, TurnItem, TurnRequest } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import type { Losses } from "./fields.ts";

type Item<K extends TurnItem["kind"]> = Extract<TurnItem, { kind: K }>;

/** An item with its place, for the loss list. */
interface Placed<T> {
  readonly item: T;
  readonly path: string;
}

/** Up to the next message of the assistant. In a section the results come first, whatever stood between them (Q4). */
interface Section {
  readonly assistant: Placed<Item<"assistant">> | undefined;
  /** By the id of their call. */
  readonly results: ReadonlyMap<string, Placed<Item<"result">>>;
  readonly others: readonly Placed<Item<"user" | "system" | "result">>[];
  /** Nothing follows: a result that is not there may still come. */
  readonly isLast: boolean;
}

export function formatMessages(turn: TurnRequest, options: FormatOptions, losses: Losses): JsonObject[] {
  const messages: JsonObject[] = [];
  // Many templates take one system message only, and a string only (Q1).
  const system = turn.system.filter((text) => text !== "").join("\n\n");
  if (system !== "") messages.push({ role: "system", content: system });
  for (const section of toSections(turn.items)) {
    if (section.assistant !== undefined) messages.push(formatAssistant(section.assistant, options, losses));
    messages.push(...formatResults(section, losses));
    for (const placed of section.others) messages.push(formatOther(placed, options, losses));
  }
  return messages;
}

function* toSections(items: readonly TurnItem[]): Generator<Section> {
  let from = 0;
  while (from < items.length) {
    let end = from + 1;
    while (end < items.length && items[end]?.kind !== "assistant") end++;
    yield toSection(items, from, end);
    from = end;
  }
}

function toSection(items: readonly TurnItem[], from: number, end: number): Section {
  const first = items[from];
  const assistant = first?.kind === "assistant" ? { item: first, path: `items[${from}]` } : undefined;
  const callIds = new Set(assistant?.item.calls.map(({ id }) => id));
  const results = new Map<string, Placed<Item<"result">>>();
  const others: Placed<Item<"user" | "system" | "result">>[] = [];
  for (const [offset, item] of items.slice(from, end).entries()) {
    const path = `items[${from + offset}]`;
    if (item.kind === "assistant") continue;
    if (item.kind === "result" && callIds.has(item.callId) && !results.has(item.callId)) {
      results.set(item.callId, { item, path });
    } else others.push({ item, path });
  }
  return { assistant, results, others, isLast: end === items.length && others.length === 0 };
}

function formatAssistant(
  { item, path }: Placed<Item<"assistant">>,
  { reasoningField, reasoningEvenEmpty = false }: FormatOptions,
  losses: Losses,
): JsonObject {
  const hasCalls = item.calls.length > 0;
  const isReasoningSent =
    reasoningField !== undefined && (item.reasoning !== "" || (hasCalls && reasoningEvenEmpty));
  if (item.reasoning !== "" && !isReasoningSent) {
    losses.add({ path: `${path}.reasoning`, reason: "not sent to this server", severity: "cosmetic" });
  }
  return {
    role: "assistant",
    // Never an empty text beside calls, never null without them (Q9).
    content: item.text === "" && hasCalls ? null : item.text,
    // DeepSeek V4 refuses a request in which a turn with calls has no such field, be it empty.
    ...(isReasoningSent ? { [reasoningField]: item.reasoning } : {}),
    ...(hasCalls
      ? { tool_calls: item.calls.map((call, at) => formatCall(call, `${path}.calls[${at}]`, losses)) }
      : {}),
  };
}

/** llama.cpp answers 500 to every later request of a session that holds arguments that are no JSON. */
function formatCall({ id, name, arguments: text }: RawCall, path: string, losses: Losses): Json {
  const isSound = isJsonObject(text);
  if (!isSound && text.trim() !== "") {
    losses.add({ path: `${path}.arguments`, reason: "not a JSON object: sent as {}", severity: "semantic" });
  }
  return { id, type: "function", function: { name, arguments: isSound ? text : "{}" } };
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false; // broken text is what was asked about
  }
}

/** One message for each call, in the order of the calls. Images follow in a message of their own (Q5). */
function formatResults({ assistant, results, isLast }: Section, losses: Losses): JsonObject[] {
  const messages: JsonObject[] = [];
  const images: Part[] = [];
  for (const [at, { id }] of (assistant?.item.calls ?? []).entries()) {
    const result = results.get(id);
    if (result === undefined && isLast) continue;
    if (result === undefined) {
      const path = `${assistant?.path ?? ""}.calls[${at}]`;
      losses.add({ path, reason: "a call without a result", severity: "semantic" });
    }
    const content = result === undefined ? NO_RESULT : resultText(result.item, images);
    messages.push({ role: "tool", tool_call_id: id, content });
  }
  if (images.length > 0) messages.push({ role: "user", content: formatParts(images) });
  return messages;
}

const NO_RESULT = "No result.";

/** A tool message carries text only on most servers: an image is named here, and collected for the next message. */
function resultText({ parts, isError }: Item<"result">, images: Part[]): string {
  const lines = isError ? ["Error:"] : [];
  for (const part of parts) {
    if (part.kind === "text") {
      lines.push(part.text);
      continue;
    }
    // Each image has its label before it.
    const number = images.length / 2 + 1;
    lines.push(`[image ${number} below]`);
    images.push({ kind: "text", text: `[image ${number}]` }, part);
  }
  return lines.join("\n");
}

function formatOther(
  { item, path }: Placed<Item<"user" | "system" | "result">>,
  { midSystem }: FormatOptions,
  losses: Losses,
): JsonObject {
  switch (item.kind) {
    case "user":
      return { role: "user", content: formatParts(item.parts) };
    case "system":
      if (midSystem === "keep") return { role: "system", content: item.text };
      losses.add({ path, reason: "a system text sent as the user's", severity: "cosmetic" });
      // The marker and the place are fixed, so that the bytes stay where they are (Q3).
      return { role: "user", content: `<system-message>\n${item.text}\n</system-message>` };
    case "result": {
      // A server refuses a result that answers nothing, but what it says may matter.
      losses.add({ path, reason: "a result without its call, sent as the user's", severity: "semantic" });
      const label: Part = { kind: "text", text: "[result of an earlier tool call]" };
      return { role: "user", content: formatParts([label, ...item.parts]) };
    }
  }
}

/** A string where it can be one: some servers take nothing else. */
function formatParts(parts: readonly Part[]): Json {
  const [first] = parts;
  if (first === undefined) return "";
  if (parts.length === 1 && first.kind === "text") return first.text;
  return parts.map((part): Json => {
    if (part.kind === "text") return { type: "text", text: part.text };
    return { type: "image_url", image_url: { url: imageUrl(part) } };
  });
}

function imageUrl({ url, mediaType = "", base64 = "" }: Extract<Part, { kind: "image" }>): string {
  return url ?? `data:${mediaType};base64,${base64}`;
}
