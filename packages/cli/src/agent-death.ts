/** How a session ends whose agent's process did not end it itself. */
import type { Ending, Trouble } from "@cloister/agent";

export interface Death {
  /** As the system tells it. */
  readonly how: string;
  /** What it printed beside the protocol. */
  readonly complaint: string;
  readonly signal: AbortSignal;
}

export function deathOf({ how, complaint, signal }: Death): Ending {
  if (signal.aborted) return { ...nothing, outcome: "cancelled" };
  const said = complaint.trim() === "" ? "" : `: ${complaint.trim()}`;
  return failedBy({ code: "agent-died", message: `the agent's process ended early (${how})${said}` });
}

export function failedBy({
  code,
  message,
  next,
}: Omit<Trouble, "next"> & { next?: string | undefined }): Ending {
  const error = { code, message, ...(next === undefined ? {} : { next }) };
  return { ...nothing, outcome: "failed", error };
}

/** Whether nobody was told of it yet: the agent tells of its other ends by itself. */
export function hasDied({ error }: Pick<Ending, "error">): boolean {
  return error?.code === "agent-died" || error?.code === "agent-broken";
}

const nothing = {
  text: "",
  turns: 0,
  usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
} as const;
