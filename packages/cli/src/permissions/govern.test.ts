import assert from "node:assert/strict";
import { test } from "node:test";
import { createJudgement } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { AgentHandle } from "../agent-host.ts";
import { governAgent } from "./govern.ts";

function govern(forbidden: string): {
  readonly told: unknown[];
  readonly troubles: unknown[];
  readonly judgement: ReturnType<typeof createJudgement>;
  readonly agent: AgentHandle;
} {
  const told: unknown[] = [];
  const troubles: unknown[] = [];
  const judgement = createJudgement({ mode: "plan" });
  const nothing = (): void => undefined;
  const bare: AgentHandle = {
    ...{ send: nothing, interrupt: nothing, compact: nothing, close: nothing, look: nothing },
    ...{ stop: nothing, aside: nothing, restartServer: nothing, setGoal: nothing, checked: nothing },
    setMode: (mode) => told.push(["mode", mode]),
    answer: (id, answer) => told.push([id, answer]),
  };
  const whyNotMode = (mode: string): CloisterError | undefined =>
    mode === forbidden ? new CloisterError("no", { code: "bypass-forbidden" }) : undefined;
  const agent = governAgent(bare, { judgement, whyNotMode, onTrouble: (trouble) => troubles.push(trouble) });
  return { told, troubles, judgement, agent };
}

test("the keeper is in a mode before the agent is told", () => {
  const { told, judgement, agent } = govern("bypass");
  agent.setMode("acceptEdits");
  assert.deepEqual([judgement.mode, told], ["acceptEdits", [["mode", "acceptEdits"]]]);
});

test("a mode that is forbidden reaches neither of them", () => {
  const { told, troubles, judgement, agent } = govern("bypass");
  agent.setMode("bypass");
  assert.deepEqual([judgement.mode, told, troubles.length], ["plan", [], 1]);
  assert.equal(agent.whyNotMode?.("bypass")?.message, "no");
});

test("approving a plan is what ends plan mode in the keeper; with a forbidden mode it is declined", () => {
  const { told, judgement, agent } = govern("bypass");
  agent.answer("q1", { kind: "approved", mode: "bypass" });
  assert.deepEqual([judgement.mode, told], ["plan", [["q1", { kind: "declined", why: "no" }]]]);
  agent.answer("q2", { kind: "approved", mode: "default" });
  assert.equal(judgement.mode, "default");
});
