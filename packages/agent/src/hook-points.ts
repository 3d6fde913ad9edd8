/** Where the loop asks hooks, and what their answers do there. Without hooks each of these costs a look at an empty list. */
import { messageOf, type Json } from "@cloister/base";
import type { AgentEvent, Trouble } from "./events.ts";
import type { HookDecision } from "./extension/hooks/decide.ts";
import type { Occasion } from "./extension/hooks/events.ts";
import type { Hooks } from "./extension/hooks/hooks.ts";
import type { HookCaller } from "./extension/hooks/input.ts";
import type { Elicited } from "./extension/hooks/outcome.ts";
import {
  deniedBy,
  responseOf,
  withInput,
  withTold,
  type CallVerdict,
  type HookedCall,
} from "./hooked-call.ts";
import type { Tool, ToolResult, ToolWorld } from "./tools/tool.ts";

export type Opinion =
  | { readonly kind: "go"; readonly context: readonly string[] }
  | { readonly kind: "refused"; readonly why: string };

/** Of one conversation. Methods reject only when the signal is aborted. */
export interface HookPoints {
  /** Why a hook wants everything to end; looked at between turns. */
  readonly stopped: string | undefined;
  sessionStart(source: "startup" | "resume", signal: AbortSignal): Promise<readonly string[]>;
  sessionEnd(signal: AbortSignal): Promise<void>;
  /** Nobody waits for what is said of a file whose instructions the model is told. */
  loaded(file: Omit<Extract<Occasion, { event: "InstructionsLoaded" }>, "event">): void;
  prompt(text: string, signal: AbortSignal): Promise<Opinion>;
  /** A person's `/command`, before its text is made. */
  expansion(
    command: Omit<Extract<Occasion, { event: "UserPromptExpansion" }>, "event">,
    signal: AbortSignal,
  ): Promise<Opinion>;
  beforeCall(call: HookedCall, tool: Tool, world: ToolWorld, signal: AbortSignal): Promise<CallVerdict>;
  /** The result as the model is to see it. */
  afterCall(call: HookedCall, result: ToolResult, ms: number, signal: AbortSignal): Promise<ToolResult>;
  /** A call that the keeper refused; the refusal as the model is to see it. */
  afterDenial(call: HookedCall, why: string, signal: AbortSignal): Promise<string>;
  /** All calls of one answer have their results. What the model is to be told beside them; a refusal ends the work. */
  afterBatch(calls: readonly BatchedCall[], signal: AbortSignal): Promise<readonly string[]>;
  /** A text with which the work goes on; undefined when it may end. */
  beforeStop(lastText: string, signal: AbortSignal): Promise<string | undefined>;
  beforeCompaction(trigger: "manual" | "auto", hints: string, signal: AbortSignal): Promise<Opinion>;
  /** What the conversation is to be told, now that it forgot. */
  afterCompaction(
    trigger: "manual" | "auto",
    summary: string,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Something failed, and the work with it. Nobody waits. */
  failed(error: Trouble): void;
  /** An answer in the person's place to what a server asks; undefined where no hook gives one. */
  elicitation(asked: Omit<Asked, "event">, signal: AbortSignal): Promise<Elicited | undefined>;
  /** What the server is given in its place; undefined where it is the answer as it stands. */
  elicitationResult(answer: Omit<Answered, "event">, signal: AbortSignal): Promise<Elicited | undefined>;
  /** Whether some program may answer what this server asks the person. */
  answersServer(server: string): boolean;
  /** Nobody waits for these. */
  notify(message: string, type: string): void;
  /** For a subagent that begins. */
  forSubagent(id: string, type: string, emit: (event: AgentEvent) => void): HookPoints;
  /** For a subagent that judges for a hook: programs may object to what it reads, and no judge is asked about a judge. */
  forJudge(caller: HookCaller, emit: (event: AgentEvent) => void): HookPoints;
  /** What the subagent is to be told at its beginning. */
  subagentStart(signal: AbortSignal): Promise<readonly string[]>;
}

type Asked = Extract<Occasion, { event: "Elicitation" }>;
type Answered = Extract<Occasion, { event: "ElicitationResult" }>;

export interface BatchedCall extends HookedCall {
  readonly ok: boolean;
  readonly text: string;
}

export interface HookPointsOptions {
  readonly hooks: Hooks | undefined;
  readonly emit: (event: AgentEvent) => void;
  readonly subagent?: HookCaller;
}

/** A hook that never lets it end is a circle; the person sees that it was broken. */
const CONTINUES_MAX = 5;
const NEWS_MAX = 100;

export function createHookPoints({ hooks, emit, subagent }: HookPointsOptions): HookPoints {
  let stopped: string | undefined;
  let continues = 0;
  const said = new Set<string>();

  // It is to be found later, too; a hook that fails at each call says it once.
  const say = (text: string): void => {
    const isNews = !said.has(text) && said.size < NEWS_MAX;
    if (isNews) said.add(text);
    emit({ kind: "status", text, ...(isNews ? { isNews } : {}) });
  };
  const ask = async (occasion: Occasion, signal: AbortSignal): Promise<HookDecision | undefined> => {
    if (hooks === undefined || !hooks.has(occasion, subagent)) return undefined;
    const decision = await hooks.on(occasion, signal, subagent);
    for (const text of [...decision.messages, ...decision.troubles]) say(text);
    stopped ??= decision.stop;
    return decision;
  };
  let loading = Promise.resolve();
  const quietly = async (occasion: Occasion): Promise<void> => {
    try {
      await ask(occasion, new AbortController().signal);
    } catch (error) {
      emit({ kind: "status", text: messageOf(error) });
    }
  };
  const tell = (occasion: Occasion): void => void quietly(occasion);
  const toOpinion = (decision: HookDecision | undefined): Opinion => {
    const why = decision?.block ?? decision?.stop;
    return why === undefined ? { kind: "go", context: decision?.context ?? [] } : { kind: "refused", why };
  };
  const elicited = async (occasion: Asked | Answered, signal: AbortSignal): Promise<Elicited | undefined> => {
    const decision = await ask(occasion, signal);
    const isRefused = (decision?.block ?? decision?.stop) !== undefined;
    return isRefused ? { action: "decline", content: undefined } : decision?.elicited;
  };

  return {
    get stopped() {
      return stopped;
    },
    sessionStart: async (source, signal) =>
      (await ask({ event: "SessionStart", source }, signal))?.context ?? [],
    loaded: (file) => {
      // One after another: a project with many files must not start as many programs at once.
      loading = loading.then(() => quietly({ event: "InstructionsLoaded", ...file }));
    },
    sessionEnd: async (signal) => {
      await ask({ event: "SessionEnd", reason: "other" }, signal);
    },
    prompt: async (prompt, signal) => {
      continues = 0;
      stopped = undefined;
      return toOpinion(await ask({ event: "UserPromptSubmit", prompt }, signal));
    },
    expansion: async (command, signal) =>
      toOpinion(await ask({ event: "UserPromptExpansion", ...command }, signal)),
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
    afterDenial: async (call, why, signal) => {
      const about = { tool: call.name, input: call.args, callId: call.id };
      const decision = await ask({ event: "PermissionDenied", ...about, reason: why }, signal);
      return decision?.retry === true ? withTold(why, ["you may try it again"]) : why;
    },
    afterBatch: async (calls, signal) => {
      const told = calls.map((call) => ({
        ...{ tool: call.name, input: call.args, callId: call.id },
        response: responseOf(call, { ...call, sources: [] }) satisfies Json,
      }));
      const decision = await ask({ event: "PostToolBatch", calls: told }, signal);
      stopped ??= decision?.block;
      return decision?.context ?? [];
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
        say(`a hook asked ${CONTINUES_MAX} times to go on; it was left at that`);
        return undefined;
      }
      continues += 1;
      return withTold(`A hook asks you to go on: ${decision.block}`, decision.context);
    },
    beforeCompaction: async (trigger, hints, signal) =>
      toOpinion(await ask({ event: "PreCompact", trigger, hints }, signal)),
    afterCompaction: async (trigger, summary, signal) => {
      await ask({ event: "PostCompact", trigger, summary }, signal);
      // A subagent's beginning is its own event.
      if (subagent !== undefined) return [];
      return (await ask({ event: "SessionStart", source: "compact" }, signal))?.context ?? [];
    },
    failed: ({ code, message }) => {
      if (subagent === undefined) tell({ event: "StopFailure", error: code, details: message });
    },
    answersServer: (server) => hooks?.has({ event: "Elicitation", server, message: "", schema: {} }) === true,
    elicitation: (asked, signal) => elicited({ event: "Elicitation", ...asked }, signal),
    elicitationResult: (answer, signal) => elicited({ event: "ElicitationResult", ...answer }, signal),
    notify: (message, type) => {
      tell({ event: "Notification", message, title: "Cloister", type });
    },
    forSubagent: (id, type, emitOwn) => createHookPoints({ hooks, emit: emitOwn, subagent: { id, type } }),
    forJudge: (caller, emitOwn) =>
      createHookPoints({ hooks: hooks?.forJudges(), emit: emitOwn, subagent: caller }),
    subagentStart: async (signal) => {
      if (subagent === undefined) return [];
      const { id, type } = subagent;
      return (await ask({ event: "SubagentStart", agentId: id, agentType: type }, signal))?.context ?? [];
    },
  };
}
