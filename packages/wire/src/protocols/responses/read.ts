/** The stream of a Responses server: OpenAI's, vLLM's, and llama.cpp's with half of the fields. */
import { CloisterError, isRecord, messageOf } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import { readSse } from "../../sse.ts";
import type { Frame, TurnEvent } from "../../turn.ts";
import {
  failedEvent,
  failureOf,
  isCallItem,
  lastEvent,
  messageText,
  outputEvents,
  outputItems,
  reasoningText,
  startEvent,
  thoughtOf,
  toCall,
  type Item,
} from "./response.ts";

/** The last event repeats the whole answer. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;
const LIMITS: ReadLimits = { callsMax: 1024, callCharsMax: 16 * 1024 * 1024 };

export interface ReadLimits {
  readonly callsMax: number;
  readonly callCharsMax: number;
}

/** Never throws: a broken stream ends with `failed`, and a stream that just stops is broken. */
export async function* readStream(
  source: AsyncIterable<Uint8Array>,
  limits: ReadLimits = LIMITS,
): AsyncGenerator<Frame> {
  const reading = new Reading(limits);
  try {
    for await (const event of readSse(source, { eventBytesMax: EVENT_BYTES_MAX })) {
      const fragment = event.data === undefined ? false : reading.take(event.data);
      yield { raw: event.bytes, events: reading.drain(), fragment };
      if (reading.isOver) return;
    }
  } catch (error) {
    const failed = failedEvent(messageOf(error));
    const known = error instanceof CloisterError ? { code: error.code } : {};
    yield { raw: new Uint8Array(), events: [{ ...failed, ...known }], fragment: false };
    return;
  }
  yield brokenFrame("the stream stopped without an end");
}

function brokenFrame(message: string): Frame {
  return { raw: new Uint8Array(), events: [failedEvent(message)], fragment: false };
}

interface OpenCall {
  readonly item: Item;
  readonly index: unknown;
  arguments: string;
  isDone: boolean;
}

class Reading {
  #events: TurnEvent[] = [];
  #isStarted = false;
  #isOver = false;
  #responseId: unknown;
  readonly #limits: ReadLimits;
  readonly #open: OpenCall[] = [];
  readonly #calls: RawCall[] = [];
  /** Characters that came in pieces, and no finished item has accounted for. */
  #textAhead = 0;
  #reasoningAhead = 0;
  /** Of reasoning and its summary, the first to come is read; both would say everything twice. */
  #reasoningField: "reasoning_text" | "reasoning_summary_text" | undefined;
  #summaryPart: unknown = 0;
  #hasOutput = false;
  #hasThought = false;

  constructor(limits: ReadLimits) {
    this.#limits = limits;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  drain(): TurnEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Whether the event held a piece of a call. */
  take(data: string): boolean {
    if (data === "[DONE]") return false; // not of this protocol, yet some servers send it
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      event = undefined; // told below, like everything that is no object
    }
    if (!isRecord(event)) {
      this.#fail(failedEvent("the server sent something that is not an event of an answer"));
      return false;
    }
    const type = typeof event["type"] === "string" ? event["type"] : "";
    if (type === "error" || type === "") {
      // llama.cpp breaks off with an error object in the place of an event.
      const failure = failureOf(event);
      if (failure !== undefined) this.#fail(failure);
      return false;
    }
    this.#start(event);
    return this.#takeTyped(type, event);
  }

  #start(event: Item): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const response = isRecord(event["response"]) ? event["response"] : {};
    this.#responseId = response["id"];
    this.#events.push(startEvent(response));
  }

  #takeTyped(type: string, event: Item): boolean {
    const delta = typeof event["delta"] === "string" ? event["delta"] : "";
    switch (type) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        this.#textAhead += delta.length;
        this.#emitText("text", delta);
        return false;
      case "response.reasoning_text.delta":
        this.#takeReasoning("reasoning_text", delta, 0);
        return false;
      case "response.reasoning_summary_text.delta":
        this.#takeReasoning("reasoning_summary_text", delta, event["summary_index"]);
        return false;
      case "response.output_item.added":
        return this.#takeAdded(event);
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        this.#takeCallDelta(event, delta);
        return true;
      case "response.function_call_arguments.done":
      case "response.custom_tool_call_input.done": {
        const call = this.#find(event);
        const whole = event["arguments"] ?? event["input"];
        if (call !== undefined && typeof whole === "string") call.arguments = whole;
        return true;
      }
      case "response.output_item.done":
        return this.#takeDone(event);
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled":
        return this.#takeLast(type, event);
      default:
        return false;
    }
  }

  #takeReasoning(field: "reasoning_text" | "reasoning_summary_text", delta: string, part: unknown): void {
    this.#reasoningField ??= field;
    if (this.#reasoningField !== field || delta === "") return;
    const isNext = part !== this.#summaryPart && this.#reasoningAhead > 0;
    this.#summaryPart = part;
    const text = isNext ? `\n\n${delta}` : delta;
    this.#reasoningAhead += text.length;
    this.#emitText("reasoning", text);
  }

  #takeAdded(event: Item): boolean {
    const item = event["item"];
    if (!isRecord(item) || !isCallItem(item)) return false;
    if (this.#open.length >= this.#limits.callsMax) {
      this.#fail(failedEvent(`the answer has more than ${this.#limits.callsMax} calls`));
      return true;
    }
    this.#hasOutput = true;
    this.#open.push({ item, index: event["output_index"], arguments: "", isDone: false });
    return true;
  }

  #takeCallDelta(event: Item, delta: string): void {
    const call = this.#find(event);
    // Without its beginning a call has no name; the finished item will have everything.
    if (call === undefined) return;
    call.arguments += delta;
    if (call.arguments.length > this.#limits.callCharsMax) {
      this.#fail(failedEvent(`a call is longer than ${this.#limits.callCharsMax} characters`));
    }
  }

  /** The call that an event is about. llama.cpp has no index, and once had no id but the call's. */
  #find(event: Item): OpenCall | undefined {
    const id = event["item_id"];
    return (
      this.#open.find(({ item }) => id !== undefined && (item["id"] === id || item["call_id"] === id)) ??
      this.#open.find(({ index }) => index !== undefined && index === event["output_index"]) ??
      this.#open.findLast(({ isDone }) => !isDone)
    );
  }

  /** The finished item is authoritative (R4): what came in pieces before only makes up for what it lacks. */
  #takeDone(event: Item): boolean {
    const item = event["item"];
    if (!isRecord(item)) return false;
    if (isCallItem(item)) {
      this.#finishCall(item, event["output_index"]);
      return true;
    }
    if (item["type"] === "message") {
      const text = messageText(item);
      this.#emitText("text", text.slice(this.#textAhead));
      this.#textAhead = Math.max(0, this.#textAhead - text.length);
    } else if (item["type"] === "reasoning") {
      const text = reasoningText(item);
      // Summary and full text differ, so only nothing at all can be made up for.
      if (this.#reasoningAhead === 0) this.#emitText("reasoning", text);
      this.#reasoningAhead = 0;
      this.#reasoningField = undefined;
      const thought = thoughtOf(item);
      this.#hasThought ||= thought.length > 0;
      this.#events.push(...thought);
    }
    return false;
  }

  #finishCall(item: Item, index: unknown): void {
    const known =
      this.#open.find(
        (open) =>
          !open.isDone &&
          ((item["id"] !== undefined && open.item["id"] === item["id"]) ||
            (item["call_id"] !== undefined && open.item["call_id"] === item["call_id"]) ||
            (index !== undefined && open.index === index)),
      ) ?? this.#open.find((open) => !open.isDone && open.item["name"] === item["name"]);
    if (known !== undefined) known.isDone = true;
    // Some servers name the tool where the call begins, and not again.
    const isNamed = typeof item["name"] === "string" && item["name"] !== "";
    const named = isNamed || known === undefined ? item : { ...item, name: known.item["name"] };
    this.#emitCall(named, known?.arguments ?? "");
  }

  #takeLast(type: string, event: Item): boolean {
    const given = isRecord(event["response"]) ? event["response"] : {};
    // The event's name stands in where the object has no status, or one that contradicts it.
    const status = type.slice("response.".length);
    const response =
      status === "completed" && (given["status"] === "incomplete" || given["status"] === "failed")
        ? given
        : { ...given, status };
    const failure = failureOf(response);
    if (failure !== undefined) {
      this.#fail(failure);
      return false;
    }
    if (this.#hasOutput) this.#emitMissingCalls(response);
    else this.#events.push(...outputEvents(response).filter((told) => !this.#isTold(told)));
    if (this.#isOver) return true; // one call too many
    const calls = this.#calls.length + this.#events.filter(({ kind }) => kind === "call").length;
    this.#events.push(lastEvent(response, { calls }));
    this.#isOver = true;
    // It repeats the calls, and one that may not run must not get through here.
    return calls > 0 || outputItems(response).some(isCallItem);
  }

  /**
   * Some servers finish an answer without finishing its items. Others give a call a new id each time they show it, so
   * a call counts as known by its content too: to run one twice is worse than to lose its twin.
   */
  #emitMissingCalls(response: Item): void {
    for (const [index, item] of outputItems(response).entries()) {
      if (!isCallItem(item)) continue;
      const call = toCall(item, { responseId: this.#responseId, index, arguments: "" });
      const isKnown = this.#calls.some(
        ({ id, name, arguments: text }) => id === call.id || (name === call.name && text === call.arguments),
      );
      if (isKnown) continue;
      this.#finishCall(item, undefined);
    }
    for (const { item, arguments: text } of this.#open.filter(({ isDone }) => !isDone)) {
      this.#emitCall(item, text);
    }
  }

  #emitCall(item: Item, pieces: string): void {
    if (this.#calls.length >= this.#limits.callsMax) {
      this.#fail(failedEvent(`the answer has more than ${this.#limits.callsMax} calls`));
      return;
    }
    const call = toCall(item, {
      responseId: this.#responseId,
      index: this.#calls.length,
      arguments: pieces,
    });
    // The same event twice: a proxy that repeats itself must not run anything twice.
    const isRepeated = this.#calls.some(
      ({ id, name, arguments: text }) => id === call.id && name === call.name && text === call.arguments,
    );
    if (isRepeated) return;
    this.#hasOutput = true;
    this.#calls.push(call);
    this.#events.push({ kind: "call", call });
  }

  /** What only its maker can read may have been told although nothing else was. */
  #isTold({ kind }: TurnEvent): boolean {
    return kind === "thought" && this.#hasThought;
  }

  #emitText(kind: "text" | "reasoning", text: string): void {
    if (text === "") return;
    this.#hasOutput = true;
    this.#events.push({ kind, text });
  }

  #fail(event: TurnEvent): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.push(event);
  }
}
