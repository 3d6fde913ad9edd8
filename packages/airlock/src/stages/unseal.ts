/**
 * Restores secrets, and only here: in the arguments of a call that edits the very file a secret came from. Not in
 * commands, not in URLs, not in text: what a model says is shown, logged and sent on.
 */
import { relative, resolve } from "node:path";
import { isRecord } from "@cloister/base";
import { hasPlaceholder, type Seals } from "@cloister/secrets";
import { CallAssembler, formatSse, parseChatChunk, type SseEvent } from "@cloister/wire";
import type { Recovered } from "./recover.ts";

export interface Restore {
  readonly file: string;
  readonly kind: string;
  readonly placeholder: string;
}

export interface Unsealed extends Recovered {
  /** Filled while the answer passes. */
  readonly restores: readonly Restore[];
}

/** Tools that edit one file, and the argument that names it. */
const editTools: Readonly<Record<string, string>> = { Edit: "file_path", Write: "file_path" };

export function unseal(recovered: Recovered): Unsealed {
  const { answer, session } = recovered;
  const restores: Restore[] = [];
  // Nothing was ever sealed: the bytes pass as they are.
  if (session.seals.count === 0) return { ...recovered, restores };
  const unsealer: Unsealer = { seals: session.seals, workspace: session.workspace, restores };
  const events =
    answer.form === "stream" ? inStream(answer.events, unsealer) : inWhole(answer.events, unsealer);
  return { ...recovered, answer: { ...answer, events }, restores };
}

interface Unsealer {
  readonly seals: Seals;
  readonly workspace: string;
  readonly restores: Restore[];
}

/** A placeholder may be cut anywhere between fragments, so the fragments of calls are held until they are whole. */
async function* inStream(events: AsyncIterable<SseEvent>, unsealer: Unsealer): AsyncGenerator<SseEvent> {
  let held: SseEvent[] = [];
  for await (const event of events) {
    const chunk = event.data?.includes('"tool_calls"') === true ? parseChatChunk(event.data) : undefined;
    const isFragment = chunk !== undefined && chunk.calls.length > 0;
    if (isFragment) held.push(event);
    // Comments pass at once; whatever else is said after the calls means that they are whole.
    const isWhole = isFragment ? chunk.finish !== undefined : event.data !== undefined;
    if (isWhole && held.length > 0) {
      yield release(held, unsealer);
      held = [];
    }
    if (!isFragment) yield event;
  }
  if (held.length > 0) yield release(held, unsealer);
}

/** One chunk in the place of the held ones: the first one's envelope, with each call whole. */
function release(held: readonly SseEvent[], unsealer: Unsealer): SseEvent {
  const assembler = new CallAssembler();
  let text = "";
  let finish: string | null = null;
  for (const { data = "" } of held) {
    const chunk = parseChatChunk(data);
    for (const fragment of chunk?.calls ?? []) assembler.add(fragment);
    text += chunk?.text ?? "";
    finish = chunk?.finish ?? finish;
  }
  const calls = assembler.finish().map(({ id, name, arguments: args }, index) => {
    return {
      index,
      id,
      type: "function",
      function: { name, arguments: unsealArguments(name, args, unsealer) },
    };
  });
  const delta = { ...(text === "" ? {} : { content: text }), tool_calls: calls };
  const envelope = JSON.parse(held[0]?.data ?? "{}") as Record<string, unknown>;
  const data = JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason: finish }] });
  return { bytes: formatSse(data), data };
}

async function* inWhole(events: AsyncIterable<SseEvent>, unsealer: Unsealer): AsyncGenerator<SseEvent> {
  for await (const event of events) {
    let value: unknown;
    try {
      value = JSON.parse(event.data ?? "");
    } catch {
      yield event; // not JSON: an error page; it passes as it is
      continue;
    }
    let changed = false;
    for (const body of callBodies(value)) {
      const { name, arguments: args } = body;
      if (typeof name !== "string" || typeof args !== "string") continue;
      body["arguments"] = unsealArguments(name, args, unsealer);
      changed ||= body["arguments"] !== args;
    }
    const text = JSON.stringify(value);
    yield changed ? { bytes: Buffer.from(text), data: text } : event;
  }
}

function callBodies(value: unknown): Record<string, unknown>[] {
  const choices = isRecord(value) && Array.isArray(value["choices"]) ? value["choices"].filter(isRecord) : [];
  return choices.flatMap(({ message }) => {
    const calls = isRecord(message) && Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
    return calls
      .filter(isRecord)
      .map((call) => call["function"])
      .filter(isRecord);
  });
}

/** The arguments with the secrets of the file they edit; as they are for any other tool, and when they are broken. */
function unsealArguments(tool: string, text: string, { seals, workspace, restores }: Unsealer): string {
  const pathArgument = editTools[tool];
  if (pathArgument === undefined || !hasPlaceholder(text)) return text;
  let args: unknown;
  try {
    args = JSON.parse(text);
  } catch {
    return text; // the guard will refuse the call; nothing is restored into a broken one
  }
  const path = isRecord(args) ? args[pathArgument] : undefined;
  if (!isRecord(args) || typeof path !== "string") return text;
  const file = relative(workspace, resolve(workspace, path));
  const unsealed = Object.entries(args).map(([name, value]) => {
    if (name === pathArgument || typeof value !== "string") return [name, value];
    const result = seals.unsealFor(file, value);
    for (const { kind, placeholder } of result.restored) restores.push({ file, kind, placeholder });
    return [name, result.text];
  });
  return JSON.stringify(Object.fromEntries(unsealed));
}
