/** What runs inside the agent's cell: reads its job from stdin, works, and writes one event a line to stdout. */
import { runTask } from "@cloister/agent";
import { createKeeperClient } from "@cloister/airlock/client";
import { CloisterError, isRecord, parseJson, readLines } from "@cloister/base";
import type { AgentJob } from "./agent-host.ts";
import type { Environment } from "./environment.ts";

const LINE_CHARS_MAX = 64 * 1024 * 1024;

export async function agentProcess({ stdin, stdout }: Environment): Promise<number> {
  const lines = readLines(stdin, { lineCharsMax: LINE_CHARS_MAX });
  const first = await lines.next();
  const job = parseJob(first.done === true ? "" : first.value);

  // The next thing said on stdin, or its end, means that the task is cancelled.
  const cancelled = new AbortController();
  void lines.next().then(
    () => cancelled.abort(),
    () => cancelled.abort(),
  );

  const keeper = createKeeperClient(job.socketPath);
  const world = {
    workspace: job.workspace,
    hasRipgrep: job.hasRipgrep,
    reads: new Map<string, string>(),
    run: keeper.run,
    ask: keeper.ask,
  };
  for await (const event of runTask(job, world, cancelled.signal)) stdout.write(`${JSON.stringify(event)}\n`);
  keeper.close();
  // stdin stays open as long as the keeper lives; without this the process would wait for it.
  stdin.destroy();
  return 0;
}

function parseJob(line: string): AgentJob {
  const value = parseJson(line, "the agent's job");
  if (isRecord(value) && typeof value["workspace"] === "string") return value as unknown as AgentJob;
  throw new CloisterError("agent-process is started by the keeper, not by hand", {
    code: "usage",
    next: 'cloister -p "…"',
  });
}
