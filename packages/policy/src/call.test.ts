import assert from "node:assert/strict";
import { test } from "node:test";
import { bindSetting, builtInPolicy, decideCall, parsePolicy, type CallFacts, type Policy } from "./index.ts";

function policyOf(value: Record<string, unknown>): Policy {
  const parsed = parsePolicy({ version: 1, ...value });
  assert.ok(parsed.kind === "policy", JSON.stringify(parsed));
  return parsed.policy;
}

function call(some: Partial<CallFacts>): CallFacts {
  return { tool: "Bash", text: "make", effect: "contained", integrity: "workspace", ...some };
}

test("what denies wins over what asks, and that over what allows, in whatever order they stand", () => {
  const rules = [
    { tool: "Bash", match: "git *", decision: "allow" },
    { tool: "Bash", match: "git push*", decision: "ask" },
    { tool: "*", match: "*--force*", decision: "deny", reason: "no force" },
  ];
  for (const tools of [rules, rules.toReversed()]) {
    const policy = policyOf({ tools });
    assert.equal(decideCall(policy, call({ text: "git log" })).verdict, "allow");
    assert.equal(decideCall(policy, call({ text: "git push" })).verdict, "ask");
    assert.equal(decideCall(policy, call({ text: "git push --force" })).verdict, "deny");
  }
});

test("an effect is allowed or not by what is in the context", () => {
  const policy = policyOf({ effects: { egress: { trusted: "allow", untrusted: "ask" } } });
  assert.equal(decideCall(policy, call({ effect: "egress" })).verdict, "allow");
  const asked = decideCall(policy, call({ effect: "egress", integrity: "untrusted" }));
  assert.equal(asked.verdict, "ask");
  assert.match(asked.reason ?? "", /after something untrusted was read/);
});

test("no rule on tools allows what an effect denies", () => {
  const policy = policyOf({ tools: [{ tool: "*", decision: "allow" }] });
  assert.equal(decideCall(policy, call({ effect: "privileged" })).verdict, "deny");
  assert.equal(decideCall(policy, call({ effect: "persistent" })).verdict, "allow");
});

test("a rule can hold only while less trusted text is in the context", () => {
  const policy = policyOf({ tools: [{ tool: "WebFetch", decision: "deny", below: "workspace" }] });
  assert.equal(decideCall(policy, call({ tool: "WebFetch" })).verdict, "allow");
  assert.equal(decideCall(policy, call({ tool: "WebFetch", integrity: "third-party" })).verdict, "deny");
});

test("a mandatory setting replaces what was asked for, a default gives way, a list is added to", () => {
  const policy = policyOf({
    settings: {
      "cell.tier": { mandatory: "bubblewrap" },
      model: { default: "house" },
      "cell.allow": { extendable: ["a.example"] },
      "mcp.servers": { mandatory: [] },
    },
  });
  assert.deepEqual(
    ["cell.tier", "model", "cell.allow", "mcp.servers", "endpoint"]
      .map((name) =>
        bindSetting(
          policy,
          name,
          { "cell.tier": "none", "cell.allow": ["b.example"], "mcp.servers": ["x"], endpoint: "e" }[name],
        ),
      )
      .map(({ value, overruled }) => [value, overruled]),
    [
      ["bubblewrap", true],
      ["house", false],
      [["a.example", "b.example"], false],
      [[], true],
      ["e", false],
    ],
  );
});

test("what can reach nothing is not asked about for what was read, and a rule of the house asks all the same", () => {
  const facts = call({ tool: "mcp__db__query", integrity: "untrusted", effect: "contained" });
  assert.equal(decideCall(builtInPolicy, facts).verdict, "ask");
  assert.equal(decideCall(builtInPolicy, { ...facts, isConfined: true }).verdict, "allow");
  const policy = policyOf({ tools: [{ tool: "mcp__db__*", decision: "ask" }] });
  assert.equal(decideCall(policy, { ...facts, isConfined: true }).verdict, "ask");
});
