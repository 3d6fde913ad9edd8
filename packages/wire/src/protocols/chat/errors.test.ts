import assert from "node:assert/strict";
import { test } from "node:test";
import { writeChatError } from "./errors.ts";

test("every cause has its status, its type and the code that clients act on", () => {
  const rows = (
    [
      "bad-request",
      "context-overflow",
      "too-large",
      "unauthenticated",
      "forbidden",
      "unknown-model",
      "rate-limited",
      "out-of-budget",
      "overloaded",
      "upstream",
      "unsupported",
    ] as const
  ).map((cause) => {
    const { status, headers, body } = writeChatError({ cause, message: "m", code: "ours" });
    const error = body["error"] as Record<string, unknown>;
    return [status, error["type"], error["code"], headers["x-should-retry"] ?? ""].join(" ");
  });
  assert.deepEqual(rows, [
    "400 invalid_request_error ours ",
    "400 invalid_request_error context_length_exceeded ",
    "413 invalid_request_error ours ",
    "401 invalid_request_error invalid_api_key false",
    "403 permission_denied ours ",
    "404 invalid_request_error model_not_found ",
    "429 rate_limit_error rate_limit_exceeded ",
    "429 insufficient_quota insufficient_quota false",
    "503 server_error ours ",
    "502 server_error ours ",
    "501 not_supported ours false",
  ]);
});

test("the rule and the next step stand in OpenAI's envelope, and waiting is in whole seconds, rounded up", () => {
  const { headers, body } = writeChatError({
    cause: "rate-limited",
    message: "too many requests",
    rule: "team-limit",
    next: "wait a little",
    retryAfterSeconds: 1.2,
  });
  assert.deepEqual(headers, { "retry-after": "2" });
  assert.deepEqual(body, {
    error: {
      message: "too many requests",
      type: "rate_limit_error",
      param: null,
      code: "rate_limit_exceeded",
      rule: "team-limit",
      next: "wait a little",
    },
  });
});
