/** A session's commands in the background: what its tools are given of them, what the model hears, how they end. */
import type { ChatMessage } from "@cloister/wire";
import type { AgentEvent } from "./events.ts";
import { note } from "./history.ts";
import type { AgentWorld } from "./thread.ts";
import { createBackground } from "./tools/background.ts";
import type { ToolWorld } from "./tools/tool.ts";

export interface SessionBackground {
  readonly toolWorld: Pick<ToolWorld, "background">;
  /** For the conversation, at the next boundary: which have ended. */
  news(): readonly ChatMessage[];
  /** What a person may ask of them: to be told how far each is, and to end one. False: there is none of that id. */
  show(): void;
  stop(id: string): boolean;
  /** Ends all of them, when nothing more will be said. */
  finish(): Promise<void>;
}

export function openSessionBackground(
  { start, clock }: Pick<AgentWorld, "start" | "clock">,
  emit: (event: AgentEvent) => void,
): SessionBackground {
  if (start === undefined) {
    return {
      toolWorld: {},
      news: () => [],
      show: () => {
        /* there are none */
      },
      stop: () => false,
      finish: () => Promise.resolve(),
    };
  }
  const background = createBackground({ start, clock, emit });
  return {
    toolWorld: { background },
    news: () => background.news().map(fromCommand),
    show: () => background.show(),
    stop: (id) => {
      const isThere = background.find(id) !== undefined;
      // Its end is told when it has come; the model hears of it as of any other.
      if (isThere) void background.kill(id);
      return isThere;
    },
    finish: async () => {
      const stopped = await background.close();
      if (stopped.length === 0) return;
      emit({ kind: "status", text: `stopped at the end of the session: ${stopped.join(", ")}` });
    },
  };
}

/** It holds what a command printed, which is no word of the user's. */
function fromCommand(text: string): ChatMessage {
  return { ...note(text), cloister: { source: "command" } };
}
