/**
 * The conversation as bytes. It only ever grows at its end, so request n+1 begins with the bytes of request n: the
 * model server finds its cached prefix, and nothing is serialised twice. Only a compaction begins it anew.
 */
import { GrowingBytes } from "@cloister/base";
import type { ChatMessage, ChatTool, Provenance } from "@cloister/wire";
import { excessBytes } from "./pictures.ts";

export interface Conversation {
  add(message: ChatMessage): void;
  /** The request for the next answer, in pieces. */
  request(): readonly Uint8Array[];
  /** A request that asks something beside the conversation: it begins with all of it, and leaves it as it is. */
  requestWith(message: ChatMessage): readonly Uint8Array[];
  /** A request with other items after the same head. */
  requestFor(items: readonly ChatMessage[]): readonly Uint8Array[];
  readonly items: readonly ChatMessage[];
  /** Of the request for the next answer; a picture counts as the text that would take as much of the window. */
  readonly bytes: number;
  /** Of what stands before the first item: the model's name and the tools. */
  readonly headBytes: number;
  /** Begins anew with these. */
  replace(items: readonly ChatMessage[]): void;
}

const CLOSE = Buffer.from("]}");

export function startConversation(
  model: string,
  tools: readonly ChatTool[],
  onItem: (item: ChatMessage, index: number) => void = () => {
    /* nobody keeps them */
  },
): Conversation {
  const fixed = { model, stream: true, stream_options: { include_usage: true }, tools };
  // `messages` stands last, so that a new message is an addition at the end.
  const head = Buffer.from(`${JSON.stringify(fixed).slice(0, -1)},"messages":[`);
  let bytes = new GrowingBytes();
  bytes.append(head);
  let items: ChatMessage[] = [];
  let excess = 0;
  const toBytes = (message: ChatMessage): Buffer =>
    Buffer.from((items.length > 0 ? "," : "") + JSON.stringify(message));
  const add = (message: ChatMessage): void => {
    bytes.append(toBytes(message));
    items.push(message);
    excess += excessBytes(message);
    onItem(message, items.length - 1);
  };
  return {
    add,
    request: () => [bytes.view(), CLOSE],
    requestWith: (message) => [bytes.view(), toBytes(message), CLOSE],
    requestFor: (others) => [head, Buffer.from(others.map((item) => JSON.stringify(item)).join(",")), CLOSE],
    get items() {
      return items;
    },
    get bytes() {
      return bytes.view().length + CLOSE.length - excess;
    },
    headBytes: head.length,
    replace: (next) => {
      items = [];
      excess = 0;
      bytes = new GrowingBytes();
      bytes.append(head);
      for (const item of next) add(item);
    },
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
