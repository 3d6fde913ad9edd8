/** Waiting that ends: with the work, with the time, or with whoever asked for it. */
import type { Clock } from "@cloister/base";

/** Resolves when the work is done or the time is over. @throws the signal's reason */
export async function within(
  work: Promise<unknown>,
  {
    clock,
    timeoutMs,
    signal,
  }: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, clock.sleep(timeoutMs, AbortSignal.any([signal, done.signal]))]);
  } finally {
    done.abort(new Error("done"));
  }
}

/** @throws the signal's reason */
export async function heard(news: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([news, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
