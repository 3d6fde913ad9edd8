// The OpenAI Chat Completions shapes: the request that comes in, and the answer in one piece or as a stream.
import { isRecord } from "@cloister/base";
import type { ServerResponse } from "node:http";
import { createOutputReader } from "./output-reader.ts";
import type { ChatInput, EngineEvent, GenerateOptions } from "./engine.ts";
import type { OutputPiece } from "./output-reader.ts";

export interface ChatRequest extends ChatInput, GenerateOptions {
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Or what is wrong with it. */
export function parseChatRequest(body: string): ChatRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "the body is not JSON";
  }
  if (!isRecord(value) || !Array.isArray(value["messages"])) return "'messages' is required";
  const { tools, tool_choice, max_tokens, max_completion_tokens, temperature, seed, stream_options } = value;
  const tokensMax = max_completion_tokens ?? max_tokens;
  return {
    messages: value["messages"],
    tools: Array.isArray(tools) && tools.length > 0 ? tools : undefined,
    tokensMax: typeof tokensMax === "number" && tokensMax >= 0 ? tokensMax : Infinity,
    temperature: typeof temperature === "number" ? temperature : 0.8,
    seed: typeof seed === "number" ? seed : undefined,
    schema: tool_choice === "required" && Array.isArray(tools) ? callSchema(tools) : undefined,
    stream: value["stream"] === true,
    includeUsage: isRecord(stream_options) && stream_options["include_usage"] === true,
  };
}

/** Of one call of one of the tools. */
function callSchema(tools: readonly unknown[]): object {
  const calls = tools.map((tool) => {
    const { name, parameters } = isRecord(tool) && isRecord(tool["function"]) ? tool["function"] : {};
    return { type: "object", properties: { name: { const: name }, arguments: parameters } };
  });
  return { oneOf: calls };
}

export interface Reply {
  /** Counts the answers of this server, and makes its ids. */
  readonly number: number;
  readonly model: string;
  readonly promptTokens: number;
}

export interface Writing {
  readonly reply: Reply;
  readonly events: AsyncGenerator<EngineEvent>;
  readonly response: ServerResponse;
  readonly includeUsage: boolean;
}

type FinishReason = "stop" | "length" | "tool_calls";

interface Ending {
  readonly finishReason: FinishReason;
  readonly usage: object;
}

/** Fragments of this length, so that clients have arguments to put together. */
const ARGUMENT_CHARS = 16;

/** Role, deltas, finish reason, usage when asked for, [DONE]. Ends early when the peer is gone. */
export async function writeStream({ reply, events, response, includeUsage }: Writing): Promise<void> {
  const send = async (payload: string): Promise<void> => {
    if (response.destroyed) return;
    // A peer that does not read is waited for, not buffered for.
    if (!response.write(`data: ${payload}\n\n`)) await drained(response);
  };
  const frame = { id: idOf(reply), object: "chat.completion.chunk", created: 0, model: reply.model };
  const sendDelta = (delta: object, finishReason: FinishReason | null = null): Promise<void> =>
    send(JSON.stringify({ ...frame, choices: [{ index: 0, delta, finish_reason: finishReason }] }));
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  await sendDelta({ role: "assistant", content: null });
  let calls = 0;
  const ending = await readEvents(reply, events, async (piece) => {
    switch (piece.kind) {
      case "content":
        return sendDelta({ content: piece.text });
      case "reasoning":
        return sendDelta({ reasoning_content: piece.text });
      case "call": {
        const index = calls++;
        const head = { index, id: callId(reply, index), type: "function" };
        await sendDelta({ tool_calls: [{ ...head, function: { name: piece.name, arguments: "" } }] });
        for (let at = 0; at < piece.arguments.length; at += ARGUMENT_CHARS) {
          const fragment = piece.arguments.slice(at, at + ARGUMENT_CHARS);
          await sendDelta({ tool_calls: [{ index, function: { arguments: fragment } }] });
        }
      }
    }
  });
  if (ending === undefined) return;
  await sendDelta({}, ending.finishReason);
  if (includeUsage) await send(JSON.stringify({ ...frame, choices: [], usage: ending.usage }));
  await send("[DONE]");
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

export async function writeAnswer({ reply, events, response }: Writing): Promise<void> {
  let content = "";
  let reasoning = "";
  const calls: object[] = [];
  const ending = await readEvents(reply, events, async (piece) => {
    if (piece.kind === "content") content += piece.text;
    else if (piece.kind === "reasoning") reasoning += piece.text;
    else {
      const { name, arguments: args } = piece;
      calls.push({ id: callId(reply, calls.length), type: "function", function: { name, arguments: args } });
    }
  });
  if (ending === undefined) return;
  const message = {
    role: "assistant",
    content: content === "" ? null : content,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const body = {
    id: idOf(reply),
    object: "chat.completion",
    created: 0,
    model: reply.model,
    choices: [{ index: 0, message, finish_reason: ending.finishReason }],
    usage: ending.usage,
  };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Undefined when generation was stopped from outside. */
async function readEvents(
  reply: Reply,
  events: AsyncGenerator<EngineEvent>,
  onPiece: (piece: OutputPiece) => Promise<void>,
): Promise<Ending | undefined> {
  const reader = createOutputReader();
  let cachedTokens = 0;
  let hasCalls = false;
  const pass = async (pieces: readonly OutputPiece[]): Promise<void> => {
    for (const piece of pieces) {
      if (piece.kind === "call") hasCalls = true;
      await onPiece(piece);
    }
  };
  for await (const event of events) {
    switch (event.kind) {
      case "start":
        cachedTokens = event.cachedTokens;
        break;
      case "text":
        await pass(reader.push(event.text));
        break;
      case "end": {
        await pass(reader.end());
        const finished = hasCalls ? "tool_calls" : "stop";
        const finishReason = event.reason === "length" ? "length" : finished;
        return { finishReason, usage: toUsage(reply.promptTokens, event.tokens, cachedTokens) };
      }
    }
  }
  return undefined;
}

function toUsage(promptTokens: number, completionTokens: number, cachedTokens: number): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

function idOf(reply: Reply): string {
  return `chatcmpl-${reply.number}`;
}

function callId(reply: Reply, index: number): string {
  return `call_${reply.number}_${index}`;
}
