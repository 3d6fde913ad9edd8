import { CloisterError } from "@cloister/base";
import { cancelled } from "../errors.ts";

/** One at a time, in the order they came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #waitingMax: number;
  #taken = false;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /**
   * Resolves with the function that gives the turn back; calling it again does nothing.
   * @throws CloisterError `cancelled`, `queue-full`.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw cancelled(signal.reason);
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.#waiting.shift();
      // It stays taken when it is passed on, so that nobody can come in between.
      if (next === undefined) this.#taken = false;
      else next();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new CloisterError(`${this.#waitingMax} requests are waiting for this model already`, {
        code: "queue-full",
        next: "try again when some have been answered",
      });
    }
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(cancelled(signal.reason));
      };
      this.#waiting.push(onTurn);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
