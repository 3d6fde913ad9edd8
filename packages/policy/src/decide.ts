/** From the facts of a request to a decision with the rule that made it, so that a person can argue with the rule. */
import { isWithin, type Label } from "./labels.ts";

export interface Facts {
  /** The join of everything the request holds. */
  readonly label: Label;
  readonly endpoint: { readonly id: string; readonly clearance: Label };
}

/** `record-before-dispatch` is applied by the airlock itself, when the ledger cannot be written. */
export type Rule = "label-within-clearance" | "record-before-dispatch";

export type Decision =
  | { readonly kind: "send"; readonly rule: Rule }
  | { readonly kind: "refuse"; readonly rule: Rule; readonly why: string; readonly next: string };

export function decide(facts: Facts): Decision {
  const { label, endpoint } = facts;
  if (!isWithin(label, endpoint.clearance)) {
    return {
      kind: "refuse",
      rule: "label-within-clearance",
      why: `the request is ${label}; ${endpoint.id} is cleared for ${endpoint.clearance} only`,
      next: "use an endpoint that is cleared for it, or let whoever answers for the data set its clearance (--clearance)",
    };
  }
  return { kind: "send", rule: "label-within-clearance" };
}
