import { classify, joinClassifications, type Classification } from "./classification.ts";
import type { PathRule, Policy } from "./policy.ts";

/** What a file of the workspace is, by its path from the workspace's root: the join of every rule that matches it. */
export function classifyPath(
  policy: Policy,
  path: string,
): { classification: Classification; rules: readonly PathRule[] } {
  const rules = policy.labels.paths.filter(({ matches }) => matches.test(path));
  const classification = rules.reduce(
    (joined, { label, compartments }) => joinClassifications(joined, classify(label, compartments)),
    classify(policy.labels.default),
  );
  return { classification, rules };
}
