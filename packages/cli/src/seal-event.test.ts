import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { createSeals } from "@cloister/secrets";
import { sealEnding, sealEvent } from "./seal-event.ts";

const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
const text = `key: ${secret}`;
const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
const error = { code: "agent-died", message: text, next: text };

test("no event that can hold what a hook, a command or a server said holds a secret", () => {
  const seals = createSeals(Buffer.alloc(32, 7));
  const told: AgentEvent[] = [
    { kind: "status", text },
    { kind: "user", text },
    { kind: "progress", id: "1", text },
    { kind: "call", id: "1", name: "Bash", args: { command: text } },
    { kind: "result", id: "1", name: "Bash", ok: true, text },
    { kind: "background", id: "bash_1", command: text, state: "running", bytes: 0 },
    { kind: "end", ending: { outcome: "failed", text: "", turns: 0, usage, error } },
  ];
  const nested = told.map((event): AgentEvent => ({
    kind: "subagent",
    id: "a",
    parent: undefined,
    what: { kind: "event", event },
  }));
  const ended: AgentEvent = {
    kind: "subagent",
    id: "a",
    parent: undefined,
    what: { kind: "end", ending: { outcome: "failed", text: "", turns: 0, usage, error } },
  };
  const begun: AgentEvent = {
    kind: "subagent",
    id: "a",
    parent: undefined,
    what: { kind: "begin", agent: "x", description: text, call: undefined },
  };
  for (const event of [...told, ...nested, ended, begun]) {
    const sealed = JSON.stringify(sealEvent(event, seals));
    assert.ok(!sealed.includes(secret) && sealed.includes("CLS_"), sealed);
  }
});

test("how the agent's process died may quote what it saw; told it is without a secret", () => {
  const seal = (given: string): string => given.replaceAll(secret, "CLS_X");
  const { error: told } = sealEnding({ outcome: "failed", text: "", turns: 0, usage, error }, seal);
  assert.deepEqual([told?.message, told?.next], ["key: CLS_X", "key: CLS_X"]);
});
