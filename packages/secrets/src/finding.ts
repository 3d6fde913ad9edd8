/** Every kind of secret. Each is two words, so that no placeholder reads like an identifier of ordinary code. */
export const SECRET_KINDS = [
  "aws-key",
  "aws-secret",
  "github-token",
  "gitlab-token",
  "npm-token",
  "pypi-token",
  "slack-token",
  "webhook-url",
  "stripe-key",
  "openai-key",
  "anthropic-key",
  "google-key",
  "azure-key",
  "hf-token",
  "aliyun-key",
  "aliyun-secret",
  "tencent-key",
  "tencent-secret",
  "model-key",
  "jwt-token",
  "private-key",
  "url-password",
  "auth-header",
  "named-secret",
  "cloud-key",
  "app-secret",
  "service-token",
  "bot-token",
  "session-cookie",
  "known-secret",
  "custom-rule",
  "unread-text",
  "resident-id",
  "mobile-number",
  "bank-card",
  "travel-document",
  "email-address",
] as const;

export type SecretKind = (typeof SECRET_KINDS)[number];

const PERSONAL_KINDS: ReadonlySet<SecretKind> = new Set<SecretKind>([
  "resident-id",
  "mobile-number",
  "bank-card",
  "travel-document",
  "email-address",
]);

/** True for what belongs to a person, false for what opens a door. */
export function isPersonal(kind: SecretKind): boolean {
  return PERSONAL_KINDS.has(kind);
}

/** A secret in a text: `start` inclusive, `end` exclusive, in UTF-16 code units. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly kind: SecretKind;
  /** What recognised it: stable, kebab-case. */
  readonly rule: string;
  /** `certain`: the value proves itself by its form. `likely`: only its surroundings say what it is. */
  readonly confidence: "certain" | "likely";
}

/**
 * A finding before overlaps are settled. `certain`: the value proves itself by its own form; otherwise only its
 * surroundings say that it is a secret, and its borders are a guess.
 */
export interface Candidate extends Omit<Finding, "confidence"> {
  readonly certain: boolean;
}
