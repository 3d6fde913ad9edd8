import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import type { DoorError } from "../protocol.ts";
import { writeMessagesError } from "./errors.ts";

test("3.7: every cause has its status and type, in the protocol's own envelope", () => {
  const expected: Record<DoorError["cause"], [number, string]> = {
    "bad-request": [400, "invalid_request_error"],
    "context-overflow": [400, "invalid_request_error"],
    "too-large": [413, "request_too_large"],
    unauthenticated: [401, "authentication_error"],
    forbidden: [403, "permission_error"],
    "unknown-model": [404, "not_found_error"],
    "rate-limited": [429, "rate_limit_error"],
    "out-of-budget": [429, "billing_error"],
    overloaded: [529, "overloaded_error"],
    upstream: [502, "api_error"],
    unsupported: [501, "not_supported"],
  };
  for (const [cause, [status, type]] of Object.entries(expected)) {
    const written = write({ cause: cause as DoorError["cause"], message: "No." });
    assert.deepEqual([written.status, written.error["type"], written.body["type"]], [status, type, "error"]);
  }
});

test("an overflow begins with the words that clients compact on, once", () => {
  for (const message of ["210000 tokens, 200000 at most", "prompt is too long: 210000 tokens"]) {
    const { error } = write({ cause: "context-overflow", message });
    assert.match(error["message"] as string, /^prompt is too long: 210000 tokens(?!.*prompt is too long)/);
  }
});

test("clients are told not to ask again where it would not help, and when to where it would", () => {
  const final = (["unauthenticated", "out-of-budget", "unsupported"] as const).map(
    (cause) => write({ cause, message: "No." }).headers["x-should-retry"],
  );
  assert.deepEqual(final, ["false", "false", "false"]);
  const later = write({ cause: "rate-limited", message: "No.", retryAfterSeconds: 1.2 });
  assert.deepEqual(later.headers, { "retry-after": "2" });
  const budget = write({ cause: "out-of-budget", message: "No." });
  assert.equal(budget.headers["anthropic-ratelimit-unified-status"], "rejected");
});

test("the message names the rule and the next step, for clients show nothing else", () => {
  const { error } = write({
    cause: "forbidden",
    message: "this code may not leave the house.",
    code: "no-cleared-model",
    rule: "core-stays",
    next: "ask for a model with clearance core",
  });
  assert.deepEqual(error, {
    type: "permission_error",
    message: "this code may not leave the house (rule core-stays). Next: ask for a model with clearance core",
    code: "no-cleared-model",
    rule: "core-stays",
    next: "ask for a model with clearance core",
  });
});

function write(error: DoorError): ReturnType<typeof writeMessagesError> & { error: Record<string, unknown> } {
  const written = writeMessagesError(error);
  const inner = written.body["error"];
  assert.ok(isRecord(inner));
  return { ...written, error: inner };
}
