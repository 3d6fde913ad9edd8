/** What was brought to a session, at work in it: skills and commands, hooks, rules for some files. */
import type { ChatMessage, ChatTool } from "@cloister/wire";
import { readModelAnswer, type AskModel } from "./answer.ts";
import { startConversation, systemMessage, userMessage } from "./conversation.ts";
import type { AgentEvent } from "./events.ts";
import { hooksOf, type BroughtExtensions } from "./extension/brought.ts";
import type { Hook } from "./extension/hooks/definition.ts";
import { createHooks, type HookRunOptions, type Hooks } from "./extension/hooks/hooks.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import { createGuide, type Guide } from "./guide.ts";
import { note } from "./history.ts";
import { createHookPoints, type HookPoints } from "./hook-points.ts";
import { systemPrompt } from "./prompt.ts";
import { toPromptMessages, type PromptMessages } from "./prompt-input.ts";
import { createSkills } from "./skills-at-hand.ts";
import type { AgentWorld } from "./thread.ts";
import type { Mode, ToolWorld } from "./tools/tool.ts";

export interface SessionExtensionsOptions {
  readonly brought: BroughtExtensions | undefined;
  readonly world: AgentWorld;
  readonly ask: AskModel;
  readonly model: string;
  /** For a hook that a model decides: its request begins like all others. */
  readonly chatTools: () => readonly ChatTool[];
  readonly mode: () => Mode;
  readonly emit: (event: AgentEvent) => void;
}

export interface SessionExtensions {
  readonly hooks: HookPoints;
  /** Given to every tool. */
  readonly toolWorld: Pick<ToolWorld, "skill" | "opened">;
  /** For one conversation; `told` is what it holds already. */
  guide(told: readonly ChatMessage[]): Guide;
  /** A person's message with all that it names. Interrupted, it is the message alone. */
  say(text: string, signal: AbortSignal): Promise<PromptMessages>;
  start(source: "startup" | "resume", signal: AbortSignal): Promise<readonly ChatMessage[]>;
  end(): Promise<void>;
}

const END_MS_MAX = 1500;

export function openSessionExtensions(options: SessionExtensionsOptions): SessionExtensions {
  const { brought, world, emit } = options;
  const hooks = createHookPoints({ hooks: openHooks(options), emit });
  const skills = createSkills(brought);
  const { clock, ...given } = world;
  const bare = { ...given, opened: brought?.opened ?? [] };
  const toolWorld: SessionExtensions["toolWorld"] = {
    opened: bare.opened,
    skill: (wish, signal) => skills.give(wish, bare, signal),
  };

  return {
    hooks,
    toolWorld,
    guide: (told) => createGuide({ brought, nested: world.nested, told }),
    say: async (text, signal) => {
      try {
        const opinion = await hooks.prompt(text, signal);
        if (opinion.kind === "refused") return opinion;
        const said = await toPromptMessages(text, { skills, world: bare }, signal);
        if (said.kind === "refused") return said;
        return { kind: "messages", messages: [...said.messages, ...toNotes(opinion.context)] };
      } catch (error) {
        if (!signal.aborted) throw error;
        return { kind: "messages", messages: [userMessage(text, "user")] };
      }
    },
    start: async (source, signal) => toNotes(await hooks.sessionStart(source, signal)),
    end: async () => {
      const over = new AbortController();
      const done = new AbortController();
      clock.sleep(END_MS_MAX, done.signal).then(
        () => over.abort(new Error("the session ended")),
        () => {
          /* the hooks were done first */
        },
      );
      await hooks.sessionEnd(over.signal).catch(() => {
        /* nobody is left to be told that it took too long */
      });
      done.abort(new Error("done"));
    },
  };
}

/** What a program printed is no word of the person's. */
function toNotes(texts: readonly string[]): readonly ChatMessage[] {
  return texts.map((text) => ({ ...note(`A hook says: ${text}`), cloister: { source: "command" } }));
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
        case "command": {
          const id = ids.get(hook);
          return id === undefined || world.runHook === undefined
            ? { kind: "failed", why: "nobody can start it" }
            : world.runHook(id, run);
        }
        case "prompt":
          return askModel(hook.handler, run, options);
        case "http":
          return { kind: "failed", why: 'hooks of type "http" are not run here' };
        case "unsupported":
          return { kind: "failed", why: `hooks of type "${hook.handler.type}" are not run here` };
      }
    },
  });
}

/** A conversation of its own, which holds the question and nothing else. */
async function askModel(
  { prompt, model }: { readonly prompt: string; readonly model: string | undefined },
  { input, timeoutMs, signal }: HookRunOptions,
  { world, ask, chatTools, ...options }: SessionExtensionsOptions,
): Promise<HookRun> {
  const conversation = startConversation(model ?? options.model, chatTools());
  const question = prompt.includes("$ARGUMENTS")
    ? prompt.replaceAll("$ARGUMENTS", () => input)
    : `${prompt}\n\n${input}`;
  conversation.add(systemMessage(systemPrompt));
  conversation.add(
    userMessage(
      `${question}\n\nCall no tools. Answer with JSON alone: {"ok": true} or {"ok": false, "reason": "why"}.`,
      "instructions",
    ),
  );
  const over = new AbortController();
  const done = new AbortController();
  world.clock.sleep(timeoutMs, done.signal).then(
    () => over.abort(new Error("it took too long")),
    () => {
      /* the answer came first */
    },
  );
  const answer = await readModelAnswer(
    conversation.request(),
    { ask, clock: world.clock, emit: () => {}, room: () => Promise.resolve() },
    AbortSignal.any([signal, over.signal]),
  ).finally(() => done.abort(new Error("done")));
  if (answer.kind === "end") return { kind: "judged", text: answer.text };
  return over.signal.aborted ? { kind: "timed-out" } : { kind: "failed", why: answer.message };
}
