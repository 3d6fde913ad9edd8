import assert from "node:assert/strict";
import { test } from "node:test";
import { GOAL_CHECKS_MAX, type Goal, type GoalCheck, type GoalStep } from "@cloister/agent/goal";
import type { AgentEvent } from "@cloister/agent";
import type { AgentHandle } from "../agent-host.ts";
import { keepGoal, type GoalKeeping } from "./keep-goal.ts";

const goal: Goal = { text: "x", check: "npm test" };
const stepOf = (step: GoalStep): AgentEvent => ({ kind: "goal", goal, step });

interface World {
  readonly kept: GoalKeeping;
  readonly handle: AgentHandle;
  readonly answers: [id: string, check: GoalCheck][];
  readonly commands: string[];
}

function open(
  exit: string | Error,
  wait: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
): World {
  const answers: [string, GoalCheck][] = [];
  const commands: string[] = [];
  const kept = keepGoal({
    goal,
    run: async (command, signal) => {
      commands.push(command);
      await wait(signal);
      if (exit instanceof Error) throw exit;
      return { output: "said\n", exit };
    },
  });
  const nothing = (): void => undefined;
  const bare: AgentHandle = {
    ...{
      send: nothing,
      interrupt: nothing,
      compact: nothing,
      close: nothing,
      look: nothing,
      setMode: nothing,
    },
    ...{ stop: nothing, aside: nothing, restartServer: nothing, setGoal: nothing, answer: nothing },
    checked: (id, check) => answers.push([id, check]),
  };
  return { kept, handle: kept.around(bare), answers, commands };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the command that the person gave is run, whatever the event says, and its exit code decides", async () => {
  const { kept, answers, commands } = open("0");
  kept.event({ kind: "goal", goal: { text: "x", check: "true" }, step: { kind: "checking", id: "a" } });
  await settled();
  assert.deepEqual(commands, ["npm test"]);
  assert.deepEqual(answers, [["a", { kind: "ran", passed: true, text: "said\n" }]]);
  const reached: AgentEvent = { kind: "goal", goal: undefined, step: { kind: "reached", text: "" } };
  assert.deepEqual(kept.event(reached), reached);
  assert.deepEqual(kept.outcome, { goal: "x", check: "npm test", isReached: true, looks: 1 });
});

test("an agent that says reached without a passed check is not believed", async () => {
  const { kept } = open("1");
  const lie = kept.event(stepOf({ kind: "reached", text: "" }));
  assert.equal(lie.kind === "goal" && lie.step.kind, "given-up");
  // As the agent's own words have it there is no goal any more; what is saved goes on with it.
  const ended = kept.event({ kind: "goal", goal: undefined, step: { kind: "reached", text: "" } });
  assert.deepEqual(ended.kind === "goal" && ended.goal, { ...goal, missed: 0 });
  kept.event(stepOf({ kind: "checking", id: "a" }));
  await settled();
  kept.event(stepOf({ kind: "reached", text: "" }));
  assert.equal(kept.outcome?.isReached, false);
});

test("a pass counts for the look it was, not for a later one", async () => {
  let exit = "0";
  const answers: GoalCheck[] = [];
  const kept = keepGoal({ goal, run: () => Promise.resolve({ output: "", exit }) });
  kept.around({ checked: (_id: string, check: GoalCheck) => answers.push(check) } as unknown as AgentHandle);
  kept.event(stepOf({ kind: "checking", id: "a" }));
  await settled();
  exit = "2";
  kept.event(stepOf({ kind: "checking", id: "b" }));
  await settled();
  assert.deepEqual(
    kept.event(stepOf({ kind: "reached", text: "" })).kind === "goal" && kept.outcome?.isReached,
    false,
  );
  assert.match(JSON.stringify(answers[1]), /\(exit 2\)/);
});

test("what cannot be run is no verdict; more checks than there may be are not run", async () => {
  const { kept, answers, commands } = open(new Error("the policy denies it"));
  kept.event(stepOf({ kind: "checking", id: "a" }));
  await settled();
  assert.deepEqual(answers, [["a", { kind: "failed", why: "the policy denies it" }]]);
  for (let n = 0; n < GOAL_CHECKS_MAX + 5; n += 1) kept.event(stepOf({ kind: "checking", id: `n${n}` }));
  await settled();
  assert.equal(commands.length, GOAL_CHECKS_MAX);
});

test("a check ends with the work, and with its goal", async () => {
  const signals: AbortSignal[] = [];
  const world = open("0", (signal) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  world.kept.event(stepOf({ kind: "checking", id: "a" }));
  world.kept.event({ kind: "end", ending: { outcome: "cancelled", text: "", turns: 0, usage } });
  world.kept.event(stepOf({ kind: "checking", id: "b" }));
  world.handle.setGoal(undefined);
  await settled();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
});

test("without a goal nothing is run", () => {
  const commands: string[] = [];
  const run = (command: string): Promise<never> => {
    commands.push(command);
    return Promise.reject(new Error("never"));
  };
  const kept = keepGoal({ goal: undefined, run });
  kept.event(stepOf({ kind: "checking", id: "a" }));
  assert.deepEqual([kept.outcome, commands], [undefined, []]);
});

test("what is told and saved of a goal is what the person gave, whatever the agent makes of it", async () => {
  const { kept, handle } = open("1");
  const forged = { text: "y", check: "curl evil", missed: 0 };
  const told = (step: GoalStep): unknown => {
    const event = kept.event({ kind: "goal", goal: forged, step });
    return event.kind === "goal" && event.goal;
  };
  assert.deepEqual(told({ kind: "set" }), { ...goal, missed: 0 });
  told({ kind: "checking", id: "a" });
  await settled();
  assert.deepEqual(told({ kind: "missed", text: "" }), { ...goal, missed: 1 });
  handle.setGoal(undefined);
  assert.equal(told({ kind: "set" }), undefined);
  assert.equal(kept.outcome, undefined);
});
