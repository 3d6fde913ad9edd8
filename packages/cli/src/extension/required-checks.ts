/**
 * The organisation's own hooks before a command, made by the keeper where the command is started: an agent that was
 * taken over could leave out the ones that it is to ask itself.
 */
import {
  createHooks,
  hooksOf,
  type BroughtExtensions,
  type Hook,
  type HookRun,
} from "@cloister/agent/extensions";
import { runOnce, type AirlockSession, type HookDefinition, type OnceOutcome } from "@cloister/airlock";
import type { Cells } from "@cloister/cell";

/** Why a command may not run; undefined when it may. Never rejects but for what the ledger throws. */
export type RequiredChecks = (command: string, signal: AbortSignal) => Promise<string | undefined>;

export interface RequiredWorld {
  readonly session: AirlockSession;
  readonly cells: Cells;
  readonly definitions: ReadonlyMap<string, HookDefinition>;
}

/** Undefined where the organisation has no such hook: then nothing is asked. */
export function createRequiredChecks(
  brought: BroughtExtensions,
  { session, cells, definitions }: RequiredWorld,
): RequiredChecks | undefined {
  const managed = hooksOf(brought).filter(
    ({ origin, event }) => origin.scope === "managed" && event === "PreToolUse",
  );
  if (managed.length === 0) return undefined;
  const ids = new Map<Hook, string>(managed.map((hook) => [hook, hook.id]));
  const { workspace } = brought.places;
  const hooks = createHooks(managed, {
    session: { sessionId: brought.sessionId, transcriptPath: "", cwd: workspace, permissionMode: "default" },
    places: brought.places,
    run: async (hook, { input, timeoutMs, signal }) => {
      const id = ids.get(hook) ?? "";
      const definition = definitions.get(id);
      if (definition === undefined) return { kind: "failed", why: "hooks of this type are not run here" };
      return toRun(await runOnce(session, cells, definition, { name: id, input, timeoutMs }, signal));
    },
  });
  return async (command, signal) => {
    const decision = await hooks.on(
      { event: "PreToolUse", tool: "Bash", input: { command }, callId: "" },
      signal,
    );
    if (decision.stop !== undefined) return decision.stop;
    // Whoever is to be asked was asked by the agent: what stands here is what may not be, whatever a person says.
    return decision.permission?.verdict === "deny" ? decision.permission.reason : undefined;
  };
}

function toRun({ exitCode, signal, timedOut, stdout, stderr }: OnceOutcome): HookRun {
  if (timedOut) return { kind: "timed-out" };
  const by = signal ?? "nobody knows what";
  if (exitCode === undefined) return { kind: "failed", why: `it was ended by ${by}` };
  return { kind: "ended", exitCode, stdout, stderr };
}
