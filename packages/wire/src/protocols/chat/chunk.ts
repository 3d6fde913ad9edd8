/** One piece of an answer, a streamed chunk or the whole of it, read tolerantly: servers leave out, null and rename. */
import { isRecord } from "@cloister/base";
import { errorText, type CallFragment, type Usage } from "../../chat.ts";
import type { CloisterExtension, ReadingProgress } from "../../turn.ts";
import { parseExtension } from "./extension.ts";
import { reasoningDetails } from "./parse-messages.ts";
import { parseReading } from "./reading.ts";
import { tokenCount } from "../../token-count.ts";

export interface Chunk {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly CallFragment[];
  readonly finish: string | undefined;
  /** vLLM and SGLang say which of the stop texts it was. */
  readonly stopSequence: string | undefined;
  readonly usage: Usage | undefined;
  readonly extension: CloisterExtension | undefined;
  /** How far the server is with the prompt. */
  readonly reading: ReadingProgress | undefined;
  /** Any Chat client would read the same from its bytes, and it says no more than a piece of text. */
  readonly isPlain: boolean;
  /** In the place of a chunk, with status 200: servers break off that way. */
  readonly error:
    | {
        readonly message: string;
        readonly status: number | undefined;
        /** The airlock ended it: it gave the request a time, and that is over. */
        readonly isTimeout: boolean;
      }
    | undefined;
}

/** Undefined when the text is no JSON object. */
export function parseChunk(text: string): Chunk | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the caller reports a broken stream; it knows where it stood
  }
  return isRecord(value) ? toChunk(value) : undefined;
}

export function toChunk(value: Readonly<Record<string, unknown>>): Chunk {
  const choice = firstChoice(value["choices"]);
  const isStreamed = isRecord(choice["delta"]);
  const delta = isStreamed ? choice["delta"] : choice["message"];
  const said = isRecord(delta) ? delta : { content: choice["text"] };
  const content = readContent(said["content"]);
  const calls = callFragments(said, isStreamed);
  // Some servers write an empty reason into every chunk.
  const finish = textOf(choice["finish_reason"]);
  const reading = parseReading(value["prompt_progress"]);
  return {
    id: textOf(value["id"]),
    model: textOf(value["model"]),
    text: content.text || (textOf(said["refusal"]) ?? ""),
    reasoning: reasoningOf(said) || content.reasoning,
    calls,
    finish,
    stopSequence: textOf(choice["stop_reason"]) ?? textOf(choice["matched_stop"]),
    usage: parseUsage(value["usage"]) ?? parseUsage(choice["usage"]) ?? parseTimings(value["timings"]),
    extension: parseExtension(value["cloister"]),
    reading,
    isPlain:
      isStreamed &&
      calls.length === 0 &&
      finish === undefined &&
      reading === undefined &&
      !Array.isArray(said["content"]),
    error: parseError(value),
  };
}

/** Only the answer with index 0 is read; nobody asks for more. */
function firstChoice(choices: unknown): Readonly<Record<string, unknown>> {
  if (!Array.isArray(choices)) return {};
  return choices.filter(isRecord).find(({ index }) => (index ?? 0) === 0) ?? {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A string, or Mistral's list of typed pieces. */
function readContent(content: unknown): { readonly text: string; readonly reasoning: string } {
  if (!Array.isArray(content)) return { text: textOf(content) ?? "", reasoning: "" };
  const pieces = content.filter(isRecord);
  const join = (texts: readonly unknown[]): string =>
    texts.filter((text) => typeof text === "string").join("");
  return {
    text: join(pieces.filter(({ type }) => type !== "thinking").map(({ text }) => text)),
    reasoning: join(
      pieces.map(({ thinking }) => (Array.isArray(thinking) ? readContent(thinking).text : thinking)),
    ),
  };
}

/** vLLM says `reasoning`, most others `reasoning_content`, Ollama `thinking`; some say it twice. */
function reasoningOf(said: Readonly<Record<string, unknown>>): string {
  return (
    textOf(said["reasoning_content"]) ??
    textOf(said["reasoning"]) ??
    textOf(said["thinking"]) ??
    reasoningDetails(said["reasoning_details"])
  );
}

function callFragments(said: Readonly<Record<string, unknown>>, isStreamed: boolean): CallFragment[] {
  const given = said["tool_calls"];
  // One call without the list around it is what some adapters make.
  const calls = Array.isArray(given) ? given.filter(isRecord) : isRecord(given) ? [given] : [];
  const legacy = said["function_call"];
  if (calls.length === 0 && isRecord(legacy)) return [toFragment(0, undefined, legacy)];
  const fragments = calls.map((call, at) => {
    const body = isRecord(call["function"]) ? call["function"] : call;
    // In a whole answer the place in the list is the index; in a stream each list holds what is new.
    const place = isStreamed ? undefined : at;
    const index = typeof call["index"] === "number" ? call["index"] : place;
    return toFragment(index, textOf(call["id"]), body);
  });
  return fragments.filter((fragment) => !saysNothing(fragment));
}

/** An empty place in the list begins no call. */
function saysNothing({ id, name, arguments: text }: CallFragment): boolean {
  return id === undefined && name === undefined && text === "";
}

function toFragment(
  index: number | undefined,
  id: string | undefined,
  body: Readonly<Record<string, unknown>>,
): CallFragment {
  const given = body["arguments"] ?? body["parameters"] ?? body["input"];
  // Some servers send the arguments as an object, whole.
  const text = typeof given === "string" ? given : isRecord(given) ? JSON.stringify(given) : "";
  return { index, id, name: textOf(body["name"]), arguments: text };
}

function parseUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const promptTokens = tokenCount(value["prompt_tokens"]);
  if (promptTokens === undefined) return undefined;
  const details = isRecord(value["prompt_tokens_details"]) ? value["prompt_tokens_details"] : {};
  // OpenAI's place, Moonshot's, DeepSeek's.
  const cached = [details["cached_tokens"], value["cached_tokens"], value["prompt_cache_hit_tokens"]];
  return {
    promptTokens,
    cachedTokens: cached.map(tokenCount).find((count) => count !== undefined),
    completionTokens: tokenCount(value["completion_tokens"]) ?? 0,
  };
}

/** llama.cpp reports these unasked. `prompt_n` is what was not in the cache. */
function parseTimings(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const fresh = tokenCount(value["prompt_n"]);
  if (fresh === undefined) return undefined;
  const cached = tokenCount(value["cache_n"]) ?? 0;
  return {
    promptTokens: fresh + cached,
    cachedTokens: cached,
    completionTokens: tokenCount(value["predicted_n"]) ?? 0,
  };
}

/** The airlock's own word for a request that took longer than it may. Asked again it would take as long. */
export const REQUEST_TIMEOUT = "request-timeout";

function parseError(value: Readonly<Record<string, unknown>>): Chunk["error"] {
  if (value["error"] === "") return undefined;
  const isFlat = value["choices"] === undefined && typeof value["message"] === "string";
  const message = errorText(value) ?? (isFlat ? textOf(value["message"]) : undefined);
  if (message === undefined) return undefined;
  const inner = isRecord(value["error"]) ? value["error"] : value;
  const status = [inner["status"], inner["code"]].find(
    (code) => typeof code === "number" && code >= 400 && code < 600,
  );
  const isTimeout = inner["code"] === REQUEST_TIMEOUT;
  return { message, status: typeof status === "number" ? status : undefined, isTimeout };
}
