/** What was brought to a session, at work in it: skills and commands, hooks, rules for some files. */
import { isRecord, parseJson } from "@cloister/base";
import type { ChatMessage, ChatTool, Usage } from "@cloister/wire";
import type { AskModel } from "./answer.ts";
import { userMessage } from "./conversation.ts";
import { startDeadline } from "./deadline.ts";
import type { AgentEvent } from "./events.ts";
import { hooksOf, type BroughtExtensions } from "./extension/brought.ts";
import type { Hook } from "./extension/hooks/definition.ts";
import { createHooks, type Hooks } from "./extension/hooks/hooks.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import { createGuide, type Guide } from "./guide.ts";
import { hookNotes } from "./history.ts";
import { askAgentHook, askModelHook, type RunJudge } from "./hook-agent.ts";
import { askServerTool } from "./hook-server.ts";
import { createHookPoints, type HookPoints } from "./hook-points.ts";
import type { ModelChoice } from "./models.ts";
import { askOfPage } from "./page-question.ts";
import { toPromptMessages, type PromptMessages, type SaidMessage } from "./prompt-input.ts";
import { createSkills, type Fork } from "./skills-at-hand.ts";
import type { AgentWorld } from "./thread.ts";
import type { Mode, Tool, ToolWorld } from "./tools/tool.ts";

export interface SessionExtensionsOptions {
  readonly brought: BroughtExtensions | undefined;
  readonly world: AgentWorld;
  readonly ask: AskModel;
  readonly model: string;
  readonly models: readonly ModelChoice[];
  /** For a hook that a model decides: its request begins like all others. */
  readonly chatTools: () => readonly ChatTool[];
  readonly mode: () => Mode;
  /** What questions beside the conversation cost. */
  readonly spend: (usage: Usage | undefined, by?: string) => void;
  readonly emit: (event: AgentEvent) => void;
  /** For hooks of type `agent`. */
  readonly runJudge: RunJudge;
  /** For hooks of type `mcp_tool`: what servers have brought by now. */
  readonly serverTools: () => readonly Tool[];
  /** For skills that are done by a subagent of the main conversation's. */
  readonly fork: Fork;
}

export interface SessionExtensions {
  readonly hooks: HookPoints;
  /** Given to every tool. */
  readonly toolWorld: Pick<ToolWorld, "skill" | "opened" | "askOfPage">;
  /** For a subagent, whose own subagents do what is to be done by one. */
  skillFor(fork: Fork): NonNullable<ToolWorld["skill"]>;
  /** For one conversation; `told` is what it holds already. */
  guide(told: readonly ChatMessage[]): Guide;
  /** A person's message with all that it names. Interrupted, it is the message alone. */
  say(message: SaidMessage, held: readonly ChatMessage[], signal: AbortSignal): Promise<PromptMessages>;
  start(source: "startup" | "resume", signal: AbortSignal): Promise<readonly ChatMessage[]>;
  end(): Promise<void>;
}

const END_MS_MAX = 1500;

export function openSessionExtensions(options: SessionExtensionsOptions): SessionExtensions {
  const { brought, world, emit } = options;
  const hooks = createHookPoints({ hooks: openHooks(options), emit });
  const skills = createSkills(brought, hooks);
  const { clock, ...given } = world;
  const bare = { ...given, opened: brought?.opened ?? [] };
  const toolWorld: SessionExtensions["toolWorld"] = {
    opened: bare.opened,
    skill: (wish, signal) => skills.give(wish, { world: bare, fork: options.fork }, signal),
    askOfPage: (question, signal) => askOfPage(question, { ...options, clock }, signal),
  };

  return {
    hooks,
    toolWorld,
    skillFor: (fork) => (wish, signal) => skills.give(wish, { world: bare, fork }, signal),
    guide: (told) =>
      createGuide({ brought, nested: world.nested, told, loaded: (file) => hooks.loaded(file) }),
    say: async (message, held, signal) => {
      try {
        const opinion = await hooks.prompt(message.text, signal);
        if (opinion.kind === "refused") return opinion;
        const said = await toPromptMessages(
          message,
          { skills, world: bare, held, fork: options.fork },
          signal,
        );
        if (said.kind === "refused") return said;
        return { kind: "messages", messages: [...said.messages, ...hookNotes(opinion.context)] };
      } catch (error) {
        if (!signal.aborted) throw error;
        return { kind: "messages", messages: [userMessage(message.text, "user", message.files)] };
      }
    },
    start: async (source, signal) => {
      for (const file of brought?.instructions?.loaded ?? []) hooks.loaded(file);
      return hookNotes(await hooks.sessionStart(source, signal));
    },
    end: async () => {
      using over = startDeadline(clock, END_MS_MAX, "the session ended");
      await hooks.sessionEnd(over.signal).catch(() => {
        /* nobody is left to be told that it took too long */
      });
    },
  };
}

function openHooks(options: SessionExtensionsOptions): Hooks | undefined {
  const { brought, world, mode } = options;
  if (brought === undefined || brought.hooks.length === 0) return undefined;
  const ids = new Map<Hook, string>(hooksOf(brought).map((hook) => [hook, hook.id]));
  return createHooks([...ids.keys()], {
    session: {
      sessionId: brought.sessionId,
      transcriptPath: "",
      cwd: brought.places.workspace,
      get permissionMode() {
        return mode() === "bypass" ? "bypassPermissions" : mode();
      },
    },
    places: brought.places,
    run: async (hook, run) => {
      switch (hook.handler.kind) {
        case "command":
        case "http": {
          const id = ids.get(hook);
          if (id === undefined || world.runHook === undefined) {
            return { kind: "failed", why: "nobody can start it" };
          }
          const ran = await world.runHook(id, run);
          return hook.handler.kind === "http" ? toAnswered(ran) : ran;
        }
        case "prompt":
          return askModelHook(hook.handler, run, { ...options, clock: world.clock });
        case "agent":
          return askAgentHook(hook.handler, run, { clock: world.clock, run: options.runJudge });
        case "mcp_tool":
          return askServerTool(hook.handler, run, {
            ...{ clock: world.clock, tools: options.serverTools },
            world: { ...world, opened: brought.opened },
          });
        case "unsupported":
          return { kind: "failed", why: `hooks of type "${hook.handler.type}" are not run here` };
      }
    },
  });
}

/** The keeper sends it, and gives the server's answer as one line of JSON. */
function toAnswered(run: HookRun): HookRun {
  if (run.kind !== "ended") return run;
  if (run.exitCode !== 0) return { kind: "failed", why: run.stderr.trim() };
  const answer = parseJson(run.stdout, "the keeper's answer");
  if (!isRecord(answer) || typeof answer["status"] !== "number" || typeof answer["body"] !== "string") {
    return { kind: "failed", why: "the keeper's answer cannot be read" };
  }
  return { kind: "answered", status: answer["status"], body: answer["body"] };
}
