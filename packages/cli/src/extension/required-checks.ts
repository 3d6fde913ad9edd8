/**
 * The organisation's own hooks before a command, made by the keeper where the command is started: an agent that was
 * taken over could leave out the ones that it is to ask itself.
 */
import type { BroughtExtensions } from "@cloister/agent/extensions";
import { openKeeperHooks, type KeeperHooksWorld } from "./keeper-hooks.ts";

/** Why a command may not run; undefined when it may. Never rejects but for what the ledger throws. */
export type RequiredChecks = (command: string, signal: AbortSignal) => Promise<string | undefined>;

/** Undefined where the organisation has no such hook: then nothing is asked. */
export function createRequiredChecks(
  brought: BroughtExtensions,
  world: KeeperHooksWorld,
): RequiredChecks | undefined {
  const hooks = openKeeperHooks(
    brought,
    ({ origin, event }) => origin.scope === "managed" && event === "PreToolUse",
    world,
  );
  if (hooks === undefined) return undefined;
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
