/** What the model said, as it goes back to it. */
import { isRecord, type Json } from "@cloister/base";
import type { ChatMessage, Guarded, RawCall } from "@cloister/wire";
import type { Answer } from "./answer.ts";

/** A refused call keeps its place, with arguments that are valid JSON. */
export function assistantMessage(answer: Answer, calls: readonly Guarded[]): ChatMessage {
  const raw = new Map<Guarded, RawCall | undefined>(calls.map((call, index) => [call, answer.calls[index]]));
  const toolCalls = calls.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name === "" ? "unnamed" : call.name, arguments: historyArguments(raw.get(call)) },
  }));
  return {
    role: "assistant",
    content: answer.text,
    // Their maker alone gets them; the airlock takes them off for everybody else.
    ...(answer.thoughts.length > 0 ? { thoughts: answer.thoughts as unknown as Json } : {}),
    // Thinking families want their reasoning back while they work with tools; others ignore the field.
    ...(answer.reasoning !== "" && calls.length > 0 ? { reasoning_content: answer.reasoning } : {}),
    ...(calls.length > 0 ? { tool_calls: toolCalls } : {}),
  };
}

/** A server that meets broken arguments in the history refuses every later request of the session. */
function historyArguments(call: RawCall | undefined): string {
  if (call === undefined) return "{}";
  try {
    return isRecord(JSON.parse(call.arguments)) ? call.arguments : "{}";
  } catch {
    return "{}"; // the result of the call tells the model what was wrong
  }
}

/** Begins what Cloister says in the user's place. The user's own words outlive a compaction; these do not. */
const NOTE = "[Cloister] ";

export function note(text: string): ChatMessage {
  return { role: "user", content: `${NOTE}${text}`, cloister: { source: "user" } };
}

/** What a program printed is no word of the person's. */
export function hookNotes(texts: readonly string[]): readonly ChatMessage[] {
  return texts.map((text) => ({ ...note(`A hook says: ${text}`), cloister: { source: "command" } }));
}

export function isNote({ role, content }: ChatMessage): boolean {
  return role === "user" && typeof content === "string" && content.startsWith(NOTE);
}

/** The calls of a message, as they stand in the history. */
export function callsIn(item: ChatMessage): readonly HistoryCall[] {
  if (!Array.isArray(item.tool_calls)) return [];
  return item.tool_calls.flatMap((call: unknown) => {
    if (!isRecord(call) || !isRecord(call["function"])) return [];
    const { name, arguments: text } = call["function"];
    return [{ id: String(call["id"]), name: String(name), arguments: String(text) }];
  });
}

export interface HistoryCall {
  readonly id: string;
  readonly name: string;
  /** Valid JSON. */
  readonly arguments: string;
}

/** The text of a message; empty where it has none, or parts in its place. */
export function contentOf(item: { readonly content?: unknown } | undefined): string {
  return typeof item?.content === "string" ? item.content : "";
}
