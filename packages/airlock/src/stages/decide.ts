import { decide as decideByPolicy, type Decision } from "@cloister/policy";
import type { Sealed } from "./seal.ts";

export interface Decided extends Sealed {
  readonly decision: Extract<Decision, { kind: "send" }>;
}

export interface Refused {
  readonly kind: "refused";
  readonly decision: Extract<Decision, { kind: "refuse" }>;
}

export function decide(sealed: Sealed): Decided | Refused {
  const decision = decideByPolicy({ label: sealed.label, endpoint: sealed.endpoint });
  return decision.kind === "send" ? { ...sealed, decision } : { kind: "refused", decision };
}
