/**
 * The values of a source, each taken through `step` as it passes, and `ended` once when there are no more, for whatever
 * reason. Not a generator: each of those in a row costs some turns of the event loop's queue for every event.
 */
export function passing<T, U>(
  source: AsyncIterable<T>,
  step: (value: T) => U,
  ended: () => void = () => undefined,
): AsyncIterable<U> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<U> {
      const iterator = source[Symbol.asyncIterator]();
      let hasEnded = false;
      const end = (): void => {
        if (hasEnded) return;
        hasEnded = true;
        ended();
      };
      const fail = (error: unknown): never => {
        end();
        throw error;
      };
      const take = (result: IteratorResult<T>): IteratorResult<U> => {
        if (result.done !== true) return { done: false, value: step(result.value) };
        end();
        return { done: true, value: undefined };
      };
      return {
        next: () => iterator.next().then(take).catch(fail),
        async return() {
          try {
            await iterator.return?.();
          } finally {
            end();
          }
          return { done: true, value: undefined };
        },
      };
    },
  };
}
