/** Why a page was not fetched, as a value: for the model, and for the ledger. */
export interface WebRefusal {
  readonly kind: "refused";
  readonly rule: string;
  readonly why: string;
  readonly next: string;
}

export function refuse(rule: string, said: { readonly why: string; readonly next: string }): WebRefusal {
  return { kind: "refused", rule, ...said };
}
