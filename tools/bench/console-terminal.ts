// A program in a pseudo-terminal of `script` (util-linux), 120 by 40: keys in, what it shows out, what it costs.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { CloisterError } from "@cloister/base";
import { readTree } from "./processes.ts";

/** A home that is the program's own, and a project. */
export interface Place {
  readonly home: string;
  readonly directory: string;
}

export interface TerminalStart extends Place {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** All of the program's processes; `script` itself is not counted. */
export interface Cost {
  readonly cpuMs: number;
  /** The highest that any one process has had. */
  readonly largestMb: number;
  /** Of all together now: what each has of its own, and the files mapped by the one that maps most. */
  readonly allMb: number;
}

export interface OpenTerminal {
  /** Since it was started, or the last `forget`. */
  readonly shown: string;
  type(text: string): void;
  forget(): void;
  /** Milliseconds since it was started. @throws CloisterError `bench-run-failed` when it ends before, or takes too long */
  until(what: string, timeoutMs?: number): Promise<number>;
  cost(): Cost;
  /** As a person leaves, so that what is kept for the next start is kept; whoever stays is ended. */
  leave(): Promise<void>;
}

const WAIT_MS = 60_000;
const LEAVE_MS = 3000;
const SHOWN_CHARS_MAX = 64 * 1024 * 1024;

export function openTerminal({ argv, environment, home, directory }: TerminalStart): OpenTerminal {
  const line = argv.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", `stty cols 120 rows 40; exec ${line}`, "/dev/null"], {
    cwd: directory,
    env: {
      ...{ PATH: process.env["PATH"], HOME: home, TERM: "xterm-256color", LANG: "en_US.UTF-8" },
      ...environment,
    },
  });
  const started = performance.now();
  let shown = "";
  let wake = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown = (shown + text).slice(-SHOWN_CHARS_MAX);
    wake();
  });
  child.on("exit", () => wake());
  child.stdin.on("error", () => {
    /* it ended while it was written to; whoever waits for something of it is told */
  });
  return {
    get shown() {
      return shown;
    },
    type: (text) => void child.stdin.write(text),
    forget: () => {
      shown = "";
    },
    async until(what, timeoutMs = WAIT_MS) {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        wake();
      }, timeoutMs);
      try {
        while (!shown.includes(what)) {
          if (isLate || hasEnded(child)) throw failed(`it did not show ${what}`, shown);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return performance.now() - started;
      } finally {
        clearTimeout(timer);
      }
    },
    cost: () => {
      const trees = childrenOf(child.pid ?? 0).map(readTree);
      return {
        cpuMs: trees.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
        largestMb: Math.max(0, ...trees.map(({ largestPeakBytes }) => largestPeakBytes)) / 1e6,
        allMb: trees.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / 1e6,
      };
    },
    async leave() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      for (let times = 0; times < 3 && !hasEnded(child); times++) {
        child.stdin.write("\u0003");
        await Promise.race([gone, sleep(400)]);
      }
      if (!hasEnded(child)) await Promise.race([gone, sleep(LEAVE_MS)]);
      if (!hasEnded(child)) child.kill("SIGKILL");
    },
  };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function hasEnded({ exitCode, signalCode }: ChildProcessWithoutNullStreams): boolean {
  return exitCode !== null || signalCode !== null;
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return []; // it has just ended
  }
}

function failed(message: string, shown: string): CloisterError {
  return new CloisterError(`${message}:\n${shown.slice(-2000)}`, {
    code: "bench-run-failed",
    next: "run the program by hand to see why",
  });
}
