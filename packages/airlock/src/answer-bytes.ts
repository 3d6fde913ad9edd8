/** How the bytes of an answer are read: those that come close together are one piece, and the end is read out. */
import type { Clock } from "@cloister/base";

/** Events that come within so short a time are scanned and written together: each piece costs more than its events. */
const GATHER_MS = 10;
/** The first ones pass at once: the time to the first token is what a person feels. */
const HASTY_PIECES = 3;
const WAITING_BYTES_MAX = 64 * 1024;
const LEFTOVER_BYTES_MAX = 64 * 1024;
const LEFTOVER_MS_MAX = 1000;

export interface GatherOptions {
  readonly clock: Clock;
  /** Whether the answer has told its end, so that there is nothing more to learn from it. */
  readonly isOver: () => boolean;
  /** Ends the connection; the source ends or fails then. */
  readonly breakOff: () => void;
}

/**
 * Bytes that come after a pause wait for nothing; those that follow close on others come as one piece. Who stops after
 * the last event leaves a few bytes: read to its end the connection serves the next request, so they are read. A
 * server that lingers is not waited for.
 */
export async function* gathered(
  source: AsyncIterable<Uint8Array>,
  options: GatherOptions,
): AsyncGenerator<Uint8Array> {
  const inflow = new Inflow(source);
  try {
    for (let pieces = 0; ; pieces++) {
      await inflow.some();
      const piece = inflow.take();
      if (piece === undefined) return;
      yield piece;
      if (pieces >= HASTY_PIECES) await inflow.ended(options.clock.sleep(GATHER_MS));
    }
  } finally {
    if (options.isOver()) inflow.readOut(options);
    else if (!inflow.hasEnded) options.breakOff();
  }
}

/** What has come and was not taken. */
class Inflow {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #isLeft = false;
  hasEnded = false;
  #onSome: (() => void) | undefined;
  #onRoom: (() => void) | undefined;
  #onEnd: (() => void) | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    void this.#pump(source);
  }

  /** Resolves when there is something to take, or nothing will come any more. */
  async some(): Promise<void> {
    if (this.#chunks.length > 0 || this.hasEnded) return;
    await new Promise<void>((resolve) => {
      this.#onSome = resolve;
    });
  }

  /** All that is there; undefined at the end. @throws what the source threw, after the last bytes */
  take(): Uint8Array | undefined {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    this.#onRoom?.();
    if (chunks.length > 0) return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  /** Resolves with `time`, or at the end if that is sooner. */
  async ended(time: Promise<void>): Promise<void> {
    if (this.hasEnded) return;
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      void time.then(resolve);
    });
  }

  readOut({ clock, breakOff }: GatherOptions): void {
    if (this.hasEnded) return;
    this.#isLeft = true;
    this.#bytes = 0;
    this.#onRoom?.();
    const isRead = new AbortController();
    this.#onEnd = () => isRead.abort();
    clock.sleep(LEFTOVER_MS_MAX, isRead.signal).then(breakOff, () => undefined); // it was read in time
  }

  async #pump(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        this.#bytes += chunk.length;
        if (this.#isLeft) {
          if (this.#bytes > LEFTOVER_BYTES_MAX) break;
          continue;
        }
        this.#chunks.push(chunk);
        this.#onSome?.();
        if (this.#bytes > WAITING_BYTES_MAX) await this.#room();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.hasEnded = true;
    this.#onSome?.();
    this.#onEnd?.();
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
    });
  }
}
