/** The answer of a Responses door, as a stream of events or whole. */
import type { Json, JsonObject } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import type { FinishReason } from "../../chat.ts";
import type { CloisterExtension, TurnEvent, TurnRequest, TurnTool } from "../../turn.ts";
import { formatNotices } from "../notices.ts";
import type { AnswerContext, StreamWriter } from "../protocol.ts";
import { callItem } from "./call-item.ts";
import { writeFailure } from "./errors.ts";
import { responseObject } from "./response-object.ts";

/** Every text stands in four events, the last of which holds the whole answer. */
const LIMITS: WriterLimits = { answerCharsMax: 64 * 1024 * 1024 };
const NOTHING: Buffer = Buffer.alloc(0);

export interface WriterLimits {
  /** Texts and arguments together. An answer beyond it fails. */
  readonly answerCharsMax: number;
}

/** The order of events is that of R3; `sequence_number` rises by 1 from 0, and nothing follows the last event. */
export function createWriter(
  request: TurnRequest,
  context: AnswerContext,
  limits: WriterLimits = LIMITS,
): StreamWriter {
  const answer = new Answer(request, context, limits);
  return {
    write: (event) => encode(answer.take(event)),
    ping: () => encode(answer.ping()),
  };
}

/** Events that do not end are an answer that failed. */
export function writeWhole(
  request: TurnRequest,
  events: readonly TurnEvent[],
  context: AnswerContext,
): JsonObject {
  const answer = new Answer(request, context, LIMITS);
  for (const event of events) answer.take(event);
  answer.take({ kind: "failed", code: "upstream", message: "the answer stopped without an end" });
  return answer.response;
}

interface WireEvent {
  readonly type: string;
  readonly [field: string]: Json;
}

function encode(events: readonly WireEvent[]): Buffer {
  if (events.length === 0) return NOTHING;
  return Buffer.from(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
  );
}

interface OpenItem {
  readonly kind: "text" | "reasoning";
  readonly id: string;
  readonly pieces: string[];
}

/** One answer as it grows: items in `output` are closed, at most one is open. */
class Answer {
  readonly #request: TurnRequest;
  readonly #context: AnswerContext;
  readonly #tools: ReadonlyMap<string, TurnTool>;
  /** Ids derive from the answer's own, never at random: they go back into a history. */
  readonly #base: string;
  readonly #output: JsonObject[] = [];
  #open: OpenItem | undefined;
  readonly #charsMax: number;
  #chars = 0;
  #sequence = 0;
  #state: "new" | "running" | "over" = "new";
  #pending: WireEvent[] = [];
  #response: JsonObject = {};

  constructor(request: TurnRequest, context: AnswerContext, limits: WriterLimits) {
    this.#charsMax = limits.answerCharsMax;
    this.#request = request;
    this.#context = context;
    this.#tools = new Map(request.tools.map((tool) => [tool.name, tool]));
    this.#base = context.id.replace(/^resp_/, "");
  }

  /** As the last event had it. */
  get response(): JsonObject {
    return this.#response;
  }

  take(event: TurnEvent): WireEvent[] {
    // What was refused is told by the airlock in its own words, as text.
    if (this.#state === "over" || event.kind === "refused") return [];
    if (event.kind === "reading" || event.kind === "judging") return [];
    this.#start();
    switch (event.kind) {
      case "start":
        break;
      case "text":
      case "reasoning":
        this.#writeText(event.kind, event.text);
        break;
      case "thought":
        this.#think(event);
        break;
      case "call":
        this.#writeCall(event.call);
        break;
      case "end":
        this.#end(event);
        break;
      case "failed":
        this.#fail(event);
        break;
    }
    return this.#drain();
  }

  /** A real event, for clients that measure silence count events and not bytes. */
  ping(): WireEvent[] {
    if (this.#state === "over") return [];
    if (this.#state === "new") this.#start();
    else this.#emit("response.in_progress", { response: this.#describe("in_progress", {}) });
    return this.#drain();
  }

  #start(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    const response = this.#describe("in_progress", {});
    this.#emit("response.created", { response });
    this.#emit("response.in_progress", { response });
  }

  #writeText(kind: "text" | "reasoning", text: string): void {
    if (text === "") return;
    this.#count(text.length);
    if (this.#state === "over") return;
    if (this.#open?.kind !== kind) {
      this.#close("completed");
      this.#openItem(kind);
    }
    this.#open?.pieces.push(text);
    if (kind === "text") this.#emitPart("response.output_text.delta", { delta: text, logprobs: [] });
    else this.#emitPart("response.reasoning_summary_text.delta", { delta: text });
  }

  /** Hidden reasoning is an item without a word. What comes late, when its item is closed, has no place any more. */
  #think({ token, hidden }: Extract<TurnEvent, { kind: "thought" }>): void {
    this.#count(token?.length ?? 0);
    if (this.#state === "over") return;
    if (this.#open?.kind === "reasoning") {
      this.#close("completed", token);
    } else if (hidden === true && token !== undefined) {
      this.#close("completed");
      const index = this.#output.length;
      const item = {
        id: `rs_${this.#base}_${index}`,
        type: "reasoning",
        summary: [],
        encrypted_content: token,
      };
      this.#emit("response.output_item.added", { output_index: index, item });
      this.#finishItem(item);
    }
  }

  #openItem(kind: "text" | "reasoning"): void {
    const index = this.#output.length;
    const id = `${kind === "text" ? "msg" : "rs"}_${this.#base}_${index}`;
    this.#open = { kind, id, pieces: [] };
    const item: JsonObject =
      kind === "text"
        ? { id, type: "message", status: "in_progress", role: "assistant", content: [] }
        : { id, type: "reasoning", summary: [] };
    this.#emit("response.output_item.added", { output_index: index, item });
    if (kind === "text") this.#emitPart("response.content_part.added", { part: textPart("") });
    else this.#emitPart("response.reasoning_summary_part.added", { part: summaryPart("") });
  }

  #close(status: "completed" | "incomplete", token?: string): void {
    if (this.#open === undefined) return;
    const { kind, id, pieces } = this.#open;
    const text = pieces.join("");
    let item: JsonObject;
    if (kind === "text") {
      this.#emitPart("response.output_text.done", { text, logprobs: [] });
      this.#emitPart("response.content_part.done", { part: textPart(text) });
      item = { id, type: "message", status, role: "assistant", content: [textPart(text)] };
    } else {
      this.#emitPart("response.reasoning_summary_text.done", { text });
      this.#emitPart("response.reasoning_summary_part.done", { part: summaryPart(text) });
      const encrypted = token === undefined ? {} : { encrypted_content: token };
      item = { id, type: "reasoning", summary: [summaryPart(text)], ...encrypted };
    }
    this.#open = undefined;
    this.#finishItem(item);
  }

  #writeCall(call: RawCall): void {
    this.#count(call.arguments.length);
    if (this.#state === "over") return;
    this.#close("completed");
    const index = this.#output.length;
    const { begun, done, pieces } = callItem(call, this.#tools.get(call.name), { base: this.#base, index });
    this.#emit("response.output_item.added", { output_index: index, item: begun });
    if (pieces !== undefined) {
      const { type, field, text } = pieces;
      const place = { item_id: done["id"] ?? "", output_index: index };
      this.#emit(`${type}.delta`, { ...place, delta: text });
      this.#emit(`${type}.done`, { ...place, [field]: text });
    }
    this.#finishItem(done);
  }

  #finishItem(item: JsonObject): void {
    this.#emit("response.output_item.done", { output_index: this.#output.length, item });
    this.#output.push(item);
  }

  #end({ finish, usage, extension }: Extract<TurnEvent, { kind: "end" }>): void {
    const reason = incompleteReason(finish);
    this.#close(reason === undefined ? "completed" : "incomplete");
    this.#finish(reason === undefined ? "completed" : "incomplete", {
      ...(reason === undefined ? {} : { incomplete_details: { reason } }),
      ...(usage === undefined
        ? {}
        : {
            usage: {
              input_tokens: usage.promptTokens,
              input_tokens_details: { cached_tokens: usage.cachedTokens ?? 0 },
              output_tokens: usage.completionTokens,
              output_tokens_details: { reasoning_tokens: 0 },
              total_tokens: usage.promptTokens + usage.completionTokens,
            },
          }),
      ...(extension === undefined ? {} : { cloister: extensionObject(extension) }),
    });
  }

  /** An open item stays open: a clean end of it would be taken for an answer (R6). */
  #fail(failure: { readonly code: string; readonly message: string }): void {
    this.#open = undefined;
    this.#finish("failed", { error: writeFailure(failure) });
  }

  #finish(status: "completed" | "incomplete" | "failed", fields: JsonObject): void {
    this.#response = this.#describe(status, { output: this.#output, ...fields });
    this.#emit(`response.${status}`, { response: this.#response });
    this.#state = "over";
  }

  #count(chars: number): void {
    this.#chars += chars;
    if (this.#chars > this.#charsMax) {
      this.#fail({ code: "upstream", message: `the answer is longer than ${this.#charsMax} characters` });
    }
  }

  #describe(status: string, fields: JsonObject): JsonObject {
    return responseObject(this.#request, this.#context, { id: `resp_${this.#base}`, status, ...fields });
  }

  /** About the only part of the open item. */
  #emitPart(type: string, fields: JsonObject): void {
    if (this.#open === undefined) return;
    const at = this.#open.kind === "text" ? "content_index" : "summary_index";
    this.#emit(type, { item_id: this.#open.id, output_index: this.#output.length, [at]: 0, ...fields });
  }

  #emit(type: string, fields: JsonObject): void {
    this.#pending.push({ type, sequence_number: this.#sequence, ...fields });
    this.#sequence += 1;
  }

  #drain(): WireEvent[] {
    const events = this.#pending;
    this.#pending = [];
    return events;
  }
}

function textPart(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function summaryPart(text: string): JsonObject {
  return { type: "summary_text", text };
}

/** 3.5 */
function incompleteReason(finish: FinishReason): string | undefined {
  if (finish === "length") return "max_output_tokens";
  return finish === "filter" ? "content_filter" : undefined;
}

function extensionObject(extension: CloisterExtension): JsonObject {
  const { recovered, refused, retries } = extension;
  return {
    recovered: recovered.map(({ id, name, dialect }) => ({ id, name, dialect })),
    refused: refused.map(({ cause, detail }) => ({ cause, detail })),
    retries,
    ...formatNotices(extension),
  };
}
