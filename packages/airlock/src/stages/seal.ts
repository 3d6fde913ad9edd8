/** Takes secrets out before anything else is done with a request: recorded, sent or logged is only what is sealed. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Seals } from "@cloister/secrets";
import type { ChatMessage, Provenance } from "@cloister/wire";
import type { Labelled } from "./label.ts";

/** One piece of what will be shown: a message, or the fields with the tools. */
export interface Part {
  readonly bytes: Buffer;
  readonly provenance: Provenance;
  /** How many secrets of each kind were sealed in it. */
  readonly sealed: Readonly<Record<string, number>>;
}

export interface Sealed extends Labelled {
  /** The request as it will leave, in pieces to be sent one after the other. */
  readonly outgoing: readonly Buffer[];
  readonly parts: readonly Part[];
}

export function seal(labelled: Labelled): Sealed {
  const { turn, session } = labelled;
  const head = turn.fields === undefined ? undefined : sealFields(turn.fields, session.seals);
  const messages = turn.fresh.map((message) => sealMessage(message, session.seals));
  const outgoing = session.conversation.extend(turn, {
    head: head?.bytes,
    messages: messages.map(({ bytes }) => bytes),
  });
  return { ...labelled, outgoing, parts: head === undefined ? messages : [head, ...messages] };
}

function sealFields(fields: JsonObject, seals: Seals): Part {
  const counter = new Counter(seals, undefined);
  const text = JSON.stringify(counter.sealJson(fields));
  // The closing brace comes after the messages.
  return { bytes: Buffer.from(text.slice(0, -1)), provenance: { source: "system" }, sealed: counter.counts };
}

function sealMessage(message: ChatMessage, seals: Seals): Part {
  const { cloister, ...plain } = message;
  const provenance = cloister ?? { source: sourceOf(message) };
  const counter = new Counter(seals, originOf(provenance));
  const { tool_calls: calls, ...rest } = plain;
  const sealed = counter.sealJson(rest as JsonObject);
  const whole = calls === undefined ? sealed : { ...sealed, tool_calls: counter.sealCalls(calls) };
  return { bytes: Buffer.from(JSON.stringify(whole)), provenance, sealed: counter.counts };
}

function sourceOf(message: ChatMessage): Provenance["source"] {
  switch (message.role) {
    case "system":
    case "developer":
      return "system";
    case "assistant":
      return "assistant";
    case "tool":
      return "tool";
    default:
      return "user";
  }
}

/**
 * A secret can be restored only into the file it came from, so that file must be known beyond doubt, and the text must
 * be the file's own: what a search prints has the names of files in it.
 */
function originOf(provenance: Provenance): string | undefined {
  if (provenance.tool === "Grep") return undefined;
  const paths = new Set(provenance.files?.map(({ path }) => path));
  return paths.size === 1 ? [...paths][0] : undefined;
}

class Counter {
  readonly counts: Record<string, number> = {};
  readonly #seals: Seals;
  readonly #origin: string | undefined;

  constructor(seals: Seals, origin: string | undefined) {
    this.#seals = seals;
    this.#origin = origin;
  }

  sealJson<T extends Json>(value: T): T {
    return mapStrings(value, (text) => this.#sealText(text)) as T;
  }

  /** Arguments are JSON inside a string: sealed leaf by leaf, so that escapes neither hide a secret nor break. */
  sealCalls(calls: Json): Json {
    if (!Array.isArray(calls)) return this.sealJson(calls);
    return calls.map((call: Json) => {
      if (!isRecord(call) || !isRecord(call["function"])) return this.sealJson(call);
      const body = call["function"];
      const text = body["arguments"];
      const sealed = typeof text === "string" ? this.#sealArguments(text) : this.sealJson(text ?? null);
      return { ...call, function: { ...body, arguments: sealed } };
    });
  }

  #sealArguments(text: string): string {
    let value: Json;
    try {
      value = JSON.parse(text) as Json;
    } catch {
      return this.#sealText(text); // not JSON, so plain text is what a model would see
    }
    const before = this.#total();
    const sealed = this.sealJson(value);
    return this.#total() === before ? text : JSON.stringify(sealed);
  }

  #sealText(text: string): string {
    const result = this.#seals.seal(text, this.#origin);
    for (const { kind } of result.sealed) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return result.text;
  }

  #total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}

function mapStrings(value: Json, map: (text: string) => string): Json {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item: Json) => mapStrings(item, map));
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]));
  }
  return value;
}
