/** Errors in the envelope of the Responses API, before and inside a stream. */
import type { JsonObject } from "@cloister/base";
import type { DoorError } from "../protocol.ts";

const MESSAGE_CHARS_MAX = 4096;

interface Words {
  readonly status: number;
  readonly type: string;
  /** null: ours, if there is one. */
  readonly code: string | null;
  /** Asking again would change nothing. */
  readonly isFinal?: true;
}

/**
 * A refusal by policy is 400 here: the client that speaks this protocol repeats a request five times after a 403 and
 * then hides the reason, whereas it shows the message of a 400 at once. It does not know 529 either.
 */
const WORDS: Readonly<Record<DoorError["cause"], Words>> = {
  "bad-request": { status: 400, type: "invalid_request_error", code: null },
  "context-overflow": { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  "too-large": { status: 413, type: "invalid_request_error", code: null },
  unauthenticated: { status: 401, type: "invalid_request_error", code: "invalid_api_key", isFinal: true },
  forbidden: { status: 400, type: "invalid_request_error", code: "permission_denied", isFinal: true },
  "unknown-model": { status: 404, type: "invalid_request_error", code: "model_not_found" },
  "rate-limited": { status: 429, type: "rate_limit_exceeded", code: "rate_limit_exceeded" },
  "out-of-budget": { status: 429, type: "insufficient_quota", code: "insufficient_quota", isFinal: true },
  overloaded: { status: 503, type: "server_error", code: "server_error" },
  upstream: { status: 502, type: "server_error", code: "server_error" },
  unsupported: { status: 501, type: "invalid_request_error", code: null, isFinal: true },
};

export function writeError(error: DoorError): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
} {
  const { status, type, code, isFinal } = WORDS[error.cause];
  const headers: Record<string, string> = {};
  if (error.retryAfterSeconds !== undefined) {
    headers["retry-after"] = String(Math.max(0, Math.ceil(error.retryAfterSeconds)));
  }
  if (isFinal === true) headers["x-should-retry"] = "false";
  // Only what comes from upstream can name it; our own messages may well name a page to read.
  const isForeign = error.cause === "upstream" || error.cause === "overloaded";
  const lines = [isForeign ? withoutPlaces(error.message) : error.message];
  if (error.rule !== undefined) lines.push(`rule: ${error.rule}`);
  if (error.next !== undefined) lines.push(`next: ${error.next}`);
  return {
    status,
    headers,
    body: { error: { message: lines.join("\n"), type, param: null, code: code ?? error.code ?? null } },
  };
}

/** The `error` of a response that failed on the way. Clients know few codes; the rest is a server error (R6). */
export function writeFailure(failure: { readonly code: string; readonly message: string }): JsonObject {
  const known = Object.hasOwn(WORDS, failure.code) ? WORDS[failure.code as DoorError["cause"]] : undefined;
  return { code: known?.code ?? "server_error", message: withoutPlaces(failure.message) };
}

/** Addresses, hosts with a port and keys, as servers and sockets put them into their messages. */
export function withoutPlaces(message: string): string {
  return message
    .slice(0, MESSAGE_CHARS_MAX)
    .replaceAll(/\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>]+/gi, "(address)")
    .replaceAll(/\[[0-9a-f]{0,4}:[0-9a-f:.]{0,45}\](:\d{1,5})?/gi, "(address)")
    .replaceAll(/\b\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?\b/g, "(address)")
    .replaceAll(/(\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT)) \S+/g, "$1 (address)")
    .replaceAll(/\b[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}:\d{2,5}\b/gi, "(address)")
    .replaceAll(/\b[a-z0-9-]{1,63}:\d{4,5}\b/gi, "(address)")
    .replaceAll(/\b(Bearer\s+|sk-)[\w.~+/-]{6,}=*/gi, "(key)");
}
