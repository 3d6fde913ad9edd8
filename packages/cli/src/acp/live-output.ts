/** What a running call has printed so far. The protocol replaces a call's content as a whole, so it is told now and then. */
import type { AgentEvent } from "@cloister/agent";
import type { Clock, JsonObject } from "@cloister/base";
import { textContent } from "./updates.ts";

/** The end of it: the whole comes with the result. */
const SHOWN_CHARS_MAX = 4000;
const EVERY_MS = 300;
const CALLS_MAX = 64;

export type LiveOutput = (event: AgentEvent) => JsonObject | undefined;

/** Undefined where there is nothing to tell now. */
export function createLiveOutput(clock: Pick<Clock, "now">): LiveOutput {
  const calls = new Map<string, { text: string; toldAt: number }>();
  return (event) => {
    if (event.kind === "result") calls.delete(event.id);
    if (event.kind === "end") calls.clear();
    if (event.kind !== "progress") return undefined;
    const { id, text } = event;
    const known = calls.get(id);
    if (known === undefined && calls.size >= CALLS_MAX) return undefined;
    const call = known ?? { text: "", toldAt: Number.NEGATIVE_INFINITY };
    call.text = `${call.text}${text}`.slice(-SHOWN_CHARS_MAX).toWellFormed();
    calls.set(id, call);
    if (clock.now() - call.toldAt < EVERY_MS) return undefined;
    call.toldAt = clock.now();
    return { sessionUpdate: "tool_call_update", toolCallId: id, content: [textContent(call.text)] };
  };
}
