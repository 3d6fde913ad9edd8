import type { AgentEvent } from "@cloister/agent";
import { GOAL_CHECKS_MAX } from "@cloister/agent/goal";
import type { Approvals } from "@cloister/airlock";
import type { Environment } from "../environment.ts";
import type { Printer } from "./printer.ts";
import { createPaint, visible } from "./style.ts";

/** The answer goes to stdout; what the agent does on the way goes to stderr, when a person is looking. */
export function createTextPrinter({ stdout, stderr, colour }: Environment): Printer {
  const paint = createPaint(colour && stderr.isTTY);
  const watched = stderr.isTTY;
  return {
    event: (event) => {
      // Who reads only the report has to hear that something of the work is gone.
      if (event.kind === "background" && event.isStopped === true && !watched) {
        stderr.write(
          `cloister: stopped with the session: ${visible(event.id)}: ${visible(firstLine(event.command))}\n`,
        );
      }
      if (event.kind === "status" && event.isNews === true && !watched) {
        stderr.write(`cloister: ${visible(event.text).replaceAll("\n", "⏎")}\n`);
      }
      if (event.kind === "goal") stderr.write(describeGoal(event));
      if (!watched) return;
      if (event.kind === "call") {
        stderr.write(`${paint("cyan", event.name)} ${paint("dim", brief(event.args))}\n`);
      }
      if (event.kind === "status") stderr.write(`${paint("dim", visible(event.text))}\n`);
      if (event.kind === "result" && !event.ok) {
        stderr.write(`${paint("yellow", visible(firstLine(event.text)))}\n`);
      }
    },
    end: ({ ending, approvals, goal }) => {
      if (ending.text !== "") {
        stdout.write(`${stdout.isTTY ? visible(ending.text.trimEnd()) : ending.text.trimEnd()}\n`);
      }
      if (ending.error !== undefined) {
        const { code, message, next } = ending.error;
        stderr.write(
          `cloister: ${visible(message)} [${code}]\n${next === undefined ? "" : `next: ${visible(next)}\n`}`,
        );
      }
      if (ending.outcome === "done" && goal?.isReached === false) {
        stderr.write(
          "cloister: the goal is not reached: nobody has seen its check pass [goal-not-reached]\n" +
            "next: cloister --continue goes on with it; in plan mode the plan is all there is\n",
        );
      }
      if (ending.outcome === "cancelled") stderr.write("cloister: cancelled\n");
      if (approvals.asked > 0) stderr.write(`cloister: ${describeApprovals(approvals)}\n`);
    },
  };
}

/** How far it is, for the log of whoever waits for it. */
function describeGoal({ goal, step }: Extract<AgentEvent, { kind: "goal" }>): string {
  const by = goal?.check === undefined ? "" : `: ${visible(firstLine(goal.check))}`;
  switch (step.kind) {
    case "missed":
      return `cloister: the goal is not reached (look ${goal?.missed ?? 0} of ${GOAL_CHECKS_MAX})${by}\n`;
    case "reached":
      return "cloister: the goal is reached\n";
    case "set":
    case "checking":
    case "given-up":
    case "cleared":
      return "";
  }
}

function describeApprovals({ asked, allowed, denied }: Approvals): string {
  const which = denied === 0 ? "" : "; which, and by what rule: cloister ledger show";
  return `${asked} ${asked === 1 ? "call" : "calls"} needed approval: ${allowed} allowed, ${denied} denied${which}`;
}

const BRIEF_CHARS_MAX = 160;

/** The first argument says what a call is about; a cut is marked, never silent. */
export function brief(args: Readonly<Record<string, unknown>>): string {
  const first = Object.values(args).find((value) => typeof value === "string") ?? "";
  const text = visible(first).replaceAll("\n", "⏎");
  return text.length > BRIEF_CHARS_MAX
    ? `${text.slice(0, BRIEF_CHARS_MAX)}… (${text.length} characters)`
    : text;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
