import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { decideEgress, parseEgressRules } from "./rules.ts";
import { parseTarget } from "./target.ts";

function isAllowed(entries: readonly string[], asked: string): boolean {
  return decideEgress(parseTarget(asked) ?? assert.fail(asked), parseEgressRules(entries)).kind === "allow";
}

test("an empty list allows nothing", () => {
  assert.equal(isAllowed([], "example.com:443"), false);
});

test("a host alone means the two ports of the web, and a port means that one", () => {
  assert.equal(isAllowed(["example.com"], "example.com:443"), true);
  assert.equal(isAllowed(["example.com"], "EXAMPLE.com.:80"), true);
  assert.equal(isAllowed(["example.com"], "example.com:22"), false);
  assert.equal(isAllowed(["example.com:8443"], "example.com:8443"), true);
  assert.equal(isAllowed(["example.com:8443"], "example.com:443"), false);
});

test("a name is not its neighbours", () => {
  for (const asked of ["example.com.evil.test:443", "aexample.com:443", "www.example.com:443", "com:443"]) {
    assert.equal(isAllowed(["example.com"], asked), false, asked);
  }
});

test("a star is one label", () => {
  assert.equal(isAllowed(["*.example.com"], "a.example.com:443"), true);
  assert.equal(isAllowed(["*.example.com"], "a.b.example.com:443"), false);
  assert.equal(isAllowed(["*.example.com"], "example.com:443"), false);
  assert.equal(isAllowed(["*.*.example.com"], "a.b.example.com:443"), true);
  assert.equal(isAllowed(["*.example.com:8443"], "a.example.com:443"), false);
});

test("a refusal names the rule and what a person could do", () => {
  const decision = decideEgress({ host: "evil.test", port: 443 }, []);
  assert.ok(decision.kind === "refuse");
  assert.equal(decision.rule, "egress-not-listed");
  assert.match(decision.next, /cell\.allow.*evil\.test:443/);
});

test("only what a person wrote down leads to this machine", () => {
  const reachOf = (entry: string): string | undefined => parseEgressRules([entry])[0]?.reach;
  assert.equal(reachOf("registry.corp.example"), "public");
  assert.equal(reachOf("local:registry.corp.example"), "local");
  assert.equal(reachOf("localhost:4873"), "local");
  assert.equal(reachOf("127.0.0.1:4873"), "exact");
  assert.equal(reachOf("[::1]:4873"), "exact");
});

test("an entry that would allow more than it shows is refused", () => {
  const entries = [
    "*",
    "*:443",
    "*.com",
    "*.*",
    "a*.example.com",
    "foo.*",
    "https://a.example",
    "a.example/",
    "",
  ];
  for (const entry of [
    ...entries,
    "a.example:0",
    "user@a.example",
    "127.1",
    "0x7f.0.0.1:80",
    "local:",
    "::1",
  ]) {
    assert.throws(
      () => parseEgressRules([entry]),
      (error) => error instanceof CloisterError && error.code === "bad-allow-entry",
      JSON.stringify(entry),
    );
  }
});
