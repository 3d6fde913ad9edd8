/** The upstream side of Anthropic Messages: its stream of blocks becomes events. */
import { isRecord, messageOf, parseJson, sha256 } from "@cloister/base";
import { readSse, type SseEvent } from "../../sse.ts";
import type { CloisterExtension, Frame, TurnEvent } from "../../turn.ts";
import { parseExtension } from "../chat/extension.ts";
import { broken, parseFailure } from "./errors.ts";
import { THINKING_SIGNATURE, toFinish, UsageReader } from "./outcome.ts";

const EVENT_BYTES_MAX = 16 * 1024 * 1024;
/** An answer has a few blocks; a server that opens them without end is broken. */
const CALLS_OPEN_MAX = 1000;
const CALL_CHARS_MAX = 64 * 1024 * 1024;

/** Frames as they come, with exactly one `end` or `failed`. Nothing is read after it. */
export async function* readMessagesStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const answer = new AnswerReader();
  try {
    for await (const event of readSse(source, { eventBytesMax: EVENT_BYTES_MAX })) {
      const frame = { raw: event.bytes, ...answer.read(event) };
      yield frame;
      if (answer.isOver) return;
    }
  } catch (error) {
    yield withoutBytes([broken(error)]);
    return;
  }
  yield withoutBytes(answer.finish());
}

/** The events of an answer in one piece. Never throws. */
export function readMessagesWhole(body: unknown): TurnEvent[] {
  const failure = parseFailure(body);
  if (failure !== undefined) return [failure];
  if (!isRecord(body) || !Array.isArray(body["content"])) {
    return [broken("the server sent something that is not an answer")];
  }
  try {
    return readContent(body, body["content"]);
  } catch (error) {
    return [broken(messageOf(error))]; // such as arguments that are nested without end
  }
}

function readContent(body: Fields, content: readonly unknown[]): TurnEvent[] {
  const answer = new AnswerReader();
  const start = answer.take({ type: "message_start", message: body }).events;
  const blocks = content.flatMap((block, index) => {
    const input = isRecord(block) && isRecord(block["input"]) ? JSON.stringify(block["input"]) : "";
    const delta = { type: "input_json_delta", partial_json: input };
    return [
      ...answer.take({ type: "content_block_start", index, content_block: block }).events,
      ...answer.take({ type: "content_block_delta", index, delta }).events,
      ...answer.take({ type: "content_block_stop", index }).events,
    ];
  });
  // What came in one piece was not cut off, so a reason may be missing.
  const delta = { ...body, stop_reason: body["stop_reason"] ?? "end_turn" };
  answer.take({ type: "message_delta", delta, cloister: body["cloister"] });
  return [...start, ...blocks, ...answer.finish()];
}

type Fields = Readonly<Record<string, unknown>>;

interface Read {
  readonly events: readonly TurnEvent[];
  readonly fragment: boolean;
}

interface OpenCall {
  readonly id: string;
  readonly name: string;
  /** What some servers put into the start of the block, whole. */
  readonly input: string;
  json: string;
}

const NOTHING: Read = { events: [], fragment: false };

class AnswerReader {
  readonly #usage = new UsageReader();
  /** By the index of their blocks. llama.cpp closes all blocks at the end, so several are open at a time. */
  readonly #open = new Map<unknown, OpenCall>();
  /** The thinking that is open, once it is known to be signed. */
  #thought: { readonly index: unknown; token: string } | undefined;
  #id = "";
  #calls = 0;
  #isStarted = false;
  #isOver = false;
  #stopReason: string | undefined;
  #stopSequence: string | undefined;
  #extension: CloisterExtension | undefined;

  get isOver(): boolean {
    return this.#isOver;
  }

  read(event: SseEvent): Read {
    if (event.data === undefined || event.data.trim() === "") return NOTHING;
    // The end mark of another protocol, which some servers write below this one as well.
    if (event.data.trim() === "[DONE]") return this.#stop();
    let value: unknown;
    try {
      value = parseJson(event.data, "an event of the answer");
    } catch (error) {
      return this.#fail(broken(messageOf(error)));
    }
    if (!isRecord(value)) return this.#fail(broken("the server sent something that is not an event"));
    return this.take(typeof value["type"] === "string" ? value : { ...value, type: nameOf(event) });
  }

  take(event: Fields): Read {
    switch (event["type"]) {
      case "message_start":
        return this.#start(event["message"]);
      case "content_block_start":
        return this.#startBlock(event["index"], event["content_block"]);
      case "content_block_delta":
        return this.#addToBlock(event["index"], event["delta"]);
      case "content_block_stop":
        return this.#stopBlock(event["index"]);
      case "message_delta":
        return this.#setOutcome(event);
      case "message_stop":
        return this.#stop();
      case "error":
        return this.#fail(parseFailure(event) ?? broken("the server broke off without a word"));
      default: {
        const failure = parseFailure(event);
        return failure === undefined ? NOTHING : this.#fail(failure); // ping, and whatever comes to be
      }
    }
  }

  /** The last events: a stream is over when it gave a reason to stop, with or without its last frame. */
  finish(): readonly TurnEvent[] {
    this.#isOver = true;
    if (this.#stopReason === undefined) return [broken("the stream stopped without an end")];
    const calls = this.#flush();
    const usage = this.#usage.finish();
    return [
      ...calls,
      {
        kind: "end",
        finish: toFinish(this.#stopReason, this.#calls),
        ...(usage !== undefined && { usage }),
        ...(this.#stopSequence !== undefined && { stopSequence: this.#stopSequence }),
        ...(this.#extension !== undefined && { extension: this.#extension }),
      },
    ];
  }

  #start(message: unknown): Read {
    if (!isRecord(message) || this.#isStarted) return NOTHING;
    this.#isStarted = true;
    this.#usage.add(message["usage"]);
    const { id, model } = message;
    this.#id = typeof id === "string" ? id : "";
    const start = {
      kind: "start",
      ...(typeof id === "string" && { id }),
      ...(typeof model === "string" && { model }),
    } as const;
    return { events: [start], fragment: false };
  }

  #startBlock(index: unknown, block: unknown): Read {
    if (!isRecord(block)) return NOTHING;
    // llama.cpp closes all blocks at the end: what is signed has to be told before anything follows it.
    const thought = this.#closeThought();
    const { events, fragment } = this.#openBlock(index, block);
    return { events: [...thought, ...events], fragment };
  }

  #openBlock(index: unknown, block: Fields): Read {
    switch (block["type"]) {
      case "text":
        return textRead("text", block["text"]);
      case "thinking":
        if (typeof block["signature"] === "string") this.#thought = { index, token: block["signature"] };
        return textRead("reasoning", block["thinking"]);
      case "redacted_thinking":
        return typeof block["data"] === "string"
          ? { events: [{ kind: "thought", token: block["data"], hidden: true }], fragment: false }
          : NOTHING;
      case "tool_use": {
        if (this.#open.size >= CALLS_OPEN_MAX) return this.#fail(broken("calls without end"));
        // A server that reuses an index has not closed the call before: the new one must not swallow it.
        const before = this.#close(index);
        this.#open.set(index, {
          id: typeof block["id"] === "string" && block["id"] !== "" ? block["id"] : this.#madeUpId(),
          name: typeof block["name"] === "string" ? block["name"] : "",
          input: inputOf(block["input"]),
          json: "",
        });
        return { events: before, fragment: true };
      }
      default:
        return NOTHING;
    }
  }

  #addToBlock(index: unknown, delta: unknown): Read {
    if (!isRecord(delta)) return NOTHING;
    switch (delta["type"]) {
      case "text_delta":
        return textRead("text", delta["text"]);
      case "thinking_delta":
        return textRead("reasoning", delta["thinking"]);
      case "signature_delta":
        return this.#sign(index, delta["signature"]);
      case "input_json_delta": {
        const call = this.#open.get(index);
        // A tool that the provider runs itself has such pieces, too, and is none of ours.
        if (call === undefined) return NOTHING;
        if (typeof delta["partial_json"] === "string") call.json += delta["partial_json"];
        return call.json.length > CALL_CHARS_MAX
          ? this.#fail(broken("a call without end"))
          : { events: [], fragment: true };
      }
      default:
        return NOTHING;
    }
  }

  #stopBlock(index: unknown): Read {
    if (this.#thought?.index === index) return { events: this.#closeThought(), fragment: false };
    const events = this.#close(index);
    return { events, fragment: events.length > 0 };
  }

  #sign(index: unknown, signature: unknown): Read {
    if (typeof signature !== "string") return NOTHING;
    this.#thought ??= { index, token: "" };
    this.#thought.token += signature;
    return this.#thought.token.length > CALL_CHARS_MAX
      ? this.#fail(broken("a signature without end"))
      : NOTHING;
  }

  #closeThought(): readonly TurnEvent[] {
    if (this.#thought === undefined) return [];
    const { token } = this.#thought;
    this.#thought = undefined;
    // An airlock behind this one says with its own that nobody signed.
    return token === THINKING_SIGNATURE ? [] : [{ kind: "thought", token }];
  }

  /** The same for the same answer, for it comes back in the history. */
  #madeUpId(): string {
    const nth = String(this.#calls + this.#open.size);
    return `toolu_${sha256(this.#id, "\n", nth).toString("hex").slice(0, 24)}`;
  }

  #setOutcome(event: Fields): Read {
    const delta = isRecord(event["delta"]) ? event["delta"] : {};
    this.#usage.add(event["usage"]);
    this.#extension = parseExtension(event["cloister"]) ?? this.#extension;
    if (typeof delta["stop_reason"] !== "string") return NOTHING;
    this.#stopReason = delta["stop_reason"];
    if (typeof delta["stop_sequence"] === "string") this.#stopSequence = delta["stop_sequence"];
    const events = this.#flush();
    return { events, fragment: events.length > 0 };
  }

  #close(index: unknown): readonly TurnEvent[] {
    const call = this.#open.get(index);
    if (call === undefined) return [];
    this.#open.delete(index);
    this.#calls += 1;
    const { id, name, input, json } = call;
    return [{ kind: "call", call: { id, name, arguments: json === "" ? input : json } }];
  }

  #flush(): readonly TurnEvent[] {
    return [...this.#open.keys()].flatMap((index) => this.#close(index));
  }

  /** With calls in it, a frame stands for blocks of which nothing was passed on. */
  #stop(): Read {
    const events = this.finish();
    return { events, fragment: events.some(({ kind }) => kind === "call") };
  }

  #fail(failure: TurnEvent): Read {
    this.#isOver = true;
    return { events: [failure], fragment: false };
  }
}

function textRead(kind: "text" | "reasoning", text: unknown): Read {
  return typeof text === "string" && text !== "" ? { events: [{ kind, text }], fragment: false } : NOTHING;
}

/** An empty input at the start of a block is a place for the pieces that follow, and says nothing. */
function inputOf(input: unknown): string {
  return isRecord(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "";
}

/** The `event` line, for servers that leave the type out of the data. */
function nameOf({ bytes }: SseEvent): string {
  return /^event: ?([^\r\n]*)/m.exec(Buffer.from(bytes).toString())?.[1] ?? "";
}

function withoutBytes(events: readonly TurnEvent[]): Frame {
  return { raw: new Uint8Array(0), events, fragment: false };
}
