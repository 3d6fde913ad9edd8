// Servers in processes of their own, so that their work is not counted as somebody else's.
import { spawn } from "node:child_process";
import { CloisterError, readLines } from "@cloister/base";
import type { Command } from "./measure.ts";

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Ends it and waits. Resolves with all that it complained of, "" when it ended well. */
  stop(): Promise<string>;
}

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;
const COMPLAINT_CHARS_MAX = 20_000;
const LINE_CHARS_MAX = 100_000;

/**
 * Starts a server that prints its address once it listens.
 * @throws CloisterError `bench-server-failed`
 */
export async function startServer(command: Command): Promise<Server> {
  const [program = "", ...args] = command.argv;
  const child = spawn(program, args, {
    cwd: command.directory,
    env: command.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < COMPLAINT_CHARS_MAX) complaint += text;
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(`${program}: ${error.message}`));
    child.on("close", (code, signal) =>
      resolve(code === 0 ? "" : `${complaint}\n(${signal ?? `exit code ${code}`})`),
    );
  });
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX);
  const url = await addressIn(child.stdout);
  clearTimeout(late);
  if (url === undefined || child.pid === undefined) {
    throw new CloisterError(`a server did not start: ${command.argv.join(" ")}\n${await ended}`, {
      code: "bench-server-failed",
      next: "start it by hand to see why",
    });
  }
  // Whatever else it prints must not fill the pipe.
  child.stdout.resume();
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
      const said = await ended;
      clearTimeout(timer);
      return said;
    },
  };
}

async function addressIn(stdout: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const lines = readLines(stdout, { lineCharsMax: LINE_CHARS_MAX });
  // By hand: leaving a for-await loop would destroy the stream, and with it the server's next write.
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
    const address = /https?:\/\/(?:127\.0\.0\.1|localhost):\d+[\w/]*/.exec(line.value)?.[0];
    if (address !== undefined) return address;
  }
  return undefined;
}
