import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy, type Label, type Policy } from "@cloister/policy";
import { clearancesOf } from "./clearance.ts";

const rules = [
  { match: "api.example.com:443", clearance: "public" },
  { match: "*.eu.example.com", clearance: "internal" },
  { match: "git.corp.example", clearance: "core" },
  { match: "loopback", clearance: "public" },
];

function policyOf(more: readonly object[] = []): Policy {
  const parsed = parsePolicy({
    version: 1,
    name: "house",
    endpoints: { rules: [...rules, ...more], unlisted: "as-configured" },
  });
  if (parsed.kind !== "policy") throw new Error(JSON.stringify(parsed));
  return parsed.policy;
}

/** Of a server that a person cleared for restricted content. */
function labelsOf(hosts: readonly string[], { policy = policyOf(), isConfined = true } = {}): Label[] {
  const cleared = clearancesOf(hosts, "restricted", { policy, isConfined });
  return [...new Set(cleared.map(({ label }) => label))].toSorted();
}

test("a policy's word on a host counts however the host is written where it is allowed", () => {
  for (const host of ["api.example.com:443", "API.example.com:443", "local:api.example.com:443"]) {
    assert.deepEqual(labelsOf([host]), ["public"], host);
  }
  // Without a port it may be reached at 80 too, of which the policy says nothing.
  assert.deepEqual(labelsOf(["api.example.com"]), ["public", "restricted"]);
  assert.deepEqual(labelsOf(["api.example.com:80"]), ["restricted"]);
  assert.deepEqual(labelsOf(["local:Git.corp.example"]), ["core"]);
  assert.deepEqual(labelsOf(["other.example"]), ["restricted"]);
  for (const host of ["localhost:5432", "127.0.0.1:80", "[::1]:8080"]) {
    assert.deepEqual(labelsOf([host]), ["public"], host);
  }
});

test("a star is as far cleared as each host that it may stand for", () => {
  assert.deepEqual(labelsOf(["*.example.com"]), ["public", "restricted"]);
  assert.deepEqual(labelsOf(["*.example.com:80"]), ["restricted"]);
  assert.deepEqual(labelsOf(["*.eu.example.com"]), ["internal"]);
  assert.deepEqual(labelsOf(["*.*.example.com:443"]), ["internal", "restricted"]);
  assert.deepEqual(labelsOf(["*.corp.example"]), ["core", "restricted"]);
  assert.deepEqual(
    labelsOf(["*.corp.example"], { policy: policyOf([{ match: "*", clearance: "public" }]) }),
    ["core", "public"],
  );
  // What no request can come to is not counted: an earlier rule speaks for all of them.
  const policy = policyOf([{ match: "a.eu.example.com", clearance: "public" }]);
  assert.deepEqual(labelsOf(["*.eu.example.com"], { policy }), ["internal"]);
});

test("without a cell a server reaches everything, and the person's own word counts beside that on its hosts", () => {
  assert.deepEqual(labelsOf(["git.corp.example"], { isConfined: false }), ["core", "restricted"]);
  assert.deepEqual(labelsOf([], { isConfined: false }), ["restricted"]);
});
