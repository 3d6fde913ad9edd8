/** Programs that a person, or a project that they trust, set beside the questions: hooks, as the keeper asks them itself. */
import type { JsonObject } from "@cloister/base";
import type { CallDecision } from "@cloister/policy";
import { innerCallOf, type RawCall } from "@cloister/wire";
import type { Permission } from "./permission.ts";

export interface ConsultedCall {
  readonly id: string;
  /** Of the tool that is meant, as an agent's own hooks know it. Sealed. */
  readonly name: string;
  readonly args: JsonObject;
  /** Whether a "yes" would spare a question; where it would not, only those need asking who may say "no". */
  readonly isSparable: boolean;
}

export type Opinion =
  | { readonly kind: "nothing" }
  /** `by`: for the record. */
  | { readonly kind: "allow" | "deny"; readonly by: string; readonly why: string };

/** Rejects only when the signal is aborted, or with what the ledger throws. */
export type Consult = (call: ConsultedCall, signal: AbortSignal) => Promise<Opinion>;

/**
 * Whether a program's "yes" answers the question: one that nobody's rule and no policy asked, only the habit of asking
 * about all that no rule allows. What an edit plants was seen by no program.
 */
export function isSparable(
  { permission, byPolicy }: { readonly permission: Permission; readonly byPolicy: CallDecision },
  hasFindings: boolean,
): boolean {
  return byPolicy.verdict === "allow" && permission.isUnruled && !hasFindings;
}

export function toConsulted(call: RawCall, args: JsonObject, sparable: boolean): ConsultedCall {
  return {
    id: call.id,
    ...(innerCallOf(call.name, args) ?? { name: call.name, args }),
    isSparable: sparable,
  };
}
