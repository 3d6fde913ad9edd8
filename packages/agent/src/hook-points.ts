/** Where the loop asks hooks, and what their answers do there. Without hooks each of these costs a look at an empty list. */
import { messageOf, type Json, type JsonObject } from "@cloister/base";
import { guardCall } from "@cloister/wire";
import type { AgentEvent } from "./events.ts";
import type { HookDecision } from "./extension/hooks/decide.ts";
import type { Occasion } from "./extension/hooks/events.ts";
import type { Hooks } from "./extension/hooks/hooks.ts";
import type { Tool, ToolResult, ToolWorld } from "./tools/tool.ts";

export interface HookedCall {
  readonly id: string;
  readonly name: string;
  readonly args: JsonObject;
}

export type CallVerdict =
  /** `told`: for the model, behind the result. */
  | { readonly kind: "run"; readonly args: JsonObject; readonly told: readonly string[] }
  | { readonly kind: "denied"; readonly text: string };

export type Opinion =
  | { readonly kind: "go"; readonly context: readonly string[] }
  | { readonly kind: "refused"; readonly why: string };

/** Of one conversation. Methods reject only when the signal is aborted. */
export interface HookPoints {
  /** Why a hook wants everything to end; looked at between turns. */
  readonly stopped: string | undefined;
  sessionStart(source: "startup" | "resume", signal: AbortSignal): Promise<readonly string[]>;
  sessionEnd(signal: AbortSignal): Promise<void>;
  prompt(text: string, signal: AbortSignal): Promise<Opinion>;
  beforeCall(call: HookedCall, tool: Tool, world: ToolWorld, signal: AbortSignal): Promise<CallVerdict>;
  /** The result as the model is to see it. */
  afterCall(call: HookedCall, result: ToolResult, ms: number, signal: AbortSignal): Promise<ToolResult>;
  /** A text with which the work goes on; undefined when it may end. */
  beforeStop(lastText: string, signal: AbortSignal): Promise<string | undefined>;
  beforeCompaction(trigger: "manual" | "auto", hints: string, signal: AbortSignal): Promise<Opinion>;
  afterCompaction(trigger: "manual" | "auto", summary: string, signal: AbortSignal): Promise<void>;
  /** Nobody waits for these. */
  notify(message: string, type: string): void;
  /** For a subagent that begins. */
  forSubagent(id: string, type: string, emit: (event: AgentEvent) => void): HookPoints;
}

export interface HookPointsOptions {
  readonly hooks: Hooks | undefined;
  readonly emit: (event: AgentEvent) => void;
  readonly subagent?: { readonly id: string; readonly type: string };
}

/** A hook that never lets it end is a circle; the person sees that it was broken. */
const CONTINUES_MAX = 5;

export function createHookPoints({ hooks, emit, subagent }: HookPointsOptions): HookPoints {
  let stopped: string | undefined;
  let continues = 0;

  const ask = async (occasion: Occasion, signal: AbortSignal): Promise<HookDecision | undefined> => {
    if (hooks === undefined || !hooks.has(occasion)) return undefined;
    const decision = await hooks.on(occasion, signal);
    for (const text of decision.messages) emit({ kind: "status", text });
    for (const text of decision.troubles) emit({ kind: "status", text });
    stopped ??= decision.stop;
    return decision;
  };
  const tell = (occasion: Occasion): void => {
    ask(occasion, new AbortController().signal).catch((error: unknown) =>
      emit({ kind: "status", text: messageOf(error) }),
    );
  };
  const toOpinion = (decision: HookDecision | undefined): Opinion => {
    const why = decision?.block ?? decision?.stop;
    return why === undefined ? { kind: "go", context: decision?.context ?? [] } : { kind: "refused", why };
  };

  return {
    get stopped() {
      return stopped;
    },
    sessionStart: async (source, signal) =>
      (await ask({ event: "SessionStart", source }, signal))?.context ?? [],
    sessionEnd: async (signal) => {
      await ask({ event: "SessionEnd", reason: "other" }, signal);
    },
    prompt: async (prompt, signal) => {
      continues = 0;
      stopped = undefined;
      return toOpinion(await ask({ event: "UserPromptSubmit", prompt }, signal));
    },
    beforeCall: async (call, tool, world, signal) => {
      const occasion = { event: "PreToolUse", tool: call.name, input: call.args, callId: call.id } as const;
      const decision = await ask(occasion, signal);
      if (decision === undefined) return { kind: "run", args: call.args, told: [] };
      const denied = await deniedBy(decision, call, world, signal);
      return denied === undefined
        ? withInput(decision, { call, tool, world }, signal)
        : { kind: "denied", text: withTold(denied, decision.context) };
    },
    afterCall: async (call, result, ms, signal) => {
      const about = { tool: call.name, input: call.args, callId: call.id } as const;
      const decision = await ask(
        result.ok
          ? { event: "PostToolUse", ...about, response: responseOf(call, result), durationMs: ms }
          : { event: "PostToolUseFailure", ...about, error: result.text, isInterrupt: signal.aborted },
        signal,
      );
      if (decision === undefined) return result;
      const { updatedOutput, block, context } = decision;
      const text =
        updatedOutput === undefined
          ? result.text
          : typeof updatedOutput === "string"
            ? updatedOutput
            : JSON.stringify(updatedOutput);
      return { ...result, text: withTold(text, [...(block === undefined ? [] : [block]), ...context]) };
    },
    beforeStop: async (lastText, signal) => {
      const isContinued = continues > 0;
      const decision = await ask(
        subagent === undefined
          ? { event: "Stop", isContinued, lastText }
          : { event: "SubagentStop", agentId: subagent.id, agentType: subagent.type, isContinued, lastText },
        signal,
      );
      if (decision?.block === undefined || decision.stop !== undefined) return undefined;
      if (continues >= CONTINUES_MAX) {
        emit({ kind: "status", text: `a hook asked ${CONTINUES_MAX} times to go on; it was left at that` });
        return undefined;
      }
      continues += 1;
      return withTold(`A hook asks you to go on: ${decision.block}`, decision.context);
    },
    beforeCompaction: async (trigger, hints, signal) =>
      toOpinion(await ask({ event: "PreCompact", trigger, hints }, signal)),
    afterCompaction: async (trigger, summary, signal) => {
      await ask({ event: "PostCompact", trigger, summary }, signal);
    },
    notify: (message, type) => {
      tell({ event: "Notification", message, title: "Cloister", type });
    },
    forSubagent: (id, type, emitOwn) => {
      const own = createHookPoints({ hooks, emit: emitOwn, subagent: { id, type } });
      tell({ event: "SubagentStart", agentId: id, agentType: type });
      return own;
    },
  };
}

/** Undefined when the call may go on. */
async function deniedBy(
  { permission, stop }: HookDecision,
  { name, args }: HookedCall,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (stop !== undefined) return `Not run: a hook ended the work: ${stop}`;
  switch (permission?.verdict) {
    case undefined:
    case "allow":
      return undefined;
    case "deny":
      return `Not run: a hook refused it${permission.reason === "" ? "." : `: ${permission.reason}`}`;
    // Nobody is there who could take it up again later.
    case "defer":
    case "ask": {
      const why = permission.reason === "" ? "" : ` (${permission.reason})`;
      const answer = await world.question?.(
        {
          kind: "choice",
          questions: [
            {
              question: `A hook asks: may ${name} run${why}? ${JSON.stringify(args).slice(0, ARGS_CHARS_MAX)}`,
              header: "hook",
              options: [{ label: YES }, { label: "No" }],
            },
          ],
        },
        signal,
      );
      if (answer?.kind === "chosen" && answer.texts[0] === YES) return undefined;
      return answer === undefined || answer.kind === "absent"
        ? `Not run: a hook wants a person's word for it${why}, and nobody is here. Go on without it.`
        : `Not run: the user said no${why}.`;
    }
  }
}

const YES = "Yes";
const ARGS_CHARS_MAX = 2000;

interface Changed {
  readonly call: HookedCall;
  readonly tool: Tool;
  readonly world: ToolWorld;
}

/**
 * The keeper judged the call that the model made; what a hook makes of it is judged as if the model had made that. Its
 * arguments are the tool's own, or nothing is run: nobody is there who would make the call again.
 */
async function withInput(
  { updatedInput, context }: HookDecision,
  { call, tool, world }: Changed,
  signal: AbortSignal,
): Promise<CallVerdict> {
  const { id, name } = call;
  if (updatedInput === undefined) return { kind: "run", args: call.args, told: context };
  const changed = JSON.stringify(updatedInput);
  const meant = guardCall({ id, name, arguments: changed }, "stop", [tool]);
  const why =
    meant.kind === "refused" ? meant.detail : await whyNot({ id, name, args: meant.args }, world, signal);
  if (meant.kind === "refused" || why !== undefined) {
    const text = `Not run: a hook changed its arguments to ${changed}, and those are refused: ${why}`;
    return { kind: "denied", text: withTold(text, context) };
  }
  const told = `its arguments were changed to ${changed}`;
  return { kind: "run", args: meant.args, told: [told, ...context] };
}

async function whyNot(
  call: HookedCall,
  { judge }: ToolWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (judge === undefined) return "nobody is here who could judge them.";
  const verdict = await judge(call, signal);
  return verdict.kind === "pass" ? undefined : verdict.why;
}

function responseOf({ args }: HookedCall, { ok, text }: ToolResult): Json {
  const path = args["file_path"];
  return { success: ok, output: text, ...(typeof path === "string" ? { filePath: path } : {}) };
}

export function withTold(text: string, told: readonly string[]): string {
  return [text, ...told.map((each) => `[hook] ${each}`)].join("\n");
}
