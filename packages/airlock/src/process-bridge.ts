/** A server that is no process: code of the keeper that speaks to something else, shown to the agent as one all the same. */
import { messageOf } from "@cloister/base";
import type { Sink, Work } from "./process-work.ts";

export interface BridgeIo {
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when there is room for more. */
  readonly output: (bytes: Uint8Array) => Promise<void>;
  /** Aborted when the agent wants no more of it, or is gone. */
  readonly signal: AbortSignal;
}

/** What it rejects with is told to the agent as its error output; it must hold no secret. */
export type Bridge = (io: BridgeIo) => Promise<void>;

export function openBridge(bridge: Bridge, sink: Sink): Work {
  const stop = new AbortController();
  const waiting: { readonly bytes: Uint8Array; readonly taken: () => void }[] = [];
  let isEnded = false;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  // Bounded by the window that the client keeps to.
  async function* input(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        next.taken();
        yield next.bytes;
      } else if (isEnded || stop.signal.aborted) return;
      else await changed.promise;
    }
  }
  const halt = (): void => {
    stop.abort(new Error("the agent wants no more of it"));
    wake();
  };
  const run = async (): Promise<Awaited<Work["ended"]>> => {
    try {
      await bridge({ input: input(), output: (bytes) => sink("out", bytes), signal: stop.signal });
      return { exitCode: 0, signal: undefined, timedOut: false };
    } catch (error) {
      if (!stop.signal.aborted) await sink("err", Buffer.from(`${messageOf(error)}\n`));
      return { exitCode: 1, signal: undefined, timedOut: false };
    } finally {
      halt();
    }
  };
  return {
    write: (bytes, taken) => {
      waiting.push({ bytes, taken });
      wake();
    },
    end: () => {
      isEnded = true;
      wake();
    },
    resize: () => {
      /* it has no terminal */
    },
    ask: halt,
    kill: halt,
    ended: run(),
  };
}
