/** The ids of calls, where a template or tokeniser accepts one form only. */
import { sha256 } from "@cloister/base";
import type { TurnItem } from "../turn.ts";

const ALPHANUMERICS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MISTRAL_LENGTH = 9;

/**
 * `functions.name:index`, the index counted over the whole history: a Kimi that sees other ids loses the thread after
 * a few calls. Ids that it counted itself stay as they are. A result follows the newest call with its id.
 */
export function toKimiIds(items: readonly TurnItem[]): TurnItem[] {
  const wireIds = new Map<string, string[]>();
  let counted = 0;
  return items.map((item) => {
    if (item.kind === "assistant") {
      for (const { id } of item.calls) wireIds.delete(id);
      const calls = item.calls.map((call) => {
        const id = `functions.${call.name}:${counted++}`;
        wireIds.set(call.id, [...(wireIds.get(call.id) ?? []), id]);
        return { ...call, id };
      });
      return { ...item, calls };
    }
    if (item.kind !== "result") return item;
    const ids = wireIds.get(item.callId);
    // Servers have given two calls of an answer one id: their results come in the order of the calls.
    const callId = ids !== undefined && ids.length > 1 ? ids.shift() : ids?.[0];
    return { ...item, callId: callId ?? item.callId };
  });
}

/** Nine alphanumerics, derived from the id itself; one that has this form stays as it is. */
export function toMistralIds(items: readonly TurnItem[]): TurnItem[] {
  return items.map((item) => {
    if (item.kind === "assistant") {
      return { ...item, calls: item.calls.map((call) => ({ ...call, id: toMistralId(call.id) })) };
    }
    return item.kind === "result" ? { ...item, callId: toMistralId(item.callId) } : item;
  });
}

function toMistralId(id: string): string {
  if (id.length === MISTRAL_LENGTH && /^[a-zA-Z0-9]+$/.test(id)) return id;
  return Array.from(sha256(id).subarray(0, MISTRAL_LENGTH), (byte) =>
    ALPHANUMERICS.charAt(byte % ALPHANUMERICS.length),
  ).join("");
}
