/** A session of one message: from prompt to end. */
import type { AgentEvent } from "./events.ts";
import { openAgentSession, type SessionOptions } from "./session.ts";
import type { AgentWorld } from "./thread.ts";

export type { AgentWorld } from "./thread.ts";

export interface Task extends Omit<SessionOptions, "limits"> {
  readonly prompt: string;
  readonly turnsMax: number;
  readonly limits?: Omit<NonNullable<SessionOptions["limits"]>, "turnsMax">;
}

/** Ends with exactly one `end` event, whatever happens. */
export async function* runTask(
  task: Task,
  world: AgentWorld,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent> {
  const { prompt, turnsMax, limits, ...options } = task;
  const session = openAgentSession({ ...options, limits: { ...limits, turnsMax } }, world);
  const interrupt = (): void => session.interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    session.send({ text: prompt });
    session.close();
    for await (const event of session.events()) {
      // Aborted before there was anything to interrupt.
      if (signal.aborted) interrupt();
      yield event;
    }
  } finally {
    signal.removeEventListener("abort", interrupt);
    session.interrupt();
  }
}
