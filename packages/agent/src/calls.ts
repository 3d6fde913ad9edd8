/** Runs the calls of one answer. Whatever happens, each of them has a result in the history afterwards, in call order. */
import { messageOf } from "@cloister/base";
import { innerCallOf, type Guarded } from "@cloister/wire";
import { rejectWhenAborted } from "./answer.ts";
import { toolMessage } from "./conversation.ts";
import { hookNotes } from "./history.ts";
import type { BatchedCall } from "./hook-points.ts";
import { withTold, type HookedCall } from "./hooked-call.ts";
import { withProblems } from "./lsp/after-call.ts";
import { isMcpTool } from "./mcp/names.ts";
import {
  countPictures,
  picturesChars,
  picturesMessage,
  PICTURES_CHARS_MAX,
  PICTURES_MAX,
} from "./pictures.ts";
import type { Call } from "./progress.ts";
import type { Thread } from "./thread.ts";
import type { Todo } from "./tools/todo.ts";
import { effectOfCall, type ShownPicture, type Tool, type ToolResult, type ToolWorld } from "./tools/tool.ts";

/** Calls that change nothing run side by side, so many at a time. */
const AT_ONCE_MAX = 4;

const interrupted = "Interrupted by the user before it was done.";
const notRun = "Not run: interrupted by the user.";
const overtaken =
  "Not run: the user said something first. Read it, then decide whether this is still wanted.";

/** Why the work should stop, when it goes round in circles; undefined otherwise. */
export async function runCalls(
  calls: readonly Guarded[],
  thread: Thread,
  signal: AbortSignal,
): Promise<string | undefined> {
  let stop: string | undefined;
  const pictures: ShownPicture[] = [];
  const ran: BatchedCall[] = [];
  for (let at = 0; at < calls.length;) {
    const skipped = skipReason({ isFirst: at === 0, stop, thread, signal });
    if (skipped !== undefined) {
      for (const call of calls.slice(at)) skip(call, skipped, thread);
      break;
    }
    const batch = nextBatch(calls, at, thread.allTools());
    const done = await Promise.all(batch.map((call) => runCall(call, thread, signal)));
    for (const { message, why, shown, batched } of done) {
      thread.conversation.add(message);
      pictures.push(...shown);
      stop ??= why;
      ran.push(...batched);
    }
    at += batch.length;
  }
  // After all results: nothing may stand between them and their calls.
  if (pictures.length > 0) thread.conversation.add(picturesMessage(pictures));
  if (ran.length > 0 && !signal.aborted) {
    const said = await thread.hooks.afterBatch(ran, signal).catch(() => []); // interrupted: who comes next says so
    for (const message of hookNotes(said)) thread.conversation.add(message);
  }
  return stop;
}

interface Boundary {
  readonly isFirst: boolean;
  readonly stop: string | undefined;
  readonly thread: Thread;
  readonly signal: AbortSignal;
}

function skipReason({ isFirst, stop, thread, signal }: Boundary): string | undefined {
  if (signal.aborted) return notRun;
  if (stop !== undefined) return `Not run: ${stop}.`;
  return !isFirst && thread.inbox.hasMessages ? overtaken : undefined;
}

/** As many calls in a row as may run at the same time. */
function nextBatch(calls: readonly Guarded[], from: number, tools: readonly Tool[]): readonly Guarded[] {
  const reads = (call: Guarded | undefined): boolean =>
    call?.kind === "call" &&
    tools.some((tool) => tool.name === call.name && effectOfCall(tool, call.args) === "read");
  let to = from + 1;
  while (reads(calls[from]) && reads(calls[to]) && to - from < AT_ONCE_MAX) to += 1;
  return calls.slice(from, to);
}

interface Done {
  readonly message: ReturnType<typeof toolMessage>;
  readonly why: string | undefined;
  readonly shown: readonly ShownPicture[];
  readonly batched: readonly BatchedCall[];
}

async function runCall(call: Guarded, thread: Thread, signal: AbortSignal): Promise<Done> {
  const { emit, window, watch } = thread;
  const { id, name } = call;
  if (call.kind === "refused") {
    const text = `Error (${call.cause}): ${await afterHooks(call, thread, signal)}`;
    const seen = watch.see({ name, args: {}, effect: "own", isPolling: false }, { ok: false, text });
    const told = seen.kind === "nudge" ? `${text}\n${seen.text}` : text;
    emit({ kind: "result", id, name, ok: false, text: told, refused: call.cause });
    return {
      message: toolMessage(id, told, { source: "tool", tool: name }),
      why: seen.kind === "stop" ? seen.why : undefined,
      ...{ shown: [], batched: [] },
    };
  }

  emit({ kind: "call", id, name, args: call.args });
  const tool = thread.allTools().find((candidate) => candidate.name === name) as Tool;
  const result = boundPictures(await runTool(tool, call, thread, signal), thread);
  for (const { path } of result.sources) thread.guide.touch(path);
  if (result.diff !== undefined) thread.guide.touch(result.diff.path);
  const effect = effectOfCall(tool, call.args);
  const about: Call = { name, args: call.args, effect, isPolling: tool.isPolling === true };
  const seen = watch.see(about, result);
  const fitting = window.fit(result.text);
  const text = seen.kind === "nudge" ? `${fitting}\n${seen.text}` : fitting;
  const diff = result.diff === undefined ? {} : { diff: result.diff };
  emit({ kind: "result", id, name, ok: result.ok, text, ...diff });
  if (name === "TodoWrite" && result.ok) {
    emit({ kind: "todos", todos: call.args["todos"] as unknown as readonly Todo[] });
  }
  const files = result.sources.length === 0 ? {} : { files: result.sources };
  return {
    message: toolMessage(id, text, { source: result.source ?? sourceOf(name), tool: name, ...files }),
    why: seen.kind === "stop" ? seen.why : undefined,
    shown: result.pictures ?? [],
    batched: [{ id, name, args: call.args, ok: result.ok, text }],
  };
}

/** What a call is refused with, with what hooks say to a denial. */
async function afterHooks(
  { id, name, cause, detail, args = {} }: Extract<Guarded, { kind: "refused" }>,
  { hooks }: Thread,
  signal: AbortSignal,
): Promise<string> {
  if (cause !== "denied") return detail;
  const meant = innerCallOf(name, args) ?? { name, args };
  return hooks.afterDenial({ id, ...meant }, detail, signal).catch(() => detail); // interrupted: it stays refused
}

/** A tool that throws is a tool that failed: the model is told, and the task goes on. */
async function runTool(
  tool: Tool,
  call: HookedCall,
  thread: Thread,
  signal: AbortSignal,
): Promise<ToolResult> {
  const why = thread.forbids(tool, call.args);
  if (why !== undefined) return { ok: false, text: why, sources: [] };
  const world = {
    ...thread.world,
    callId: call.id,
    progress: (text: string) => thread.emit({ kind: "progress", id: call.id, text }),
  };
  const aborted = rejectWhenAborted(signal);
  try {
    return await Promise.race([runHooked(tool, call, { thread, world }, signal), aborted.promise]);
  } catch (error) {
    const text = signal.aborted ? interrupted : `Error: ${messageOf(error)}`;
    return { ok: false, text, sources: [] };
  } finally {
    aborted.forget();
  }
}

/** Servers take so many pictures in a request, and each of them is in all later ones. */
function boundPictures(result: ToolResult, { conversation }: Thread): ToolResult {
  if (result.pictures === undefined) return result;
  const chars = result.pictures.reduce((sum, { base64 }) => sum + base64.length, 0);
  const fits = picturesChars(conversation.items) + chars <= PICTURES_CHARS_MAX;
  if (fits && countPictures(conversation.items) < PICTURES_MAX) return result;
  const text = fits
    ? `This conversation holds ${PICTURES_MAX} pictures already, and takes no more.`
    : "The pictures of this conversation are as large together as a request may be. Make a smaller copy with a command.";
  return { ok: false, text, sources: [] };
}

/** Hooks stand around the call: what they refuse does not run, and what they say stands behind the result. */
async function runHooked(
  tool: Tool,
  call: HookedCall,
  { thread, world }: { readonly thread: Thread; readonly world: ToolWorld },
  signal: AbortSignal,
): Promise<ToolResult> {
  const { hooks, clock } = thread;
  const verdict = await hooks.beforeCall(call, tool, world, signal);
  if (verdict.kind === "denied") return { ok: false, text: verdict.text, sources: [] };
  const started = clock.now();
  const result = await tool.run(verdict.args, world, signal).catch((error: unknown): ToolResult => {
    signal.throwIfAborted();
    return { ok: false, text: `Error: ${messageOf(error)}`, sources: [] };
  });
  const seen = await hooks.afterCall({ ...call, args: verdict.args }, result, clock.now() - started, signal);
  // After the hooks: one of them may format what was written.
  const checked = await withProblems(seen, world, signal);
  return { ...checked, text: withTold(checked.text, verdict.told) };
}

function skip({ id, name }: Guarded, text: string, { conversation, emit }: Thread): void {
  emit({ kind: "result", id, name, ok: false, text });
  conversation.add(toolMessage(id, text, { source: "tool", tool: name }));
}

function sourceOf(tool: string): "file" | "command" | "tool" | "mcp" {
  if (isMcpTool(tool)) return "mcp";
  if (tool === "Read" || tool === "Grep") return "file";
  return tool === "Bash" ? "command" : "tool";
}
