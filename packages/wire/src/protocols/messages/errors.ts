/** Errors in the envelope of Anthropic Messages (API reference, "Errors"), and back from upstreams. */
import { CloisterError, isRecord, messageOf, type JsonObject } from "@cloister/base";
import { errorText } from "../../chat.ts";
import type { TurnEvent } from "../../turn.ts";
import type { DoorError, Protocol } from "../protocol.ts";

type Failed = Extract<TurnEvent, { kind: "failed" }>;

interface Words {
  readonly status: number;
  readonly type: string;
  /** The client would ask again for minutes, and the answer would not change. */
  readonly isFinal?: true;
}

const WORDS: Readonly<Record<DoorError["cause"], Words>> = {
  "bad-request": { status: 400, type: "invalid_request_error" },
  "context-overflow": { status: 400, type: "invalid_request_error" },
  "too-large": { status: 413, type: "request_too_large" },
  unauthenticated: { status: 401, type: "authentication_error", isFinal: true },
  forbidden: { status: 403, type: "permission_error" },
  "unknown-model": { status: 404, type: "not_found_error" },
  "rate-limited": { status: 429, type: "rate_limit_error" },
  "out-of-budget": { status: 429, type: "billing_error", isFinal: true },
  overloaded: { status: 529, type: "overloaded_error" },
  upstream: { status: 502, type: "api_error" },
  unsupported: { status: 501, type: "not_supported", isFinal: true },
};

/** Clients start their compaction when a message begins with these words. */
const OVERFLOW_PREFIX = "prompt is too long";

export function writeMessagesError(error: DoorError): ReturnType<Protocol["writeError"]> {
  const { status, type, isFinal } = WORDS[error.cause];
  const headers: Record<string, string> = {};
  if (error.retryAfterSeconds !== undefined) {
    headers["retry-after"] = String(Math.max(0, Math.ceil(error.retryAfterSeconds)));
  }
  if (isFinal === true) headers["x-should-retry"] = "false";
  if (error.cause === "out-of-budget") headers["anthropic-ratelimit-unified-status"] = "rejected";

  return {
    status,
    headers,
    body: {
      type: "error",
      error: {
        type,
        message: messageOfDoor(error),
        ...(error.code !== undefined && { code: error.code }),
        ...(error.rule !== undefined && { rule: error.rule }),
        ...(error.next !== undefined && { next: error.next }),
      },
    },
  };
}

export function errorEnvelope(type: string, message: string): JsonObject & { readonly type: "error" } {
  return { type: "error", error: { type, message } };
}

/** The rule and the next step go into the message: the clients of this protocol show nothing else. */
function messageOfDoor(error: DoorError): string {
  const isMarked = error.cause !== "context-overflow" || error.message.startsWith(OVERFLOW_PREFIX);
  const message = `${isMarked ? "" : `${OVERFLOW_PREFIX}: `}${error.message}`;
  if (error.rule === undefined && error.next === undefined) return message;
  const rule = error.rule === undefined ? "" : ` (rule ${error.rule})`;
  const next = error.next === undefined ? "" : ` Next: ${error.next}`;
  return `${message.replace(/\.$/, "")}${rule}.${next}`;
}

/** What an upstream's failure is called inside a stream. */
export function failedEnvelope(failed: Failed): ReturnType<typeof errorEnvelope> {
  return errorEnvelope(typeOfStatus(failed.status), withoutAddresses(failed.message));
}

function typeOfStatus(status: number | undefined): string {
  if (status === 429) return "rate_limit_error";
  return status === 503 || status === 529 ? "overloaded_error" : "api_error";
}

/** A failed connection names the host and port it was for: those stay inside. */
function withoutAddresses(message: string): string {
  return message
    .replace(/\bhttps?:\/\/[^\s"']+/gi, "[address]")
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "[address]")
    .replace(/\[?(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\]?(?::\d+)?/gi, "[address]")
    .replace(/\b[a-z0-9-]+(?:\.[a-z0-9-]+)*:\d{2,5}\b/gi, "[address]")
    .replace(/\b(ENOTFOUND|EAI_AGAIN) \S+/g, "$1 [address]");
}

const STATUS_OF_TYPE: ReadonlyMap<unknown, number> = new Map(
  [...Object.values(WORDS), { status: 429, type: "billing_error" }, { status: 500, type: "api_error" }].map(
    ({ type, status }) => [type, status],
  ),
);

/** Their own envelope, or OpenAI's: several servers answer this route in the shape of another. */
export function parseFailure(value: unknown): Failed | undefined {
  const message = errorText(value);
  if (message === undefined || !isRecord(value)) return undefined;
  const error = isRecord(value["error"]) ? value["error"] : value;
  const status = STATUS_OF_TYPE.get(error["type"]) ?? error["code"];
  return {
    kind: "failed",
    code: "upstream-error",
    message,
    ...(typeof status === "number" && status >= 400 && status < 600 && { status }),
  };
}

/** The cause in words, or what was thrown: then by its own code, where it has one. */
export function broken(cause: unknown): Failed {
  const code = cause instanceof CloisterError ? cause.code : "upstream-broken";
  return { kind: "failed", code, message: messageOf(cause) };
}
