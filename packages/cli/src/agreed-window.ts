/** One number for the window, where a person and a server may each have said one. */
import { CloisterError } from "@cloister/base";

/** What a window may be set to, in tokens: below it not even the fixed prompt fits; above it no model is served. */
export const windowBounds: readonly [min: number, max: number] = [1024, 100_000_000];

export interface WindowsSaid {
  /** By a person, in the settings or for this run. */
  readonly wished: number | undefined;
  /** By the server. */
  readonly served: number | undefined;
  readonly model: string;
  /** Where it is served. */
  readonly place: string;
}

/**
 * What a person said counts, also where the server has more, or says nothing. A server with less would cut prompts, or
 * refuse them in the middle of the work, so nothing begins.
 * @throws CloisterError `window-too-small`
 */
export function agreeWindow({ wished, served, model, place }: WindowsSaid): number | undefined {
  if (wished === undefined) return served;
  if (served === undefined || served >= wished) return wished;
  throw new CloisterError(
    `${model} at ${place} is served with a window of ${served} tokens, and ${wished} are configured`,
    {
      code: "window-too-small",
      next: `start the server with a window of ${wished} (llama-server -c ${wished}, vllm serve --max-model-len ${wished}), or work with what it has: --context ${served}`,
    },
  );
}
