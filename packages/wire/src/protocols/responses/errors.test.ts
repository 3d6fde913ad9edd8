import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { DoorError } from "../protocol.ts";
import { withoutPlaces, writeError } from "./errors.ts";

test("3.7: every cause has its status and the code that clients know", () => {
  const wanted: Record<DoorError["cause"], readonly [number, string | null]> = {
    "bad-request": [400, null],
    "context-overflow": [400, "context_length_exceeded"],
    "too-large": [413, null],
    unauthenticated: [401, "invalid_api_key"],
    forbidden: [400, "permission_denied"],
    "unknown-model": [404, "model_not_found"],
    "rate-limited": [429, "rate_limit_exceeded"],
    "out-of-budget": [429, "insufficient_quota"],
    overloaded: [503, "server_error"],
    upstream: [502, "server_error"],
    unsupported: [501, null],
  };
  for (const [cause, [status, code]] of Object.entries(wanted)) {
    const answer = writeError({ cause: cause as DoorError["cause"], message: "m" });
    assert.deepEqual([answer.status, errorOf(answer)["code"]], [status, code], cause);
    assert.equal(errorOf(answer)["param"], null);
  }
});

test("the message holds the rule and the next step, and our code where the protocol has none", () => {
  const answer = writeError({
    cause: "bad-request",
    code: "no-cleared-target",
    message: "refused",
    rule: "core-stays-home",
    next: "ask for clearance",
  });
  assert.deepEqual(errorOf(answer), {
    message: "refused\nrule: core-stays-home\nnext: ask for clearance",
    type: "invalid_request_error",
    param: null,
    code: "no-cleared-target",
  });
});

test("when to come back is told in whole seconds, and when not to, too", () => {
  const limited = writeError({ cause: "rate-limited", message: "m", retryAfterSeconds: 1.2 });
  assert.deepEqual(limited.headers, { "retry-after": "2" });
  assert.equal(writeError({ cause: "out-of-budget", message: "m" }).headers["x-should-retry"], "false");
});

test("no address, host or key of an upstream gets into a message", () => {
  const secret = ["sk", "abcdef123456"].join("-");
  for (const place of [
    "https://gpu7.corp.test/v1/x?key=1",
    "10.0.0.7:8000",
    "10.0.0.7",
    "[fd00::1]:8000",
    "gpu7.corp.test:80",
    "vllm-0:8000",
    secret,
    `Bearer ${secret}`,
  ]) {
    const { message } = errorOf(writeError({ cause: "upstream", message: `could not reach ${place} now` }));
    assert.match(message as string, /^could not reach \((address|key)\) now$/, place);
  }
  assert.ok(!withoutPlaces("getaddrinfo ENOTFOUND gpu7.corp.test").includes("corp"));
  const words = "the prompt has 9019 tokens, the limit is 2048: try 12:30 at line 3:4";
  assert.equal(withoutPlaces(words), words);
});

test("a message without end is cut before it is searched", () => {
  assert.equal(withoutPlaces("x".repeat(100_000)).length, 4096);
});

function errorOf(answer: { readonly body: JsonObject }): JsonObject {
  return answer.body["error"] as JsonObject;
}
