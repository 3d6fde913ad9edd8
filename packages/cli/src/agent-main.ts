/** The first file of the agent's own process. It loads nothing of the keeper's: that is half of a short task's time. */
import { formatError, systemClock } from "@cloister/base";
import { agentProcess } from "./agent-process.ts";

async function start(): Promise<void> {
  const { stdin, stdout, stderr } = process;
  try {
    process.exitCode = await agentProcess({ stdin, stdout, clock: systemClock });
  } catch (error) {
    // The keeper reads it, and puts it into the end of the session.
    stderr.write(`${formatError(error)}\n`);
    process.exitCode = 1;
  }
}

void start();
