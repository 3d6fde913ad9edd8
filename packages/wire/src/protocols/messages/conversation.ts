/** Items become messages: roles alternate, results stand first in their turn, every call is answered. */
import { isRecord, sha256, type JsonObject } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { Loss, Part, TurnItem } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { THINKING_SIGNATURE } from "./outcome.ts";

interface Message {
  readonly role: "user" | "assistant" | "system";
  readonly content: JsonObject[];
}

const NO_RESULT = "No result.";
const STRAY_RESULT = "A result whose call is not here:";
/** The protocol wants a user to speak first. */
const OPENING = "The conversation continues here.";

/**
 * Only ever adds at the end: a further item leaves the bytes of those before as they are. That is why a call without
 * a result is filled in when something else follows, and not before.
 */
export function formatItems(
  items: readonly TurnItem[],
  options: FormatOptions,
  losses: Loss[],
): readonly JsonObject[] {
  const conversation = new Conversation(losses);
  for (const [index, item] of items.entries()) {
    const path = `items[${index}]`;
    if (item.kind === "result") {
      conversation.answer(item, path);
      continue;
    }
    conversation.closeCalls(path);
    switch (item.kind) {
      case "user":
        conversation.say("user", formatParts(item.parts, path, losses));
        break;
      case "system":
        if (options.midSystem === "keep" || item.text.trim() === "") {
          conversation.say("system", formatText(item.text));
          break;
        }
        losses.push({ path, reason: "a system text sent as the user's", severity: "cosmetic" });
        conversation.say("user", formatText(`<system-message>\n${item.text}\n</system-message>`));
        break;
      case "assistant":
        conversation.say("assistant", [
          ...(item.thoughts ?? []),
          ...formatReasoning(item.reasoning, { path, options, losses }),
          ...formatText(item.text),
        ]);
        for (const [at, call] of item.calls.entries()) conversation.call(call, `${path}.calls[${at}]`);
        break;
    }
  }
  return conversation.messages.map(({ role, content }) => ({ role, content }));
}

class Conversation {
  readonly messages: Message[] = [];
  readonly #losses: Loss[];
  /** Calls that have no result yet, in order. */
  #open: { readonly id: string; readonly wireId: string }[] = [];
  /** What must not stand before the results that are still to come. */
  #held: JsonObject[] = [];
  readonly #timesSeen = new Map<string, number>();

  constructor(losses: Loss[]) {
    this.#losses = losses;
  }

  /** Neighbours of one role share a message: servers with strict templates refuse two in a row. */
  say(role: Message["role"], blocks: readonly JsonObject[]): void {
    if (blocks.length === 0) return;
    if (this.messages.length === 0 && role !== "user") this.say("user", formatText(OPENING));
    const last = this.messages.at(-1);
    if (last?.role !== role || role === "system") {
      this.messages.push({ role, content: [...blocks] });
      return;
    }
    // One by one: a client may send more blocks than a call takes arguments.
    for (const block of blocks) last.content.push(block);
  }

  call(call: RawCall, path: string): void {
    const wireId = this.#wireId(call.id);
    this.#open.push({ id: call.id, wireId });
    const input = parseArguments(call.arguments);
    if (input === undefined) {
      this.#losses.push({ path, reason: "its arguments were not a JSON object", severity: "semantic" });
    }
    this.say("assistant", [{ type: "tool_use", id: wireId, name: call.name, input: input ?? {} }]);
  }

  answer(result: Extract<TurnItem, { kind: "result" }>, path: string): void {
    const at = this.#open.findIndex(({ id }) => id === result.callId);
    const content = formatParts(result.parts, path, this.#losses);
    const [open] = at < 0 ? [] : this.#open.splice(at, 1);
    if (open === undefined) {
      // Refused upstream as a result; what it says still belongs to the conversation.
      this.#losses.push({ path, reason: "a result without its call", severity: "semantic" });
      this.#held = [...this.#held, ...formatText(STRAY_RESULT), ...content];
    } else {
      this.say("user", [
        {
          type: "tool_result",
          tool_use_id: open.wireId,
          content,
          ...(result.isError && { is_error: true }),
        },
      ]);
    }
    if (this.#open.length === 0) this.closeCalls(path);
  }

  closeCalls(path: string): void {
    for (const { wireId } of this.#open) {
      this.#losses.push({ path, reason: `no result for the call ${wireId}`, severity: "semantic" });
      this.say("user", [{ type: "tool_result", tool_use_id: wireId, content: formatText(NO_RESULT) }]);
    }
    this.#open = [];
    this.say("user", this.#held);
    this.#held = [];
  }

  /**
   * Ids must be unique in a conversation and of few characters, and other protocols' ids are neither: some servers
   * count from 1 in every answer, some write `functions.Read:0`. A pure function of the id and how often it came.
   */
  #wireId(id: string): string {
    const times = this.#timesSeen.get(id) ?? 0;
    this.#timesSeen.set(id, times + 1);
    if (times === 0 && /^[a-zA-Z0-9_-]{1,128}$/.test(id)) return id;
    return `toolu_${sha256(id, "\n", String(times)).toString("hex").slice(0, 24)}`;
  }
}

/** Text of blanks only is refused by the protocol. */
function formatText(text: string): JsonObject[] {
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

function formatReasoning(
  reasoning: string,
  place: { readonly path: string; readonly options: FormatOptions; readonly losses: Loss[] },
): JsonObject[] {
  if (reasoning === "") return [];
  if (place.options.reasoningField !== undefined) {
    return [{ type: "thinking", thinking: reasoning, signature: THINKING_SIGNATURE }];
  }
  place.losses.push({
    path: `${place.path}.reasoning`,
    reason: "this endpoint is not sent the reasoning of earlier turns",
    severity: "cosmetic",
  });
  return [];
}

function formatParts(parts: readonly Part[], path: string, losses: Loss[]): JsonObject[] {
  return parts.flatMap((part, index) => {
    if (part.kind === "text") return formatText(part.text);
    if (part.base64 !== undefined) {
      const source = { type: "base64", media_type: part.mediaType ?? "image/png", data: part.base64 };
      return [{ type: "image", source }];
    }
    if (part.url !== undefined) return [{ type: "image", source: { type: "url", url: part.url } }];
    losses.push({
      path: `${path}.parts[${index}]`,
      reason: "an image without content",
      severity: "semantic",
    });
    return [];
  });
}

/** Nothing at all is an empty object; undefined when it is not an object. */
export function parseArguments(text: string): JsonObject | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined; // the caller knows what becomes of a call that is none
  }
}
