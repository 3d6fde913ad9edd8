/** One scripted answer in the words of three protocols, in one piece and in events, as their own servers say it. */
import type { JsonObject } from "@cloister/base";

export type Shape = "chat" | "messages" | "responses";

export interface Say {
  readonly reasoning?: string;
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: JsonObject }[];
}

type Call = Say["calls"][number];

export const model = "scripted";
/** All input, what of it was cached, and the output. */
export const usage = { input: 1200, cached: 1000, output: 34 } as const;

export const thought = "First the file, 然后 an answer.";
export const firstText = "I read the file first. 我先读文件 📄.";
export const lastText = "It says: 你好.";
export const path = "notes 📝.txt";

const callIds: Readonly<Record<Shape, string>> = { chat: "call_", messages: "toolu_01", responses: "call_r" };

/** In the form that each protocol's own servers give them. */
export function callId(shape: Shape, index = 0): string {
  return `${callIds[shape]}${index + 1}`;
}

export const printedCalls: Readonly<Record<string, string>> = {
  hermes: `<tool_call>\n${JSON.stringify({ name: "read_file", arguments: { path } })}\n</tool_call>`,
  coder: `<tool_call>\n<function=read_file>\n<parameter=path>\n${path}\n</parameter>\n</function>\n</tool_call>`,
};

export function wholeAnswer(shape: Shape, say: Say): JsonObject {
  switch (shape) {
    case "chat":
      return wholeChat(say);
    case "messages":
      return wholeMessage(say);
    case "responses":
      return wholeResponse(outputOf(say), "completed");
  }
}

/** Each a complete event, as it goes over the wire. `includeUsage` is Chat's own option. */
export function answerEvents(shape: Shape, say: Say, includeUsage: boolean): string[] {
  switch (shape) {
    case "chat":
      return [...chatChunks(say, includeUsage).map(sse), "data: [DONE]\n\n"];
    case "messages":
      return messageEvents(say).map(sse);
    case "responses":
      return responseEvents(say).map((event, index) => sse({ ...event, sequence_number: index }));
  }
}

export function errorAnswer(shape: Shape, type: string, message: string): JsonObject {
  if (shape === "messages") return { type: "error", error: { type, message } };
  return { error: { message, type, param: null, code: null } };
}

/** That the prompt does not fit, as vLLM, Anthropic and OpenAI say it. */
export const overflows: Readonly<Record<Shape, JsonObject>> = {
  chat: {
    error: {
      message:
        "This model's maximum context length is 32768 tokens. However, your request has 40000 input tokens.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
  },
  messages: {
    type: "error",
    error: { type: "invalid_request_error", message: "prompt is too long: 40000 tokens > 32768 maximum" },
  },
  responses: {
    error: {
      message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
      type: "invalid_request_error",
      param: "input",
      code: "context_length_exceeded",
    },
  },
};

function sse(event: JsonObject): string {
  const { type } = event;
  return `${typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(event)}\n\n`;
}

function halves(text: string): [string, string] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

const chatUsage: JsonObject = {
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cached },
};

const chatHead: JsonObject = { id: "chatcmpl-1", created: 1_700_000_000, model };

function wholeChat({ reasoning, text, calls }: Say): JsonObject {
  const toolCalls = calls.map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const message = {
    role: "assistant",
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    content: text,
    ...(calls.length > 0 && { tool_calls: toolCalls }),
  };
  const choice = { index: 0, message, finish_reason: calls.length > 0 ? "tool_calls" : "stop" };
  return { ...chatHead, object: "chat.completion", choices: [choice], usage: chatUsage };
}

function chatChunks({ reasoning = "", text, calls }: Say, includeUsage: boolean): JsonObject[] {
  const head: JsonObject = { ...chatHead, object: "chat.completion.chunk" };
  const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const callChunks = ({ id, name, args }: Call, index: number): JsonObject[] => [
    chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
    ...halves(JSON.stringify(args)).map((piece) =>
      chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
    ),
  ];
  return [
    chunk({ role: "assistant", content: "" }),
    ...(reasoning === "" ? [] : halves(reasoning).map((piece) => chunk({ reasoning_content: piece }))),
    ...halves(text).map((content) => chunk({ content })),
    ...calls.flatMap(callChunks),
    chunk({}, calls.length > 0 ? "tool_calls" : "stop"),
    ...(includeUsage ? [{ ...head, choices: [], usage: chatUsage }] : []),
  ];
}

const messageInput: JsonObject = {
  input_tokens: usage.input - usage.cached,
  cache_read_input_tokens: usage.cached,
  cache_creation_input_tokens: 0,
};

/** Without it the server does not take its own thoughts back. */
export const signature = "c2NyaXB0ZWQ=";

const messageHead: JsonObject = { id: "msg_1", type: "message", role: "assistant", model };

function wholeMessage({ reasoning, text, calls }: Say): JsonObject {
  const content = [
    ...(reasoning === undefined ? [] : [{ type: "thinking", thinking: reasoning, signature }]),
    { type: "text", text },
    ...calls.map(({ id, name, args }) => ({ type: "tool_use", id, name, input: args })),
  ];
  return {
    ...messageHead,
    content,
    stop_reason: calls.length > 0 ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: { ...messageInput, output_tokens: usage.output },
  };
}

function messageEvents({ reasoning = "", text, calls }: Say): JsonObject[] {
  const before = reasoning === "" ? 0 : 1;
  const block = (index: number, start: JsonObject, deltas: readonly JsonObject[]): JsonObject[] => [
    { type: "content_block_start", index, content_block: start },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
  const callBlock = ({ id, name, args }: Call, index: number): JsonObject[] => {
    const pieces = ["", ...halves(JSON.stringify(args))];
    const deltas = pieces.map((piece) => ({ type: "input_json_delta", partial_json: piece }));
    return block(before + 1 + index, { type: "tool_use", id, name, input: {} }, deltas);
  };
  const texts = halves(text).map((piece) => ({ type: "text_delta", text: piece }));
  const thoughts = [
    ...halves(reasoning).map((piece) => ({ type: "thinking_delta", thinking: piece })),
    { type: "signature_delta", signature },
  ];
  const begun = { ...messageHead, content: [], stop_reason: null, stop_sequence: null };
  const stop = { stop_reason: calls.length > 0 ? "tool_use" : "end_turn", stop_sequence: null };
  return [
    { type: "message_start", message: { ...begun, usage: { ...messageInput, output_tokens: 1 } } },
    { type: "ping" },
    ...(reasoning === "" ? [] : block(0, { type: "thinking", thinking: "", signature: "" }, thoughts)),
    ...block(before, { type: "text", text: "" }, texts),
    ...calls.flatMap(callBlock),
    // The input was counted in the first event, and is not said again.
    { type: "message_delta", delta: stop, usage: { output_tokens: usage.output } },
    { type: "message_stop" },
  ];
}

function outputOf({ reasoning, text, calls }: Say): JsonObject[] {
  const content = [outputText(text)];
  const summary = [{ type: "summary_text", text: reasoning ?? "" }];
  return [
    ...(reasoning === undefined ? [] : [{ type: "reasoning", id: reasoningId, summary }]),
    { type: "message", id: "msg_1", role: "assistant", status: "completed", content },
    ...calls.map(({ id, name, args }) => ({
      type: "function_call",
      id: `fc_${id}`,
      call_id: id,
      name,
      arguments: JSON.stringify(args),
      status: "completed",
    })),
  ];
}

/** Of the one thought that a Responses server has. */
export const reasoningId = "rs_1";

function outputText(text: string): JsonObject {
  return { type: "output_text", text, annotations: [] };
}

function responseEvents(say: Say): JsonObject[] {
  const output = outputOf(say);
  const begun = wholeResponse([], "in_progress");
  return [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...output.flatMap((item, index) => itemEvents(item, { index, say })),
    { type: "response.completed", response: wholeResponse(output, "completed") },
  ];
}

function itemEvents(item: JsonObject, { index, say }: { index: number; say: Say }): JsonObject[] {
  const at = { item_id: item["id"] ?? null, output_index: index };
  const around = (start: JsonObject, events: readonly JsonObject[]): JsonObject[] => [
    { type: "response.output_item.added", output_index: index, item: { ...item, ...start } },
    ...events,
    { type: "response.output_item.done", output_index: index, item },
  ];
  if (item["type"] === "function_call") {
    return around(
      { status: "in_progress", arguments: "" },
      argumentEvents(JSON.stringify(say.calls.find(({ id }) => id === item["call_id"])?.args), at),
    );
  }
  if (item["type"] === "reasoning") return around({ summary: [] }, summaryEvents(say.reasoning ?? "", at));
  return around({ status: "in_progress", content: [] }, textEvents(say.text, at));
}

function summaryEvents(text: string, at: JsonObject): JsonObject[] {
  const here = { ...at, summary_index: 0 };
  const type = "response.reasoning_summary";
  const part = (said: string): JsonObject => ({ type: "summary_text", text: said });
  const delta = (piece: string): JsonObject => ({ type: `${type}_text.delta`, ...here, delta: piece });
  return [
    { type: `${type}_part.added`, ...here, part: part("") },
    ...halves(text).map(delta),
    { type: `${type}_text.done`, ...here, text },
    { type: `${type}_part.done`, ...here, part: part(text) },
  ];
}

function textEvents(text: string, at: JsonObject): JsonObject[] {
  const here = { ...at, content_index: 0 };
  const delta = (piece: string): JsonObject => ({
    type: "response.output_text.delta",
    ...here,
    delta: piece,
  });
  return [
    { type: "response.content_part.added", ...here, part: outputText("") },
    ...halves(text).map(delta),
    { type: "response.output_text.done", ...here, text },
    { type: "response.content_part.done", ...here, part: outputText(text) },
  ];
}

function argumentEvents(text: string, at: JsonObject): JsonObject[] {
  const type = "response.function_call_arguments";
  const delta = (piece: string): JsonObject => ({ type: `${type}.delta`, ...at, delta: piece });
  return [...halves(text).map(delta), { type: `${type}.done`, ...at, arguments: text }];
}

function wholeResponse(output: readonly JsonObject[], status: "in_progress" | "completed"): JsonObject {
  const counted = {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.input + usage.output,
  };
  const state = { id: "resp_1", object: "response", created_at: 1_700_000_000, model, status, output };
  return {
    ...state,
    error: null,
    incomplete_details: null,
    usage: status === "completed" ? counted : null,
  };
}
