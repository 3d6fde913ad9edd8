/** Runs the hooks of an occasion side by side and decides. Who starts a program or asks a server is handed in. */
import { messageOf, type JsonObject } from "@cloister/base";
import { decidePermission, noRules, parseRule, type Places } from "@cloister/policy";
import { decideHooks, type HookDecision } from "./decide.ts";
import type { Hook } from "./definition.ts";
import { subjectOf, type Occasion } from "./events.ts";
import { hookInput, type HookCaller, type HookSession } from "./input.ts";
import { isMatch } from "./matcher.ts";
import { readHookRun, type HookRun, type HookSaid } from "./outcome.ts";

export interface HookRunOptions {
  /** One line of JSON for its standard input or its request. */
  readonly input: string;
  /** `CLAUDE_PROJECT_DIR`, `CLAUDE_PLUGIN_ROOT`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HooksWorld {
  readonly session: HookSession;
  readonly places: Places;
  /** Keeps to the timeout. Rejects only when the signal is aborted; a rejection otherwise counts as a failure. */
  readonly run: (hook: Hook, options: HookRunOptions) => Promise<HookRun>;
}

export interface Hooks {
  /** Whether any hook is about it: nothing needs to be made ready otherwise. */
  has(occasion: Occasion, caller?: HookCaller): boolean;
  /** Runs what matches. `caller`: the subagent that it happens to. @throws what the signal was aborted with */
  on(occasion: Occasion, signal: AbortSignal, caller?: HookCaller): Promise<HookDecision>;
  /** Those that are programs or addresses, about single calls. */
  forJudges(): Hooks;
}

/** Hooks that may run, trusted and managed ones: see `chooseExtensions`. */
export function createHooks(hooks: readonly Hook[], world: HooksWorld): Hooks {
  const done = new Set<Hook>();
  const select = (occasion: Occasion, caller: HookCaller | undefined): readonly Hook[] =>
    selectHooks(
      hooks.filter(({ agent }) => agent === undefined || agent === caller?.type),
      occasion,
      world.places,
    ).filter((hook) => !done.has(hook));
  return {
    forJudges: () => createHooks(hooks.flatMap(forJudge), world),
    has: (occasion, caller) => select(occasion, caller).length > 0,
    on: async (occasion, signal, caller) => {
      const selected = select(occasion, caller);
      for (const hook of selected) if (hook.isOnce) done.add(hook);
      const input = `${JSON.stringify(hookInput(occasion, world.session, caller))}\n`;
      const runs = selected.map(async (hook): Promise<HookSaid> => {
        const run = runOne(hook, { input, signal }, world);
        if (!hook.isAsync) return readHookRun(hook, await run);
        // Nobody waits for it; its answer decides nothing, and an abort ends it.
        run.catch(() => {});
        return { hook };
      });
      const said = await Promise.all(runs);
      signal.throwIfAborted();
      return decideHooks(occasion.event, said);
    },
  };
}

const callEvents: ReadonlySet<string> = new Set([
  "PreToolUse",
  "PostToolUse",
  "PostToolUseFailure",
  "PermissionDenied",
]);

/** No judge is asked about a judge's calls. Where that would be a managed check, silence would be consent: it refuses. */
function forJudge(hook: Hook): readonly Hook[] {
  if (!callEvents.has(hook.event)) return [];
  const { kind } = hook.handler;
  if (kind === "command" || kind === "http" || kind === "unsupported") return [hook];
  return hook.isFailClosed ? [{ ...hook, handler: { kind: "unsupported", type: kind } }] : [];
}

async function runOne(
  hook: Hook,
  { input, signal }: { readonly input: string; readonly signal: AbortSignal },
  { run, places }: HooksWorld,
): Promise<HookRun> {
  if (hook.handler.kind === "unsupported") {
    return { kind: "failed", why: `hooks of type "${hook.handler.type}" are not run here` };
  }
  const plugin = hook.origin.plugin?.folder;
  const environment = {
    CLAUDE_PROJECT_DIR: places.workspace,
    ...(plugin === undefined ? {} : { CLAUDE_PLUGIN_ROOT: plugin }),
  };
  try {
    return await run(hook, { input, environment, timeoutMs: hook.timeoutMs, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: "failed", why: messageOf(error) };
  }
}

/** In the order given; those that do the same once, as a hook that fails closed when one of them does. */
export function selectHooks(hooks: readonly Hook[], occasion: Occasion, places: Places): readonly Hook[] {
  const subject = subjectOf(occasion);
  const chosen = new Map<string, Hook>();
  for (const hook of hooks) {
    if (hook.event !== occasion.event || !isAbout(hook, subject, occasion, places)) continue;
    const key = JSON.stringify([hook.handler, hook.origin.plugin?.folder]);
    const other = chosen.get(key);
    if (other === undefined || (hook.isFailClosed && !other.isFailClosed)) chosen.set(key, hook);
  }
  return [...chosen.values()];
}

function isAbout(hook: Hook, subject: string | undefined, occasion: Occasion, places: Places): boolean {
  // A check that nobody can read must not be a check that never runs.
  if (hook.matcher.kind === "bad" && hook.isFailClosed) return true;
  if (subject !== undefined && !isMatch(hook.matcher, subject)) return false;
  return hook.condition === undefined || isMeant(hook.condition, occasion, places);
}

/** Whether one permission rule speaks of the call; any part of a compound command counts. Other events have no calls. */
function isMeant(condition: string, occasion: Occasion, places: Places): boolean {
  if (!("tool" in occasion)) return false;
  const parsed = parseRule(condition);
  // It only makes runs fewer; where it cannot be read, none is spared.
  if (parsed.kind === "bad") return true;
  const decision = decidePermission({ ...noRules, deny: [parsed.rule] }, "default", {
    tool: occasion.tool,
    text: textOf(occasion.input),
    parameters: occasion.input,
    places,
    canAsk: true,
  });
  return decision.by === "rule" && decision.verdict === "deny";
}

const subjects = [
  "command",
  "file_path",
  "path",
  "notebook_path",
  "url",
  "subagent_type",
  "skill",
  "pattern",
];

function textOf(input: JsonObject): string {
  const found = subjects.map((name) => input[name]).find((value) => typeof value === "string");
  return typeof found === "string" ? found : "";
}
