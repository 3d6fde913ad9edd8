/** The keeper's side of the agent's process: hands it its job, hears its events, ends it. */
import type { ChildProcess } from "node:child_process";
import type { AgentEvent, Ending } from "@cloister/agent";
import { isRecord, messageOf, readLines } from "@cloister/base";

/** The one line that the agent's process reads before it starts. */
export interface AgentJob {
  readonly workspace: string;
  readonly prompt: string;
  readonly model: string;
  readonly turnsMax: number;
  readonly socketPath: string;
  readonly hasRipgrep: boolean;
}

export interface AgentHostOptions {
  readonly job: AgentJob;
  readonly onEvent: (event: AgentEvent) => void;
  readonly kill: (child: ChildProcess) => void;
  readonly signal: AbortSignal;
}

const LINE_CHARS_MAX = 64 * 1024 * 1024;
const COMPLAINT_CHARS_MAX = 4000;
const CANCEL_GRACE_MS = 1000;

/** Resolves with the agent's own ending, or with one that says how its process died. */
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

  let grace: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    child.stdin?.end("cancel\n");
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
  try {
    if (child.stdout !== null) {
      for await (const line of readLines(child.stdout, { lineCharsMax: LINE_CHARS_MAX })) {
        const event = parseEvent(line);
        if (event === undefined) continue;
        onEvent(event);
        if (event.kind === "end") ending = event.ending;
      }
    }
    const how = await died;
    return ending ?? deathOf(how, complaint, signal);
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", cancel);
  }
}

/** The process is not trusted: a line that is no event is not shown as one. */
function parseEvent(line: string): AgentEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && typeof value["kind"] === "string"
      ? (value as unknown as AgentEvent)
      : undefined;
  } catch {
    return undefined; // stray output of a library, not an event
  }
}

function deathOf(how: string, complaint: string, signal: AbortSignal): Ending {
  const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  if (signal.aborted) return { outcome: "cancelled", text: "", turns: 0, usage };
  const said = complaint.trim() === "" ? "" : `: ${complaint.trim()}`;
  return {
    outcome: "failed",
    text: "",
    turns: 0,
    usage,
    error: { code: "agent-died", message: `the agent's process ended early (${how})${said}` },
  };
}
