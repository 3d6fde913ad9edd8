/** Events on their way to whoever shows them. One reader. */
import type { AgentEvent } from "./events.ts";

export interface EventQueue {
  readonly push: (event: AgentEvent) => void;
  /** Resolves once the reader has caught up: whoever streams waits here, so that a slow screen slows the stream. */
  readonly room: () => Promise<void>;
  readonly close: () => void;
  readonly events: () => AsyncGenerator<AgentEvent>;
}

/** Progress of commands and of reading a prompt is for the eye only: beyond this many waiting events it is left out. */
const WAITING_MAX = 1000;

export function createEventQueue(): EventQueue {
  let waiting: AgentEvent[] = [];
  let isClosed = false;
  let changed = Promise.withResolvers<void>();
  let drained = Promise.withResolvers<void>();
  drained.resolve();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  return {
    push: (event) => {
      const isForTheEye = event.kind === "progress" || event.kind === "reading";
      if (isForTheEye && waiting.length >= WAITING_MAX) return;
      waiting.push(event);
      if (waiting.length === WAITING_MAX) drained = Promise.withResolvers<void>();
      wake();
    },
    room: () => drained.promise,
    close: () => {
      isClosed = true;
      wake();
    },
    async *events() {
      for (;;) {
        const next = waiting;
        waiting = [];
        drained.resolve();
        yield* next;
        if (waiting.length > 0) continue;
        if (isClosed) return;
        await changed.promise;
      }
    },
  };
}
