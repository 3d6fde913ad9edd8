/** A case of a malformed answer: how it is fed to the recovery, and how the outcome is judged. */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { chatProtocol } from "../src/protocols/chat/chat.ts";
import { messagesProtocol } from "../src/protocols/messages/messages.ts";
import { responsesProtocol } from "../src/protocols/responses/responses.ts";
import { createRecovery } from "../src/recovery.ts";
import type { RefusalCause, TurnEvent, TurnTool } from "../src/turn.ts";

export interface Case {
  readonly id: string;
  readonly shape: string;
  readonly channel: "content" | "content-deltas" | "openai-chat" | "openai-responses" | "anthropic-sse";
  readonly raw_text?: string;
  readonly raw_stream_chunks?: readonly Json[];
  readonly finish_reason: string;
  readonly expected: Outcome;
  readonly also_accept?: readonly Outcome[];
  readonly cause?: RefusalCause;
  readonly must_not_show?: readonly string[];
  readonly expected_text?: string;
}

interface ExpectedCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

type Outcome = "error-to-model" | "no-call" | ExpectedCall | readonly (ExpectedCall | "error-to-model")[];

export interface Verdict {
  readonly grade: "preferred" | "tolerated" | "failed";
  readonly why: string;
}

const FOLDER = new URL("cases/", import.meta.url);

export function readCases(file: string): Case[] {
  const lines = readFileSync(new URL(file, FOLDER), "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Case);
}

export function readToolset(): TurnTool[] {
  return (JSON.parse(readFileSync(new URL("toolset.json", FOLDER), "utf8")) as { tools: TurnTool[] }).tools;
}

export function textOf({ raw_text: text, raw_stream_chunks: chunks = [] }: Case): string {
  return text ?? chunks.map(String).join("");
}

/** The events that the recovery makes of an answer in these pieces. */
export function recoverText(
  pieces: readonly string[],
  finishReason: string,
  tools: readonly TurnTool[],
): TurnEvent[] {
  const recovery = createRecovery({ tools });
  const finish = finishReason === "length" ? "length" : finishReason === "stop" ? "stop" : "calls";
  return [
    ...pieces.map((text): TurnEvent => ({ kind: "text", text })),
    { kind: "end", finish } as const,
  ].flatMap((event) => recovery.push(event));
}

/** The same for an answer as a server sends it, through the protocol's own reader. */
export async function recoverStream(item: Case, tools: readonly TurnTool[]): Promise<TurnEvent[]> {
  const isChat = item.channel === "openai-chat";
  const chunks = item.raw_stream_chunks ?? [];
  const lines = isChat
    ? [
        ...chunks.map((chunk, index) => {
          const reason = index === chunks.length - 1 ? item.finish_reason : null;
          const choice = { index: 0, ...(chunk as JsonObject), finish_reason: reason };
          return `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", choices: [choice] })}\n\n`;
        }),
        "data: [DONE]\n\n",
      ]
    : chunks.map((chunk) => {
        const { event, data } = toEvent(chunk as JsonObject);
        return `event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`;
      });
  const others = item.channel === "openai-responses" ? responsesProtocol : messagesProtocol;
  const protocol = isChat ? chatProtocol : others;
  const recovery = createRecovery({ tools });
  const events: TurnEvent[] = [];
  for await (const frame of protocol.readStream(bytes(lines))) {
    for (const event of frame.events) events.push(...recovery.push(event));
  }
  return events;
}

/** With its name beside it, or in it as the protocols write it. */
function toEvent(chunk: JsonObject): { readonly event: string; readonly data: JsonObject } {
  const { event, data, type } = chunk;
  if (typeof event === "string" && isRecord(data)) return { event, data };
  return { event: typeof type === "string" ? type : "", data: chunk };
}

// oxlint-disable-next-line typescript/require-await -- a source is asynchronous by its type
async function* bytes(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const line of lines) yield Buffer.from(line);
}

/** Judged as strictly as a user would: exact calls in order, the named cause, nothing shown that must not be. */
export function judge(item: Case, events: readonly TurnEvent[]): Verdict {
  const text = visibleText(events);
  const shown = (item.must_not_show ?? []).filter((part) => text.includes(part));
  if (shown.length > 0) return { grade: "failed", why: `shows ${JSON.stringify(shown)}: ${text}` };
  if (item.expected_text !== undefined && text.trim() !== item.expected_text) {
    return { grade: "failed", why: `text ${JSON.stringify(text)}` };
  }
  const outcome = summary(events);
  if (matches(item.expected, events)) {
    const causes = events.flatMap((event) => (event.kind === "refused" ? [event.cause] : []));
    if (item.expected !== "error-to-model" || item.cause === undefined || causes.includes(item.cause)) {
      return { grade: "preferred", why: "" };
    }
    return { grade: "failed", why: `causes ${causes.join(", ")}, not ${item.cause}` };
  }
  const isTolerated = (item.also_accept ?? []).some((other) => matches(other, events));
  return { grade: isTolerated ? "tolerated" : "failed", why: outcome };
}

export function visibleText(events: readonly TurnEvent[]): string {
  return events.map((event) => (event.kind === "text" ? event.text : "")).join("");
}

export function callsOf(events: readonly TurnEvent[]): ExpectedCall[] {
  return events.flatMap((event) =>
    event.kind === "call"
      ? [{ name: event.call.name, arguments: JSON.parse(event.call.arguments) as JsonObject }]
      : [],
  );
}

export function summary(events: readonly TurnEvent[]): string {
  return events
    .map((event) => {
      if (event.kind === "call") return `call ${event.call.name} ${event.call.arguments}`;
      return event.kind === "refused" ? `refused ${event.cause}: ${event.detail}` : JSON.stringify(event);
    })
    .join("\n    ");
}

function matches(expected: Outcome, events: readonly TurnEvent[]): boolean {
  const refused = events.filter(({ kind }) => kind === "refused").length;
  const calls = callsOf(events);
  if (expected === "no-call") return calls.length === 0 && refused === 0;
  if (expected === "error-to-model") return calls.length === 0 && refused > 0;
  const wanted: readonly (ExpectedCall | "error-to-model")[] = Array.isArray(expected)
    ? (expected as readonly (ExpectedCall | "error-to-model")[])
    : [expected as ExpectedCall];
  const wantedCalls = wanted.filter((call) => call !== "error-to-model");
  return (
    refused === wanted.length - wantedCalls.length &&
    calls.length === wantedCalls.length &&
    wantedCalls.every((call, index) => isSameCall(call, calls[index]))
  );
}

function isSameCall(wanted: ExpectedCall, call: ExpectedCall | undefined): boolean {
  return (
    call !== undefined &&
    call.name === wanted.name &&
    isDeepStrictEqual(comparable(call.arguments), comparable(wanted.arguments))
  );
}

/** A null is absence, and `./` before a path means nothing. */
function comparable(args: JsonObject): JsonObject {
  const entries = Object.entries(args).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => {
      const isPath = key === "path" && typeof value === "string";
      return [key, isPath ? value.replace(/^\.\//, "") : value];
    }),
  );
}
