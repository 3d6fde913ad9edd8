import type { JsonObject } from "@cloister/base";
import type { DoorError, Protocol } from "../protocol.ts";
import { withoutUndefined } from "./format.ts";

interface Wording {
  readonly status: number;
  readonly type: string;
  /** Clients act on it, so it stands in the place of a code of ours. */
  readonly code?: string;
  /** Asking again would not help. Without this clients ask on for minutes. */
  readonly isFinal?: boolean;
}

const wordings: Readonly<Record<DoorError["cause"], Wording>> = {
  "bad-request": { status: 400, type: "invalid_request_error" },
  "context-overflow": { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  "too-large": { status: 413, type: "invalid_request_error" },
  unauthenticated: { status: 401, type: "invalid_request_error", code: "invalid_api_key", isFinal: true },
  forbidden: { status: 403, type: "permission_denied" },
  "unknown-model": { status: 404, type: "invalid_request_error", code: "model_not_found" },
  "rate-limited": { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  "out-of-budget": { status: 429, type: "insufficient_quota", code: "insufficient_quota", isFinal: true },
  overloaded: { status: 503, type: "server_error" },
  upstream: { status: 502, type: "server_error" },
  unsupported: { status: 501, type: "not_supported", isFinal: true },
};

/** OpenAI's envelope, with the rule and the next step beside its own fields. Says nothing but what it is given. */
export function writeChatError(error: DoorError): ReturnType<Protocol["writeError"]> {
  const { status, type, code, isFinal = false } = wordings[error.cause];
  const { message, rule, next, retryAfterSeconds: seconds } = error;
  const body: JsonObject = {
    error: withoutUndefined({ message, type, param: null, code: code ?? error.code ?? null, rule, next }),
  };
  const headers = {
    // Whole seconds (RFC 9110, section 10.2.3), and never too early.
    ...(seconds === undefined ? {} : { "retry-after": String(Math.max(0, Math.ceil(seconds))) }),
    ...(isFinal ? { "x-should-retry": "false" } : {}),
  };
  return { status, headers, body };
}
