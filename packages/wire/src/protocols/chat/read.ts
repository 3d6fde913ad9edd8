/** An answer of a Chat server, streamed or whole, to neutral events. */
import { CloisterError, isRecord, messageOf } from "@cloister/base";
import type { FinishReason } from "../../chat.ts";
import type { Usage } from "../../chat.ts";
import { SseCutter, toSseEvent } from "../../sse.ts";
import type { CloisterExtension, Frame, TurnEvent } from "../../turn.ts";
import { CallReader } from "./call-reader.ts";
import { parseChunk, REQUEST_TIMEOUT, toChunk, type Chunk } from "./chunk.ts";
import { PlainDeltas, type PlainDelta } from "./plain-deltas.ts";

const EVENT_BYTES_MAX = 16 * 1024 * 1024;

/**
 * One frame for every event on the wire, save that pieces of one text that came together are one. Never to be passed on raw (`fragment`) are pieces of a call, and whatever
 * another client could not read or would read as more than its events say: text with the finish reason beside it, an
 * error in the server's own shape, a whole answer in the place of a chunk. Never throws.
 */
export async function* readChatStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const reader = new AnswerReader();
  const cutter = new SseCutter({ eventBytesMax: EVENT_BYTES_MAX });
  const deltas = new PlainDeltas();
  let run: Run | undefined;
  try {
    for await (const chunk of source) {
      for (const event of cutter.cut(chunk)) {
        const delta = deltas.read(event);
        if (delta !== undefined && (run === undefined || run.kind === delta.kind)) {
          run = goOn(run, event, delta);
          continue;
        }
        if (run !== undefined) yield toRunFrame(run);
        run = delta === undefined ? undefined : goOn(undefined, event, delta);
        if (delta !== undefined) continue;
        yield toFrame(event, reader, deltas);
        if (reader.isOver) return;
      }
      if (run !== undefined) yield toRunFrame(run);
      run = undefined;
    }
    if (cutter.rest.length > 0) yield toFrame(cutter.rest, reader, deltas);
    if (reader.isOver) return;
  } catch (error) {
    if (run !== undefined) yield toRunFrame(run);
    // What goes wrong after the last event, such as in closing the connection, takes nothing back.
    if (!reader.isOver) yield { raw: new Uint8Array(), events: [broken(error)], fragment: false };
    return;
  }
  yield { raw: new Uint8Array(), events: reader.close(), fragment: false };
}

export function readChatWhole(body: unknown): TurnEvent[] {
  const reader = new AnswerReader();
  if (!isRecord(body)) return [broken("the server's answer is no JSON object")];
  const events = reader.read(toChunk(body));
  return reader.isOver ? events : [...events, ...reader.close()];
}

/** Pieces of one text, one behind the other in the memory of one chunk. */
interface Run {
  readonly kind: PlainDelta["kind"];
  readonly first: Buffer;
  bytes: number;
  text: string;
}

function goOn(run: Run | undefined, event: Buffer, { kind, text }: PlainDelta): Run {
  if (run === undefined) return { kind, first: event, bytes: event.length, text };
  run.bytes += event.length;
  run.text += text;
  return run;
}

function toRunFrame({ kind, first, bytes, text }: Run): Frame {
  const raw = Buffer.from(first.buffer, first.byteOffset, bytes);
  return { raw, events: [{ kind, text }], fragment: false };
}

function toFrame(raw: Buffer, reader: AnswerReader, deltas: PlainDeltas): Frame {
  const event = toSseEvent(raw);
  const data = dataOf(raw, event.data);
  if (data === undefined) return { raw, events: [], fragment: false };
  if (data === "[DONE]") return { raw, events: reader.close(), fragment: false };
  const chunk = parseChunk(data);
  const events = reader.read(chunk);
  // Never from the first one, which tells of the beginning as well.
  if (chunk !== undefined && events.length === 1) deltas.learn(raw, chunk);
  const isTelling = events.length > 0 && chunk?.isPlain !== true;
  const fragment = isTelling || (chunk?.calls.length ?? 0) > 0 || event.data === undefined;
  return { raw, events, fragment };
}

/** A JSON object without `data:` before it is an answer or an error of a server that did not mean to stream. */
function dataOf(raw: Buffer, data: string | undefined): string | undefined {
  if (data !== undefined) return data.trim() || undefined;
  // `error:` was llama.cpp's way to break off. Trimming takes a byte order mark as well.
  const text = raw.toString("utf8").trim();
  return /^(?:data:|error:)?\s*(\{.*\})$/s.exec(text)?.[1];
}

/** Reasons that are no end: the server gave up. */
const failures: ReadonlySet<string> = new Set([
  "abort",
  "cancelled",
  "error",
  "insufficient_system_resource",
  "network_error",
]);

/** What is known of one answer while its chunks come. */
class AnswerReader {
  readonly #calls: CallReader = new CallReader();
  #answerId = "";
  #isStarted = false;
  #isOver = false;
  #finish: string | undefined;
  #stopSequence: string | undefined;
  #usage: Usage | undefined;
  #extension: CloisterExtension | undefined;

  /** After the one `end` or `failed`. */
  get isOver(): boolean {
    return this.#isOver;
  }

  read(chunk: Chunk | undefined): TurnEvent[] {
    if (chunk === undefined) return this.#fail(broken("the server sent what is no chunk of an answer"));
    if (chunk.error !== undefined) return this.#fail(refused(chunk.error));
    if (chunk.finish !== undefined && failures.has(chunk.finish)) {
      return this.#fail(
        refused({ message: `the server broke off: ${chunk.finish}`, status: undefined, isTimeout: false }),
      );
    }
    const events: TurnEvent[] = this.#start(chunk);
    if (chunk.reading !== undefined) events.push({ kind: "reading", ...chunk.reading });
    if (chunk.reasoning !== "") events.push({ kind: "reasoning", text: chunk.reasoning });
    if (chunk.text !== "") events.push({ kind: "text", text: chunk.text });
    try {
      for (const fragment of chunk.calls) this.#calls.add(fragment);
      const isRest = chunk.finish !== undefined;
      const calls = isRest ? this.#calls.takeRest(this.#answerId) : this.#calls.takeWhole(this.#answerId);
      for (const call of calls) events.push({ kind: "call", call });
    } catch (error) {
      return [...events, ...this.#fail(broken(error))];
    }
    this.#finish = chunk.finish ?? this.#finish;
    this.#stopSequence = chunk.stopSequence ?? this.#stopSequence;
    this.#usage = chunk.usage ?? this.#usage;
    this.#extension = chunk.extension ?? this.#extension;
    return events;
  }

  /** The stream is known to be over: by its mark, or because nothing more came. */
  close(): TurnEvent[] {
    if (this.#finish === undefined) return this.#fail(broken("the stream stopped without an end"));
    const events: TurnEvent[] = [];
    try {
      for (const call of this.#calls.takeRest(this.#answerId)) events.push({ kind: "call", call });
    } catch (error) {
      return this.#fail(broken(error));
    }
    this.#isOver = true;
    const finish = toFinish(this.#finish, this.#calls.count);
    events.push({
      kind: "end",
      finish,
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#extension === undefined ? {} : { extension: this.#extension }),
      ...(this.#stopSequence === undefined || finish !== "stop" ? {} : { stopSequence: this.#stopSequence }),
    });
    return events;
  }

  /** With the first chunk of any kind: some servers send none with a role. */
  #start({ id, model }: Chunk): TurnEvent[] {
    if (this.#isStarted) return [];
    this.#isStarted = true;
    this.#answerId = id ?? "";
    return [
      { kind: "start", ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) },
    ];
  }

  #fail(event: TurnEvent): TurnEvent[] {
    this.#isOver = true;
    return [event];
  }
}

/** Servers say `stop` although calls are there (SGLang, Ollama), so the calls count, not the word. */
function toFinish(reason: string, calls: number): FinishReason {
  switch (reason) {
    case "length":
    case "max_tokens":
    case "model_length":
      return "length";
    case "content_filter":
    case "sensitive":
      return "filter";
    case "tool_calls":
    case "function_call":
      // Calls that were announced and never came: the caller sees an empty turn.
      return "calls";
    default:
      return calls > 0 ? "calls" : "stop";
  }
}

function refused({ message, status, isTimeout }: NonNullable<Chunk["error"]>): TurnEvent {
  const code = isTimeout ? REQUEST_TIMEOUT : "upstream-error";
  return { kind: "failed", code, message, ...(status === undefined ? {} : { status }) };
}

function broken(error: unknown): TurnEvent {
  const code = error instanceof CloisterError ? error.code : "upstream-broken";
  return { kind: "failed", code, message: messageOf(error) };
}
