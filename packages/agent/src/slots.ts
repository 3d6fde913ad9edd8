/** How many answers may be under way at the same time: subagents of subagents would otherwise flood a small server. */
import type { AskModel } from "./answer.ts";

const ASKS_AT_ONCE_MAX = 4;

export function limitAsks(ask: AskModel, atOnceMax: number = ASKS_AT_ONCE_MAX): AskModel {
  let left = atOnceMax;
  const waiting: (() => void)[] = [];
  const take = (): Promise<void> | undefined => {
    if (left > 0) {
      left -= 1;
      return undefined;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const free = (): void => {
    const next = waiting.shift();
    if (next === undefined) left += 1;
    else next();
  };
  return async function* limited(request, signal) {
    await take();
    // Given back once: at the end, or at the interrupt, which not every stream hears.
    let give = (): void => {
      give = () => {};
      free();
    };
    const onAbort = (): void => give();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      // It may have waited for long: what was given up meanwhile is not asked any more.
      if (signal.aborted) yield { kind: "failed", code: "cancelled", message: "cancelled" };
      else yield* ask(request, signal);
    } finally {
      signal.removeEventListener("abort", onAbort);
      give();
    }
  };
}
