import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy, type Policy } from "./index.ts";

const whole = {
  version: 1,
  name: "chips",
  labels: {
    default: "internal",
    paths: [{ glob: "firmware/**", label: "core", compartments: ["chip-7"] }],
    fingerprints: ["/etc/cloister/chip-7.prints"],
    email: true,
  },
  endpoints: {
    unlisted: "refuse",
    rules: [
      {
        match: "llm.corp.example",
        clearance: "core",
        compartments: "all",
        retention: "none",
        training: false,
      },
      { match: "*.cloud.example", clearance: "public", retention: "30d" },
    ],
    require: [{ from: "restricted", training: false, retention: "none", jurisdictions: ["CN"] }],
  },
  bans: [{ client: "claude-*", versions: ">=2.1 <3", from: "2026-07-10", instead: "cloister" }],
  tools: [{ tool: "Bash", match: "curl *", decision: "deny", reason: "no curl" }],
  effects: { egress: { trusted: "allow", untrusted: "deny" }, persistent: "deny" },
  code: { "new-host": "deny" },
  settings: { "cell.tier": { mandatory: "bubblewrap" }, "cell.allow": { extendable: ["a.example"] } },
};

function policyOf(value: unknown): Policy {
  const parsed = parsePolicy(value);
  assert.equal(parsed.kind, "policy", JSON.stringify(parsed));
  assert.ok(parsed.kind === "policy");
  return parsed.policy;
}

test("a whole policy is read, and every rule knows its place", () => {
  const parsed = parsePolicy(whole, (path) => path.length);
  assert.ok(parsed.kind === "policy");
  const { policy } = parsed;
  assert.deepEqual(policy.bans[0]?.source, { rule: "bans[0]", line: 2 });
  assert.equal(policy.endpoints.rules[0]?.retentionDays, 0);
  assert.equal(policy.endpoints.rules[1]?.retentionDays, 30);
  assert.equal(policy.endpoints.rules[0]?.clearance.compartments, "all");
  assert.equal(policy.effects.persistent.untrusted, "deny");
  assert.equal(policy.effects.privileged.trusted, "deny", "what is not named stays as built in");
  assert.deepEqual([policy.code["new-host"].trusted, policy.code["new-host"].untrusted], ["deny", "deny"]);
});

test("the least policy is its version", () => {
  assert.equal(policyOf({ version: 1 }).labels.default, "internal");
});

const faults: readonly (readonly [string, unknown, string])[] = [
  ["no version", {}, "version"],
  ["another version", { version: 2 }, "version"],
  ["a field that is none", { version: 1, ban: [] }, "ban"],
  ["a label that is none", { version: 1, labels: { default: "secret" } }, "labels.default"],
  [
    "a path rule without a label",
    { version: 1, labels: { paths: [{ glob: "a" }] } },
    "labels.paths[0].label",
  ],
  [
    "a path rule without a pattern",
    { version: 1, labels: { paths: [{ label: "core" }] } },
    "labels.paths[0].glob",
  ],
  ["a day that is none", { version: 1, bans: [{ client: "x", from: "2026-02-30" }] }, "bans[0].from"],
  ["a range that is none", { version: 1, bans: [{ client: "x", versions: "new" }] }, "bans[0].versions"],
  ["a ban of nobody", { version: 1, bans: [{}] }, "bans[0].client"],
  [
    "an endpoint that is a URL",
    { version: 1, endpoints: { rules: [{ match: "http://x/", clearance: "core" }] } },
    "endpoints.rules[0].match",
  ],
  [
    "a retention without a unit",
    { version: 1, endpoints: { rules: [{ match: "x", clearance: "core", retention: 30 }] } },
    "endpoints.rules[0].retention",
  ],
  [
    "a decision that is none",
    { version: 1, tools: [{ tool: "Bash", decision: "maybe" }] },
    "tools[0].decision",
  ],
  [
    "a setting of two modes",
    { version: 1, settings: { hooks: { mandatory: true, default: false } } },
    "settings.hooks",
  ],
  ["a setting of another type", { version: 1, settings: { hooks: { mandatory: "no" } } }, "settings.hooks"],
  ["an extendable text", { version: 1, settings: { model: { extendable: "a" } } }, "settings.model"],
  ["a setting that is none", { version: 1, settings: { colour: { default: "red" } } }, "settings.colour"],
  ["a list instead of rules", [], ""],
  ["a text", "version: 1", ""],
];

for (const [name, value, path] of faults) {
  test(`${name} makes the file invalid, and the fault names ${path === "" ? "the file" : path}`, () => {
    const parsed = parsePolicy(value, () => 7);
    assert.ok(parsed.kind === "problems");
    const found = parsed.problems.find((problem) => problem.path === path);
    assert.ok(found !== undefined, JSON.stringify(parsed.problems));
    assert.equal(found.line, 7);
  });
}

test("all faults are told at once", () => {
  const parsed = parsePolicy({
    version: 1,
    bans: [{}, { client: "x", until: "soon" }],
    effects: { egress: "never" },
  });
  assert.ok(parsed.kind === "problems");
  assert.equal(parsed.problems.length, 3);
});
