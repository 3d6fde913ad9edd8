// The answer of a turn in the shapes of llama-server: one object, or the chunks of a stream.

import { sha256 } from "@cloister/base";
import type { Json, JsonObject } from "@cloister/base";
import type { RehearsalFinish } from "./script.ts";

const pieceCharsMax = 12;

/** A turn with its placeholders filled in. */
export interface Performance {
  readonly model: string;
  readonly id: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  readonly reasoning: string;
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finish: RehearsalFinish;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

/** The payloads of the stream's events in order, `[DONE]` last. */
export function toChunks(play: Performance, includeUsage: boolean): string[] {
  const { reasoning, text, calls } = play;
  const deltas: JsonObject[] = [{ role: "assistant", content: null }];
  deltas.push(...cut(reasoning, play.id).map((piece) => ({ reasoning_content: piece })));
  deltas.push(...cut(text, play.id).map((piece) => ({ content: piece })));
  for (const [index, call] of calls.entries()) {
    const { id, name } = call;
    deltas.push({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
    for (const piece of cut(call.arguments, id)) {
      deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }
  const chunks = deltas.map((delta) => chunk(play, { choices: [{ index: 0, delta, finish_reason: null }] }));
  chunks.push(chunk(play, { choices: [{ index: 0, delta: {}, finish_reason: play.finish }] }));
  if (includeUsage) chunks.push(chunk(play, { choices: [], usage: usage(play) }));
  return [...chunks, "[DONE]"];
}

/** The answer to a request without `stream`. */
export function toCompletion(play: Performance): string {
  const { id, created, model, reasoning, text, calls, finish } = play;
  const message: Record<string, Json> = {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
  };
  if (reasoning !== "") message.reasoning_content = reasoning;
  if (calls.length > 0) {
    message.tool_calls = calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.arguments },
    }));
  }
  const choices = [{ index: 0, message, finish_reason: finish }];
  return JSON.stringify({ id, object: "chat.completion", created, model, choices, usage: usage(play) });
}

function chunk({ id, created, model }: Performance, rest: JsonObject): string {
  return JSON.stringify({ id, object: "chat.completion.chunk", created, model, ...rest });
}

function usage(play: Performance): JsonObject {
  const { promptTokens, cachedTokens, reasoning, text, calls } = play;
  const written = [reasoning, text, ...calls.flatMap((call) => [call.name, call.arguments])].join("");
  const completionTokens = Math.ceil(Buffer.byteLength(written) / 4);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

/** Uneven pieces, the same ones every time; whole code points, as a model's decoder gives. */
function cut(text: string, seed: string): string[] {
  const points = Array.from(text);
  const dice = sha256(seed, text);
  const pieces: string[] = [];
  for (let from = 0; from < points.length;) {
    const length = 1 + ((dice[pieces.length % dice.length] ?? 0) % pieceCharsMax);
    pieces.push(points.slice(from, from + length).join(""));
    from += length;
  }
  return pieces;
}
