/**
 * Makes room in the window. Each step is tried once, from the gentle to the rough: old outputs cut short, notes by the
 * model in the place of the conversation, notes without it. What brings no room is not tried again.
 */
import type { ChatMessage } from "@cloister/wire";
import { readModelAnswer } from "./answer.ts";
import type { Compaction, Trouble } from "./events.ts";
import { callsIn, hookNotes } from "./history.ts";
import { excessBytes, holdsPictures, nameOfShown, withoutPictures } from "./pictures.ts";
import { summaryRequest, writeNotes } from "./notes.ts";
import { shortenItem, shortenOld, startOfLastAnswers, withoutOldPictures } from "./shorten.ts";
import type { Thread } from "./thread.ts";
import type { Window } from "./window.ts";

export type Compacted =
  /** `notes`: what stands in the place of the conversation; undefined where nothing of it went. */
  | { readonly kind: "done"; readonly notes?: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "no-room"; readonly trouble: Trouble };

export interface CompactionRequest {
  readonly trigger: Compaction["trigger"];
  readonly hints?: string;
}

/** Below this share of what a prompt may take, cutting old outputs short was enough. */
const SHORTENED_SHARE_MAX = 0.6;
/** Above it, the window would be full again at once. */
const ROOM_SHARE_MAX = 0.75;
const TAIL_SHARE_MAX = 0.25;
/** For the summary itself, whatever the reserve. */
const SUMMARY_TOKENS = 600;

/** A hook may refuse what was asked for; where the window is full there is no other way. */
export async function compact(
  thread: Thread,
  request: CompactionRequest,
  signal: AbortSignal,
): Promise<Compacted> {
  const { hooks, emit } = thread;
  const trigger = request.trigger === "asked" ? "manual" : "auto";
  const opinion = await hooks
    .beforeCompaction(trigger, request.hints ?? "", signal)
    .catch((error: unknown) => {
      if (!signal.aborted) throw error;
      return { kind: "go", context: [] } as const;
    });
  if (opinion.kind === "refused") {
    const isOver = trigger === "manual";
    emit({
      kind: "status",
      text: `a hook is against making room (${opinion.why})${isOver ? "" : "; it has to be"}`,
    });
    if (isOver) return { kind: "done" };
  }
  const compacted = await makeRoomFor(thread, request, signal);
  if (compacted.kind !== "done" || signal.aborted) return compacted;
  if (compacted.notes === undefined) return compacted;
  const said = await hooks.afterCompaction(trigger, compacted.notes, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return [];
  });
  for (const item of hookNotes(said)) thread.conversation.add(item);
  return compacted;
}

async function makeRoomFor(
  thread: Thread,
  { trigger, hints }: CompactionRequest,
  signal: AbortSignal,
): Promise<Compacted> {
  const { conversation, window, emit } = thread;
  const before = window.estimate(conversation.bytes);
  if (!conversation.items.some(({ role }) => role === "assistant")) {
    // Nothing was said yet that could be shortened.
    return trigger === "asked" ? { kind: "done" } : { kind: "no-room", trouble: fixedPartTooLarge(thread) };
  }
  const sizeOf = (items: readonly ChatMessage[]): number =>
    window.estimatePart(conversation.headBytes + bytesOf(items));
  const usable = window.usable ?? Number.POSITIVE_INFINITY;
  const finish = (items: readonly ChatMessage[], method: Compaction["method"], notes = ""): Compacted => {
    const after = sizeOf(items);
    window.forget();
    // Before the items: whoever keeps them begins anew with this event.
    emit({ kind: "compaction", compaction: { trigger, method, before, after } });
    conversation.replace(items);
    emit({ kind: "context", used: after, window: window.size });
    return { kind: "done", notes };
  };

  // Pictures first: files can be read again, and what was said of the others stays.
  const unseen = withoutOldPictures(conversation.items);
  if (trigger !== "asked" && unseen !== undefined && sizeOf(unseen) <= usable * SHORTENED_SHARE_MAX) {
    return finish(unseen, "shortened");
  }
  const shortened = shortenOld(conversation.items);
  if (trigger !== "asked" && sizeOf(shortened) <= usable * SHORTENED_SHARE_MAX) {
    return finish(shortened, "shortened");
  }

  const written = await summarise(thread, { hints, shortened, sizeOf, usable }, signal);
  if (signal.aborted) return { kind: "cancelled" };
  for (const summary of written === undefined ? [undefined] : [written, undefined]) {
    const items = withNotes(thread, { summary, hints, sizeOf, usable });
    const after = sizeOf(items);
    if (after <= usable * ROOM_SHARE_MAX && (after < before || trigger === "asked")) {
      return finish(items, summary === undefined ? "structure" : "summary", summary);
    }
  }
  return trigger === "asked" ? { kind: "done" } : { kind: "no-room", trouble: noRoom(thread, before) };
}

interface Sizes {
  readonly sizeOf: (items: readonly ChatMessage[]) => number;
  readonly usable: number;
  readonly hints: string | undefined;
}

/** Asked in the conversation itself where it fits, so that the server has to read only the question. */
async function summarise(
  thread: Thread,
  { hints, shortened, sizeOf, usable }: Sizes & { readonly shortened: readonly ChatMessage[] },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { conversation, window, emit, meter } = thread;
  if (thread.summaries === "structure") return undefined;
  const question = summaryRequest(hints);
  const limit = usable + window.reserve - SUMMARY_TOKENS;
  const bytes = conversation.bytes + JSON.stringify(question).length;
  const fits = window.estimate(bytes) <= limit;
  if (!fits && sizeOf([...shortened, question]) > limit) return undefined;
  emit({ kind: "status", text: "making room: the model writes notes of the conversation" });
  const request = fits
    ? conversation.requestWith(question)
    : conversation.requestFor([...shortened, question]);
  const quiet = { ...thread, emit: () => {} };
  const answer = await readModelAnswer(request, quiet, signal);
  if (answer.kind === "failed") {
    if (!signal.aborted) {
      emit({ kind: "status", text: `no notes by the model (${answer.message}); making them without it` });
    }
    return undefined;
  }
  meter.spend(answer.usage, answer.extension?.answeredBy?.name);
  const text = answer.text.trim();
  return text === "" ? undefined : text;
}

/** The beginning to the byte, so that it stays cached; the notes; and the last answer with its results, as far as it is small. */
function withNotes(
  { conversation, world }: Thread,
  { summary, hints, sizeOf, usable }: Sizes & { readonly summary: string | undefined },
): ChatMessage[] {
  const { items } = conversation;
  const lasting = items.filter(isLasting);
  const { kept, gone } = splitTail(
    items.filter((item) => !isLasting(item)),
    (part) => sizeOf(part) - sizeOf([]) <= usable * TAIL_SHARE_MAX,
  );
  const notes = writeNotes({ items: gone, summary, hints, reads: world.reads });
  return [...lasting, notes, ...kept];
}

function isLasting({ role, cloister }: ChatMessage): boolean {
  return role === "system" || cloister?.source === "instructions";
}

/** From the last answer on if it is followed by results, else what was said since then: calls never lose their results. */
function splitTail(
  items: readonly ChatMessage[],
  isSmall: (part: readonly ChatMessage[]) => boolean,
): { readonly kept: readonly ChatMessage[]; readonly gone: readonly ChatMessage[] } {
  const start = startOfLastAnswers(items, 1);
  const last = items[start];
  const from = last !== undefined && callsIn(last).length > 0 ? start : start + 1;
  const tail = items.slice(from);
  const gone = items.slice(0, from);
  if (isSmall(tail)) return { kept: tail, gone };
  const short = tail.map(shortenItem);
  if (isSmall(short)) return { kept: short, gone };
  const isSaid = (item: ChatMessage): boolean =>
    item.role === "user" && (!holdsPictures(item) || nameOfShown(item) !== undefined);
  return {
    kept: tail.filter(isSaid).map((item) => (holdsPictures(item) ? withoutPictures(item) : item)),
    gone: [...gone, ...tail.filter((item) => !isSaid(item))],
  };
}

export function bytesOf(items: readonly ChatMessage[]): number {
  return items.reduce(
    (sum, item) => sum + Buffer.byteLength(JSON.stringify(item)) + 1 - excessBytes(item),
    0,
  );
}

function noRoom({ window }: Thread, before: number): Trouble {
  return {
    code: "window-full",
    message: `the conversation takes about ${before} of ${window.size ?? "an unknown number of"} tokens, and shortening it brought no room`,
    next: "start the model server with a larger window, or begin anew with a smaller task",
  };
}

/** BS-03: what stands before any work, part by part. */
function fixedPartTooLarge({ conversation, window }: Thread): Trouble {
  const { items, headBytes } = conversation;
  const rows: [string, number][] = [
    ["tools", window.estimatePart(headBytes)],
    [
      "system prompt",
      tokensOf(
        items.filter(({ role }) => role === "system"),
        window,
      ),
    ],
    [
      "instructions",
      tokensOf(
        items.filter(({ cloister }) => cloister?.source === "instructions"),
        window,
      ),
    ],
    [
      "task",
      tokensOf(
        items.filter((item) => !isLasting(item)),
        window,
      ),
    ],
    ["kept for the answer", window.reserve],
  ];
  const sum = rows.reduce((total, [, tokens]) => total + tokens, 0);
  const table = rows.map(([what, tokens]) => `${what} ${tokens}`).join(", ");
  return {
    code: "window-too-small",
    message: `the task does not fit the model's window of ${window.size} tokens: ${table}; about ${sum} in all`,
    next: `start the model server with a window of at least ${roundUp(sum * 2)} tokens, or shorten the project's instructions`,
  };
}

function tokensOf(items: readonly ChatMessage[], window: Window): number {
  return window.estimatePart(bytesOf(items));
}

function roundUp(tokens: number): number {
  return Math.ceil(tokens / 4096) * 4096;
}
