/**
 * The conversation as bytes. It only ever grows at its end, so request n+1 begins with the bytes of request n: the
 * model server finds its cached prefix, and nothing is serialised twice.
 */
import { GrowingBytes } from "@cloister/base";
import type { ChatMessage, ChatTool, Provenance } from "@cloister/wire";

export interface Conversation {
  add(message: ChatMessage): void;
  /** The request for the next answer, in pieces. */
  request(): readonly Uint8Array[];
}

export function startConversation(model: string, tools: readonly ChatTool[]): Conversation {
  const fixed = { model, stream: true, stream_options: { include_usage: true }, tools };
  // `messages` stands last, so that a new message is an addition at the end.
  const bytes = new GrowingBytes();
  bytes.append(Buffer.from(`${JSON.stringify(fixed).slice(0, -1)},"messages":[`));
  let count = 0;
  const close = Buffer.from("]}");
  return {
    add: (message) => {
      bytes.append(Buffer.from((count > 0 ? "," : "") + JSON.stringify(message)));
      count += 1;
    },
    request: () => [bytes.view(), close],
  };
}

export function systemMessage(content: string): ChatMessage {
  return { role: "system", content };
}

export function userMessage(
  content: string,
  source: "user" | "instructions",
  files?: Provenance["files"],
): ChatMessage {
  return { role: "user", content, cloister: files === undefined ? { source } : { source, files } };
}

export function toolMessage(id: string, content: string, cloister: Provenance): ChatMessage {
  return { role: "tool", tool_call_id: id, content, cloister };
}
