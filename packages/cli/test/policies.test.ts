/** The ready-made policies, each by what it answers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CallText, EndpointFacts, Policy } from "@cloister/policy";
import { explain, type Question } from "../src/policy/explain.ts";
import { readPolicyText } from "../src/policy/read-policy.ts";

const folder = join(import.meta.dirname, "..", "policies");
const now = Date.parse("2026-11-21T00:00:00Z");
const june = Date.parse("2026-06-01T00:00:00Z");

function ready(name: string): Promise<Policy> {
  return readPolicyText(readFileSync(join(folder, `${name}.yaml`), "utf8"), `${name}.yaml`);
}

function endpoint(address: string): EndpointFacts {
  const isLoopback = address.startsWith("127.");
  const clearance = { label: isLoopback ? "core" : "public", compartments: "all" } as const;
  return { id: address, address, isLoopback, clearance };
}

interface Golden {
  readonly policy: string;
  readonly path?: string;
  readonly client?: string;
  readonly address?: string;
  readonly day?: number;
  readonly call?: CallText;
  readonly untrusted?: boolean;
  /** `about: outcome (rule, line)` for each answer. */
  readonly answers: readonly string[];
}

const local = "127.0.0.1:8080";

const goldens: readonly Golden[] = [
  {
    policy: "air-gapped",
    path: "src/a.c",
    address: local,
    answers: [
      "file: restricted",
      "endpoint: cleared for core (endpoints.rules[0], line 11)",
      "request: sent (endpoints.rules[0], line 11)",
    ],
  },
  {
    policy: "air-gapped",
    path: "src/a.c",
    address: "llm.corp.example:443",
    answers: [
      "file: restricted",
      "endpoint: not listed (endpoints.unlisted)",
      "request: refused (endpoints.unlisted)",
    ],
  },
  {
    policy: "on-prem-only",
    path: "README.md",
    address: "llm.corp.example:443",
    answers: [
      "file: internal",
      "endpoint: cleared for core (endpoints.rules[1], line 22)",
      "request: sent (endpoints.rules[1], line 22)",
    ],
  },
  {
    policy: "on-prem-only",
    path: "a/restricted/b.c",
    address: "api.cloud.example:443",
    answers: [
      "file: restricted (labels.paths[1], line 10)",
      "endpoint: not listed (endpoints.unlisted)",
      "request: refused (endpoints.unlisted)",
    ],
  },
  {
    policy: "on-prem-only",
    client: "claude-cli/2.1.196",
    address: local,
    answers: [
      "client: banned (bans[0], line 38)",
      "endpoint: cleared for core (endpoints.rules[0], line 16)",
      "request: refused (bans[0], line 38)",
    ],
  },
  {
    policy: "on-prem-only",
    client: "claude-cli/2.1.196",
    day: june,
    answers: ["client: allowed (bans[0], line 38)"],
  },
  { policy: "on-prem-only", client: "codex/0.169.0", answers: ["client: allowed"] },
  {
    policy: "hybrid",
    path: "src/a.ts",
    address: "api.cloud.example:443",
    answers: [
      "file: internal",
      "endpoint: cleared for internal (endpoints.rules[2], line 28)",
      "request: sent (endpoints.rules[2], line 28)",
    ],
  },
  {
    policy: "hybrid",
    path: "x/restricted/a.ts",
    address: "api.cloud.example:443",
    answers: [
      "file: restricted (labels.paths[1], line 10)",
      "endpoint: cleared for internal (endpoints.rules[2], line 28)",
      "request: refused (endpoints.rules[2], line 28)",
    ],
  },
  {
    policy: "hybrid",
    path: "x/restricted/a.ts",
    address: "gpu.corp.example:443",
    answers: [
      "file: restricted (labels.paths[1], line 10)",
      "endpoint: cleared for core (endpoints.rules[1], line 22)",
      "request: sent (endpoints.rules[1], line 22)",
    ],
  },
  {
    policy: "hybrid",
    path: "docs/public/a.md",
    address: "other.example:443",
    answers: [
      "file: internal (labels.paths[0], line 8)",
      "endpoint: not listed (endpoints.unlisted)",
      "request: refused (endpoints.unlisted)",
    ],
  },
  {
    policy: "on-prem-only",
    call: { tool: "Bash", text: "npm test" },
    answers: ["call: allow (effects.contained, line 44)"],
  },
  {
    policy: "on-prem-only",
    call: { tool: "Bash", text: "curl https://x.example" },
    answers: ["call: ask (effects.egress, line 45)"],
  },
  {
    policy: "on-prem-only",
    call: { tool: "Bash", text: "curl https://x.example" },
    untrusted: true,
    answers: ["call: deny (effects.egress, line 45)"],
  },
  {
    policy: "hybrid",
    path: ".git/hooks/pre-commit",
    call: { tool: "Write", text: ".git/hooks/pre-commit" },
    answers: ["file: internal", "call: ask (effects.persistent, line 44)"],
  },
  {
    policy: "air-gapped",
    call: { tool: "WebFetch", text: "https://x.example" },
    answers: ["call: deny (effects.egress, line 20)"],
  },
  {
    policy: "open-source-project",
    path: "src/a.ts",
    address: "api.cloud.example:443",
    answers: [
      "file: public",
      "endpoint: cleared for public (endpoints.unlisted)",
      "request: sent (endpoints.unlisted)",
    ],
  },
  {
    policy: "open-source-project",
    path: ".env.local",
    address: "api.cloud.example:443",
    answers: [
      "file: restricted (labels.paths[0], line 8)",
      "endpoint: cleared for public (endpoints.unlisted)",
      "request: refused (endpoints.unlisted)",
    ],
  },
];

for (const { policy: name, answers, ...asked } of goldens) {
  const call = asked.call === undefined ? undefined : `${asked.call.tool}(${asked.call.text})`;
  const about = [
    asked.path,
    asked.client,
    asked.address,
    call,
    asked.untrusted === true ? "after the web" : undefined,
  ]
    .filter((text) => text !== undefined)
    .join(", ");
  test(`${name}: ${about}${asked.day === undefined ? "" : " in June"}: ${answers.join("; ")}`, async () => {
    const [client = "", version = ""] = asked.client?.split("/") ?? [];
    const question: Question = {
      path: asked.path,
      client: asked.client === undefined ? undefined : { name: client, version, evidence: "claimed" },
      endpoint: asked.address === undefined ? undefined : endpoint(asked.address),
      call: asked.call,
      integrity: asked.untrusted === true ? "untrusted" : "workspace",
      now: asked.day ?? now,
    };
    const told = explain(await ready(name), question).map(({ about: what, outcome, sources }) => {
      const rules = sources.filter(({ rule }) => rule !== "labels.default");
      const by = rules
        .map(({ rule, line }) => (line === undefined ? rule : `${rule}, line ${line}`))
        .join("; ");
      return by === "" ? `${what}: ${outcome}` : `${what}: ${outcome} (${by})`;
    });
    assert.deepEqual(told, answers);
  });
}
