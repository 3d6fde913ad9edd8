/**
 * What something is: how confidential, whose, and how far its origin is trusted. A lattice: the whole takes the
 * stricter of its parts in each dimension, and nothing that happens to it makes it less strict but a person's word.
 */
import { isWithin as isLabelWithin, join as joinLabels, type Label } from "./labels.ts";

/** Who had a hand in a text, the most trusted first. `untrusted`: the web, MCP servers, output of the network. */
export const integrities = ["user", "workspace", "third-party", "untrusted"] as const;

export type Integrity = (typeof integrities)[number];

export interface Classification {
  readonly label: Label;
  /** Projects or teams whose matter this is; sorted, each once. Whoever sees it must be cleared for all of them. */
  readonly compartments: readonly string[];
  readonly integrity: Integrity;
}

export interface Clearance {
  readonly label: Label;
  /** `all`: cleared for every compartment there is. */
  readonly compartments: readonly string[] | "all";
}

export function classify(
  label: Label,
  compartments: readonly string[] = [],
  integrity: Integrity = "workspace",
): Classification {
  return { label, compartments: [...new Set(compartments)].toSorted(), integrity };
}

export function joinClassifications(first: Classification, second: Classification): Classification {
  return classify(
    joinLabels(first.label, second.label),
    [...first.compartments, ...second.compartments],
    lessTrusted(first.integrity, second.integrity),
  );
}

export function lessTrusted(first: Integrity, second: Integrity): Integrity {
  return integrities.indexOf(first) > integrities.indexOf(second) ? first : second;
}

/** Whether `integrity` is at least as trusted as `wanted`. */
export function isTrusted(integrity: Integrity, wanted: Integrity): boolean {
  return integrities.indexOf(integrity) <= integrities.indexOf(wanted);
}

/** Whether something of this class may be shown to somebody with this clearance. */
export function isCleared(classification: Classification, clearance: Clearance): boolean {
  const { compartments } = clearance;
  return (
    isLabelWithin(classification.label, clearance.label) &&
    (compartments === "all" || classification.compartments.every((name) => compartments.includes(name)))
  );
}

/** For a person: `restricted (chip-7, firmware)`. */
export function describeClassification({
  label,
  compartments,
}: Pick<Classification, "label" | "compartments">): string {
  return compartments.length === 0 ? label : `${label} (${compartments.join(", ")})`;
}
