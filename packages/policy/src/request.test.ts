import assert from "node:assert/strict";
import { test } from "node:test";
import {
  classify,
  decideRequest,
  labels,
  parsePolicy,
  type Clearance,
  type EndpointFacts,
  type Policy,
  type RequestFacts,
} from "./index.ts";

const all: Clearance["compartments"] = "all";
const local: EndpointFacts = {
  id: "local",
  address: "127.0.0.1:8080",
  isLoopback: true,
  clearance: { label: "core", compartments: all },
};
const cloud: EndpointFacts = {
  id: "cloud",
  address: "api.cloud.example:443",
  isLoopback: false,
  clearance: { label: "core", compartments: all },
};
const june = Date.parse("2026-06-01T00:00:00Z");
const july = Date.parse("2026-07-10T00:00:00Z");

function policyOf(value: Record<string, unknown>): Policy {
  const parsed = parsePolicy({ version: 1, ...value });
  assert.ok(parsed.kind === "policy", JSON.stringify(parsed));
  return parsed.policy;
}

function facts(some: Partial<RequestFacts>): RequestFacts {
  const client = { name: "cloister", version: "0.1.0", evidence: "started" } as const;
  return {
    client,
    now: june,
    classification: classify("internal"),
    endpoint: local,
    alternatives: [],
    ...some,
  };
}

test("for every label and clearance: above it is refused, at or below it is sent", () => {
  for (const [height, label] of labels.entries()) {
    for (const [limit, clearance] of labels.entries()) {
      const policy = policyOf({ endpoints: { rules: [{ match: "*", clearance }] } });
      const decision = decideRequest(policy, facts({ classification: classify(label) }));
      assert.equal(decision.kind, height <= limit ? "send" : "refuse", `${label} to ${clearance}`);
      assert.equal(decision.source.rule, "endpoints.rules[0]");
    }
  }
});

test("a compartment that the endpoint is not cleared for is refused, whatever the label", () => {
  const policy = policyOf({
    endpoints: { rules: [{ match: "loopback", clearance: "core", compartments: ["chip-7"] }] },
  });
  assert.equal(decideRequest(policy, facts({ classification: classify("public", ["chip-7"]) })).kind, "send");
  assert.equal(
    decideRequest(policy, facts({ classification: classify("public", ["chip-7", "chip-8"]) })).kind,
    "refuse",
  );
});

test("the policy's rule counts for an endpoint, not what its user said of it", () => {
  const policy = policyOf({ endpoints: { rules: [{ match: "*.cloud.example", clearance: "public" }] } });
  assert.equal(decideRequest(policy, facts({ endpoint: cloud })).kind, "refuse");
});

test("a suffix counts from dot to dot", () => {
  const policy = policyOf({
    endpoints: { unlisted: "refuse", rules: [{ match: "*.cloud.example", clearance: "core" }] },
  });
  const at = (address: string): string =>
    decideRequest(policy, facts({ endpoint: { ...cloud, address } })).kind;
  assert.equal(at("api.cloud.example:443"), "send");
  assert.equal(at("evilcloud.example:443"), "refuse");
  assert.equal(at("cloud.example:443"), "refuse");
  assert.equal(at("cloud.example.evil.test:443"), "refuse");
});

test("an endpoint that no rule names: loopback only, unless the policy says otherwise", () => {
  assert.equal(decideRequest(policyOf({}), facts({})).kind, "send");
  assert.equal(decideRequest(policyOf({}), facts({ endpoint: cloud })).kind, "refuse");
  assert.equal(decideRequest(policyOf({ endpoints: { unlisted: "refuse" } }), facts({})).kind, "refuse");
});

test("what is not cleared goes to an endpoint that is, never to one that is not", () => {
  const policy = policyOf({
    endpoints: {
      rules: [
        { match: "*.cloud.example", clearance: "public" },
        { match: "loopback", clearance: "core" },
      ],
    },
  });
  const second = { ...cloud, id: "second", address: "b.cloud.example:443" };
  const decision = decideRequest(policy, facts({ endpoint: cloud, alternatives: [second, local] }));
  assert.ok(decision.kind === "reroute");
  assert.equal(decision.to, "local");
  assert.equal(decideRequest(policy, facts({ endpoint: cloud, alternatives: [second] })).kind, "refuse");
});

test("requirements on training, retention and jurisdiction hold from their label on, and what nobody said counts as no", () => {
  const requirement = { from: "restricted", training: false, retention: "none", jurisdictions: ["CN"] };
  const good = {
    match: "loopback",
    clearance: "core",
    training: false,
    retention: "none",
    jurisdiction: "CN",
  };
  const decide = (rule: object, label: "internal" | "restricted"): string =>
    decideRequest(
      policyOf({ endpoints: { rules: [rule], require: [requirement] } }),
      facts({ classification: classify(label) }),
    ).kind;
  assert.equal(decide(good, "restricted"), "send");
  for (const [name, value] of [
    ["training", true],
    ["training", undefined],
    ["retention", "30d"],
    ["retention", undefined],
    ["jurisdiction", "US"],
    ["jurisdiction", undefined],
  ] as const) {
    assert.equal(decide({ ...good, [name]: value }, "restricted"), "refuse", `${name} ${String(value)}`);
    assert.equal(decide({ ...good, [name]: value }, "internal"), "send");
  }
});

test("a ban holds from its day on, for the versions it names, and says what to use instead", () => {
  const policy = policyOf({
    bans: [
      {
        client: "claude-*",
        versions: ">=2.1 <3",
        from: "2026-07-10",
        message: "marks requests",
        instead: "cloister",
      },
    ],
  });
  const decide = (version: string, now: number): ReturnType<typeof decideRequest> =>
    decideRequest(policy, facts({ client: { name: "Claude-CLI", version, evidence: "claimed" }, now }));
  assert.equal(decide("2.1.196", july - 1).kind, "send");
  const banned = decide("2.1.196", july);
  assert.ok(banned.kind === "refuse");
  assert.match(banned.why, /not allowed here since 2026-07-10: marks requests/);
  assert.equal(banned.next, "use cloister");
  assert.equal(decide("2.0.9", july).kind, "send");
  assert.equal(decide("3.0.0", july).kind, "send");
  assert.equal(decide("", july).kind, "refuse", "who does not tell the version is in every range");
});
