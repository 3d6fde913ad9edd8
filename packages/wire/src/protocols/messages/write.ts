/** The door's answers in Anthropic Messages. A client of this protocol breaks off at the first illegal event. */
import type { JsonObject } from "@cloister/base";
import type { TurnEvent, TurnRequest } from "../../turn.ts";
import type { AnswerContext, StreamWriter } from "../protocol.ts";
import { parseArguments } from "./conversation.ts";
import { errorEnvelope, failedEnvelope } from "./errors.ts";
import { BAD_CALL, formatExtension, formatUsage, THINKING_SIGNATURE, toStopReason } from "./outcome.ts";

type End = Extract<TurnEvent, { kind: "end" }>;
type Thought = Extract<TurnEvent, { kind: "thought" }>;
type Call = Extract<TurnEvent, { kind: "call" }>["call"];

const CHARS_PER_TOKEN = 4;

export function createMessagesWriter(request: TurnRequest, context: AnswerContext): StreamWriter {
  return new MessagesWriter(request, context);
}

class MessagesWriter implements StreamWriter {
  readonly #request: TurnRequest;
  readonly #context: AnswerContext;
  #isStarted = false;
  #isClosed = false;
  #open: "text" | "thinking" | "hidden" | undefined;
  /** Under the thinking that is open. It is closed when something follows, and not before (T10). */
  #token: string | undefined;
  /** Of the block that is open, or comes next. */
  #index = 0;
  #calls = 0;
  #hasBadCall = false;

  constructor(request: TurnRequest, context: AnswerContext) {
    this.#request = request;
    this.#context = context;
  }

  write(event: TurnEvent): Buffer {
    if (this.#isClosed) return Buffer.alloc(0);
    switch (event.kind) {
      case "start":
        return Buffer.from(this.#start());
      case "text":
        return this.#write(event.text, "text");
      case "reasoning":
        return this.#write(event.text, "thinking");
      case "thought":
        return Buffer.from(this.#think(event));
      case "call":
        return Buffer.from(this.#start() + this.#close() + this.#call(event.call));
      case "reading":
      case "judging":
      case "refused":
        return Buffer.alloc(0);
      case "end":
        return Buffer.from(this.#start() + this.#close() + this.#end(event));
      case "failed":
        // The open block stays open: a client takes a finished block of thinking for done, and would not ask again.
        this.#isClosed = true;
        return Buffer.from(frame(failedEnvelope(event)));
    }
  }

  ping(): Buffer {
    return this.#isClosed ? Buffer.alloc(0) : Buffer.from(frame({ type: "ping" }));
  }

  #start(): string {
    if (this.#isStarted) return "";
    this.#isStarted = true;
    const { id, model } = this.#context;
    const usage = { input_tokens: estimateTokens(this.#request), output_tokens: 0 };
    const message = {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    return frame({ type: "message_start", message }) + frame({ type: "ping" });
  }

  #think({ token, hidden }: Thought): string {
    if (hidden === true && token !== undefined) {
      const before = this.#start() + this.#close();
      this.#open = "hidden";
      return before + this.#startBlock({ type: "redacted_thinking", data: token });
    }
    if (this.#open === "thinking") this.#token ??= token ?? THINKING_SIGNATURE;
    return "";
  }

  #write(text: string, kind: "text" | "thinking"): Buffer {
    if (text === "") return Buffer.alloc(0);
    const goesOn = this.#open === kind && this.#token === undefined;
    const before = this.#start() + (goesOn ? "" : this.#close() + this.#openBlock(kind));
    const delta = kind === "text" ? { type: "text_delta", text } : { type: "thinking_delta", thinking: text };
    return Buffer.from(before + this.#delta(delta));
  }

  #openBlock(kind: "text" | "thinking"): string {
    this.#open = kind;
    return this.#startBlock(
      kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" },
    );
  }

  #close(): string {
    if (this.#open === undefined) return "";
    const signature =
      this.#open === "thinking"
        ? this.#delta({ type: "signature_delta", signature: this.#token ?? THINKING_SIGNATURE })
        : "";
    this.#open = undefined;
    this.#token = undefined;
    return signature + this.#stopBlock();
  }

  #call({ id, name, arguments: text }: Call): string {
    this.#calls += 1;
    this.#hasBadCall ||= parseArguments(text) === undefined;
    return (
      this.#startBlock({ type: "tool_use", id, name, input: {} }) +
      this.#delta({ type: "input_json_delta", partial_json: text }) +
      this.#stopBlock()
    );
  }

  #end(end: End): string {
    this.#isClosed = true;
    // Half a call is what a token limit leaves, and clients expect it then. Otherwise it must not look like a whole one.
    if (this.#hasBadCall && (end.finish === "stop" || end.finish === "calls")) {
      return frame(errorEnvelope("api_error", BAD_CALL));
    }
    const stopReason = toStopReason(end.finish, { calls: this.#calls, stopSequence: end.stopSequence });
    const outcome = {
      type: "message_delta",
      delta: { stop_reason: stopReason, stop_sequence: end.stopSequence ?? null },
      usage: end.usage === undefined ? { output_tokens: 0 } : formatUsage(end.usage),
      ...formatExtension(end.extension),
    };
    return frame(outcome) + frame({ type: "message_stop" });
  }

  #startBlock(block: JsonObject): string {
    return frame({ type: "content_block_start", index: this.#index, content_block: block });
  }

  #delta(delta: JsonObject): string {
    return frame({ type: "content_block_delta", index: this.#index, delta });
  }

  #stopBlock(): string {
    const stop = frame({ type: "content_block_stop", index: this.#index });
    this.#index += 1;
    return stop;
  }
}

/** For the first event only, which must hold a number; the last one has the count. Pictures are left out. */
function estimateTokens(request: TurnRequest): number {
  let chars = 0;
  for (const text of request.system) chars += text.length;
  for (const tool of request.tools) {
    chars += tool.name.length + (tool.description ?? "").length + JSON.stringify(tool.parameters).length;
  }
  for (const item of request.items) {
    if (item.kind === "system") chars += item.text.length;
    else if (item.kind === "assistant") {
      chars += item.text.length + item.reasoning.length;
      for (const call of item.calls) chars += call.name.length + call.arguments.length;
    } else for (const part of item.parts) chars += part.kind === "text" ? part.text.length : 0;
  }
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/** The event's name is its type, as clients check. */
function frame(value: JsonObject & { readonly type: string }): string {
  return `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
}
