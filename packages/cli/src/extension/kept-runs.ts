/** What hooks said to the keeper, for the agent that asks them the same right afterwards: each ran once, and is heard twice. */

export interface KeptRuns<T> {
  keep(id: string, input: string, run: T): void;
  /** Once. */
  take(id: string, input: string): T | undefined;
}

/** Of calls that were refused nobody asks again. */
const KEPT_MAX = 64;

/** `input` names the call by its id, so another call is another input, whatever it says. */
export function createKeptRuns<T>(): KeptRuns<T> {
  const kept = new Map<string, T>();
  const keyOf = (id: string, input: string): string => JSON.stringify([id, input]);
  return {
    keep: (id, input, run) => {
      kept.set(keyOf(id, input), run);
      const [oldest] = kept.keys();
      if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
    },
    take: (id, input) => {
      const key = keyOf(id, input);
      const run = kept.get(key);
      kept.delete(key);
      return run;
    },
  };
}
