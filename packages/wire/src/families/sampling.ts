import type { Loss, Sampling } from "../turn.ts";
import type { Family } from "./family.ts";

export interface ShapedSampling {
  readonly sampling: Sampling;
  /** Chat's extra field `repetition_penalty`, known to the open engines only. */
  readonly repetitionPenalty?: number;
  readonly losses: readonly Loss[];
}

const STEERING = ["temperature", "topP", "topK", "presencePenalty", "frequencyPenalty"] as const;

/**
 * What the endpoint is to be sent. `as-sent`: the client's own. `send-defaults`: the vendor's recommendation when
 * the client steers nothing itself; half of each would be neither's. A family with fixed sampling gets none at all.
 */
export function sampleForFamily(
  sampling: Sampling,
  family: Family,
  mode: "as-sent" | "send-defaults",
): ShapedSampling {
  const sent = STEERING.filter((field) => sampling[field] !== undefined);
  if (family.fixedSampling === true) {
    return {
      sampling: Object.fromEntries(
        Object.entries(sampling).filter(([field]) => !STEERING.some((name) => name === field)),
      ),
      losses: sent.map((field) => ({
        path: `sampling.${field}`,
        reason: `sampling is fixed for ${family.name}`,
        severity: "semantic",
      })),
    };
  }
  if (mode === "as-sent" || sent.length > 0 || family.sampling === undefined) return { sampling, losses: [] };
  const { repetitionPenalty, ...recommended } = family.sampling;
  return {
    sampling: { ...sampling, ...recommended },
    ...(repetitionPenalty === undefined ? {} : { repetitionPenalty }),
    losses: [],
  };
}
