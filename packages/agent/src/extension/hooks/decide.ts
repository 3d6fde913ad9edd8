/** What several hooks said, made into one decision. */
import type { JsonObject } from "@cloister/base";
import type { PermissionDecision } from "@cloister/policy";
import { hookEvents, type HookEvent } from "./events.ts";
import type { Elicited, HookSaid, PermissionVerdict } from "./outcome.ts";

export interface HookDecision {
  /** Everything is to end, and why. */
  readonly stop: string | undefined;
  /** By the event: the prompt is not sent, the compaction not made; the model is told; the work goes on with this text. */
  readonly block: string | undefined;
  readonly permission: { readonly verdict: PermissionVerdict; readonly reason: string } | undefined;
  /** The whole new input of the call. The rules have to judge it anew, as they did the old one. */
  readonly updatedInput: JsonObject | undefined;
  readonly updatedOutput: unknown;
  /** The last that gave one. */
  readonly elicited: Elicited | undefined;
  readonly retry: boolean;
  /** For the model, in the order of the hooks. */
  readonly context: readonly string[];
  /** For the person. */
  readonly messages: readonly string[];
  /** Hooks that failed, by their files. */
  readonly troubles: readonly string[];
}

const strictness: readonly PermissionVerdict[] = ["deny", "defer", "ask", "allow"];

/** `said` is in the order of the settings, not of their ends: the same answers are the same decision. */
export function decideHooks(event: HookEvent, said: readonly HookSaid[]): HookDecision {
  const verdict = strictness.find((each) => said.some(({ permission }) => permission?.verdict === each));
  const deciding = said.filter(
    ({ permission }) => permission !== undefined && permission.verdict === verdict,
  );
  const changing = said.findLast(({ updatedInput }) => updatedInput !== undefined);
  const blocks = said.flatMap(({ block }) => (block === undefined ? [] : [block]));
  const reason = joined(deciding.map(({ permission }) => permission?.reason ?? ""));
  // Who allowed the old input has not seen the new one.
  const isUnseen =
    verdict === "allow" && changing !== undefined && deciding.some((each) => each !== changing);
  return {
    stop: said.find(({ stop }) => stop !== undefined)?.stop,
    block: hookEvents[event].onBlock === "nothing" || blocks.length === 0 ? undefined : joined(blocks),
    permission:
      verdict === undefined
        ? undefined
        : isUnseen
          ? { verdict: "ask", reason: "a hook changed what another one allowed" }
          : { verdict, reason },
    updatedInput: verdict === "deny" ? undefined : changing?.updatedInput,
    updatedOutput: said.findLast(({ updatedOutput }) => updatedOutput !== undefined)?.updatedOutput,
    elicited: said.findLast(({ elicited }) => elicited !== undefined)?.elicited,
    retry: said.some(({ retry }) => retry === true),
    context: said.flatMap(({ context }) => (context === undefined ? [] : [context])),
    messages: said.flatMap(({ message }) => (message === undefined ? [] : [message])),
    troubles: said.flatMap(({ hook, trouble }) =>
      trouble === undefined ? [] : [`${event} hook of ${hook.origin.path}: ${trouble}`],
    ),
  };
}

export type CallPermission = {
  readonly verdict: "allow" | "ask" | "deny";
  readonly by: "rules" | "hook";
  readonly reason: string;
};

/**
 * What the rules say of a call (with the input that hooks left it) and what hooks say. Hooks can make it stricter; their
 * "allow" spares the question that no rule asked, and nothing else.
 */
export function permitCall(ruled: PermissionDecision, { permission }: HookDecision): CallPermission {
  const byRules = { verdict: ruled.verdict, by: "rules", reason: ruled.reason } as const;
  if (permission === undefined || ruled.verdict === "deny") return byRules;
  const { verdict, reason } = permission;
  if (verdict === "deny") return { verdict, by: "hook", reason };
  if (verdict === "allow") {
    const isOpen = ruled.verdict === "ask" && ruled.by === "nothing";
    return isOpen ? { verdict: "allow", by: "hook", reason } : byRules;
  }
  return ruled.verdict === "ask" ? byRules : { verdict: "ask", by: "hook", reason };
}

function joined(texts: readonly string[]): string {
  return [...new Set(texts.filter((text) => text !== ""))].join("\n");
}
