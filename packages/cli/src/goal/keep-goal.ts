/**
 * The keeper's part in a goal: it runs the check, of the command that the person gave, and its own verdict is the one that
 * counts. An agent that was taken over may leave the check out, or say that it passed; the run fails all the same.
 * A pass is of the files as they were then; what an agent that was taken over writes afterwards is not checked again.
 */
import { GOAL_CHECKS_MAX, type Goal, type GoalCheck } from "@cloister/agent/goal";
import type { AgentEvent } from "@cloister/agent";
import { messageOf } from "@cloister/base";
import type { AgentHandle } from "../agent-host.ts";

export interface GoalKeeping {
  /** What is set through it is known here before the agent hears of it. */
  around(agent: AgentHandle): AgentHandle;
  /** To be called with each event; gives it as it may be believed. */
  event(event: AgentEvent): AgentEvent;
  /** Of the last goal; undefined where there was none. */
  readonly outcome: GoalOutcome | undefined;
}

export interface GoalOutcome {
  readonly goal: string;
  readonly check?: string;
  readonly isReached: boolean;
  /** How often it was looked at. */
  readonly looks: number;
}

export interface GoalKeepingOptions {
  readonly goal: Goal | undefined;
  /** In a cell, on record. */
  readonly run: (
    command: string,
    signal: AbortSignal,
  ) => Promise<{ readonly output: string; readonly exit: string }>;
}

interface Held {
  readonly goal: Goal;
  looks: number;
  isReached: boolean;
}

export function keepGoal({ goal, run }: GoalKeepingOptions): GoalKeeping {
  let held: Held | undefined = goal === undefined ? undefined : hold(goal);
  let handle: AgentHandle | undefined;
  let running: AbortController | undefined;

  const check = async ({ goal: { check: command = "" } }: Held, signal: AbortSignal): Promise<GoalCheck> => {
    try {
      const { output, exit } = await run(command, signal);
      const text = exit === "0" ? output : `${output.trimEnd()}\n(exit ${exit})`;
      return { kind: "ran", passed: exit === "0", text };
    } catch (error) {
      // The policy forbids it, or no cell can be made: the model can mend neither.
      return { kind: "failed", why: messageOf(error) };
    }
  };
  const answer = (at: Held, id: string): void => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    at.looks += 1;
    at.isReached = false;
    if (at.looks > GOAL_CHECKS_MAX) {
      handle?.checked(id, { kind: "failed", why: `it was checked ${GOAL_CHECKS_MAX} times` });
      return;
    }
    const tell = (found: GoalCheck): void => {
      if (signal.aborted) return;
      at.isReached = found.kind === "ran" && found.passed;
      handle?.checked(id, found);
    };
    void check(at, signal).then(tell);
  };

  return {
    around: (agent) => {
      handle = agent;
      return {
        ...agent,
        setGoal: (next) => {
          running?.abort();
          held = next === undefined ? undefined : hold(next);
          agent.setGoal(next);
        },
      };
    },
    event: (event) => {
      if (event.kind === "end") running?.abort();
      if (event.kind !== "goal") return event;
      const { step } = event;
      // What is saved is run again after a resume: the goal and its check are those that a person gave, word for word.
      const own = held;
      const believed: AgentEvent & { kind: "goal" } = {
        ...event,
        goal: event.goal === undefined || own === undefined ? undefined : { ...own.goal, missed: own.looks },
      };
      if (own === undefined) return believed;
      const hasCheck = own.goal.check !== undefined;
      if (step.kind === "checking") {
        if (hasCheck) answer(own, step.id);
        else own.looks += 1;
      }
      if (step.kind !== "reached") return believed;
      if (!hasCheck) own.isReached = true;
      if (own.isReached) return believed;
      const text = "the agent says that it is reached, and its check did not pass";
      return { ...believed, goal: { ...own.goal, missed: own.looks }, step: { kind: "given-up", text } };
    },
    get outcome() {
      if (held === undefined) return undefined;
      const { goal: at, isReached, looks } = held;
      return { goal: at.text, ...(at.check === undefined ? {} : { check: at.check }), isReached, looks };
    },
  };
}

function hold(goal: Goal): Held {
  return { goal, looks: goal.missed ?? 0, isReached: false };
}
