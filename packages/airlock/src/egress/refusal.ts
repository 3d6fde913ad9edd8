/** Why a connection was not made, as a value: for the client's answer and for the ledger. */
export interface EgressRefusal {
  readonly kind: "refused";
  /** Of the HTTP answer (RFC 9110). */
  readonly status: 400 | 403 | 407 | 429 | 502 | 503;
  readonly rule: string;
  readonly why: string;
  readonly next: string;
}

export function refusalText({ why, rule, next }: EgressRefusal): string {
  return `Cloister: ${why}\nrule: ${rule}\nnext: ${next}\n`;
}

export const unidentified: EgressRefusal = {
  kind: "refused",
  status: 407,
  rule: "egress-identified",
  why: "the request does not say which command it comes from",
  next: "use the proxy as HTTPS_PROXY and HTTP_PROXY give it, with its user and password",
};

export const malformed: EgressRefusal = {
  kind: "refused",
  status: 400,
  rule: "egress-grammar",
  why: "the request names no host and port that can be compared with a rule",
  next: "ask for HOST:PORT in plain letters, digits, dots and hyphens; international names in their xn-- form",
};
