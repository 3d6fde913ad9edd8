/** The keeper's side of the agent's process: hands it its job, speaks to it, hears its events, ends it. */
import type { ChildProcess } from "node:child_process";
import type { AgentEvent, AgentSession, Ending, Mode } from "@cloister/agent";
import { CloisterError, messageOf, readLines } from "@cloister/base";
import { AGENT_LINE_CHARS_MAX, formatCommand, type AgentCommand, type AgentJob } from "./agent-commands.ts";
import { deathOf, failedBy } from "./agent-death.ts";
import { brokenAgent, readAgentEvent, type ReadEvent } from "./agent-events.ts";

/** Speaks to the session in the agent's process. What is said to a process that has died is lost; its end says so. */
export type AgentHandle = Omit<AgentSession, "events"> & {
  /** Why a mode is not to be had; undefined when it is. Without it every mode is. */
  readonly whyNotMode?: (mode: Mode) => Error | undefined;
};

export interface AgentHostOptions {
  readonly job: AgentJob;
  /** Called once, at the start: whoever drives the session sends its messages and closes it. */
  readonly drive: (agent: AgentHandle) => void;
  readonly onEvent: (event: AgentEvent) => void;
  readonly kill: (child: ChildProcess) => void;
  /** Interrupts what is at work and closes the session; the process is killed if it does not end by then. */
  readonly signal: AbortSignal;
}

const COMPLAINT_CHARS_MAX = 4000;
const CANCEL_GRACE_MS = 1000;

/**
 * Resolves with the ending of the last piece of work, or with one that says how the process died (`agent-died`), or that it
 * said what no agent of ours says (`agent-broken`): then it is ended.
 */
export async function runAgent(child: ChildProcess, options: AgentHostOptions): Promise<Ending> {
  const { job, onEvent, signal } = options;
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (complaint.length < COMPLAINT_CHARS_MAX) complaint += chunk.toString();
  });
  child.stdin?.on("error", () => {
    /* the process died; its end is reported below */
  });
  child.stdin?.write(`${JSON.stringify(job)}\n`);
  const agent = createHandle((command) => child.stdin?.write(formatCommand(command)));
  options.drive(agent);

  let grace: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    agent.close();
    agent.interrupt();
    child.stdin?.end();
    grace = setTimeout(() => options.kill(child), CANCEL_GRACE_MS);
  };
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();

  const died = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(messageOf(error)));
    child.on("close", (code, endedBy) =>
      resolve(endedBy === null ? `exit code ${code}` : `signal ${endedBy}`),
    );
  });
  let ending: Ending | undefined;
  let isAtWork = false;
  try {
    if (child.stdout !== null) {
      for await (const read of eventsOf(child.stdout)) {
        if (read.kind === "none") continue;
        if (read.kind === "broken") {
          options.kill(child);
          await died;
          return failedBy(read.error);
        }
        const { event } = read;
        if (event.kind === "user") isAtWork = true;
        if (event.kind === "end") {
          ending = event.ending;
          isAtWork = false;
        }
        onEvent(event);
      }
    }
    const how = await died;
    // An earlier piece of work that was done says nothing of the one in whose middle it died.
    return ending === undefined || isAtWork ? deathOf({ how, complaint, signal }) : ending;
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", cancel);
  }
}

function createHandle(say: (command: AgentCommand) => void): AgentHandle {
  return {
    send: (message) => say({ do: "send", message }),
    interrupt: () => say({ do: "interrupt" }),
    compact: (hints) => say({ do: "compact", ...(hints === undefined ? {} : { hints }) }),
    setMode: (mode) => say({ do: "mode", mode }),
    answer: (id, answer) => say({ do: "answer", id, answer }),
    setGoal: (goal) => say({ do: "goal", ...(goal === undefined ? {} : { goal }) }),
    checked: (id, check) => say({ do: "checked", id, check }),
    look: () => say({ do: "look" }),
    aside: (id, question) => say({ do: "aside", id, question }),
    stop: (id) => say({ do: "stop", id }),
    restartServer: (name) => say({ do: "restart-server", name }),
    close: () => say({ do: "close" }),
  };
}

/** A line that is too long is one more way to be broken. */
async function* eventsOf(stdout: AsyncIterable<Uint8Array>): AsyncGenerator<ReadEvent> {
  try {
    for await (const line of readLines(stdout, { lineCharsMax: AGENT_LINE_CHARS_MAX })) {
      yield readAgentEvent(line);
    }
  } catch (error) {
    if (!(error instanceof CloisterError) || error.code !== "line-too-long") throw error;
    yield { kind: "broken", error: brokenAgent("a line without an end") };
  }
}
