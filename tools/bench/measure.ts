// One command from start to end: its time, the CPU of its whole tree, and, when asked, its memory.
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { CloisterError } from "@cloister/base";
import { readTree } from "./processes.ts";

export interface Command {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Measurement {
  readonly wallMs: number;
  /** User and system time of the command and of all below it, orphans included. */
  readonly cpuMs: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined unless memory was watched. */
  readonly memory: Memory | undefined;
}

export interface Memory {
  readonly largestBytes: number;
  readonly treeBytes: number;
}

export interface MeasureOptions {
  readonly timeoutMs: number;
  /** Reading memory takes CPU of its own, so a run whose time counts leaves it out. */
  readonly memory: boolean;
}

/**
 * The command runs in a process namespace of its own whose first process is a shell. Whatever loses its parent becomes
 * that shell's child, and so is counted: bubblewrap ends before the first process of the cell is waited for, and a
 * plain `time` misses everything that ran in there, a quarter to a half of `cloister -p`.
 */
function timed(argv: readonly string[]): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user"];
  return [
    "--fork",
    "--pid",
    "--mount-proc",
    "--kill-child",
    ...user,
    "bash",
    "-c",
    SHELL,
    "measure",
    ...argv,
  ];
}

// The last orphans get a moment to end. `times` reports in milliseconds, the children on its second line.
const SHELL =
  'before=$EPOCHREALTIME; "$@" 3>&-; code=$?; after=$EPOCHREALTIME; sleep 0.05; ' +
  '{ echo "$before $after"; times; } >&3; exit $code';

const OUTPUT_CHARS_MAX = 1_000_000;
const SAMPLE_MS = 10;

/** @throws CloisterError `bench-run-failed` when it does not end within its time, or cannot be started */
export async function measure(command: Command, options: MeasureOptions): Promise<Measurement> {
  const child = spawn("unshare", timed(command.argv), {
    cwd: command.directory,
    env: { ...command.environment, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // A group of its own, so that one signal ends it with all that it started.
    detached: true,
  });
  const { pid } = child;
  let treeBytes = 0;
  let largestBytes = 0;
  const sampler = setInterval(() => {
    if (!options.memory || pid === undefined) return;
    const usage = readTree(pid);
    treeBytes = Math.max(treeBytes, usage.residentBytes);
    largestBytes = Math.max(largestBytes, usage.largestPeakBytes);
  }, SAMPLE_MS);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  }, options.timeoutMs);
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? -1));
    });
    const [exitCode, stdout, stderr, report] = await Promise.all([
      ended,
      collect(child.stdout),
      collect(child.stderr),
      collect(child.stdio[3] as Readable | null),
    ]);
    if (isLate) throw failed(`${command.argv.join(" ")} took more than ${options.timeoutMs} ms`, stderr);
    const memory = options.memory ? { largestBytes, treeBytes } : undefined;
    return { ...parseReport(report), exitCode, stdout, stderr, memory };
  } finally {
    clearInterval(sampler);
    clearTimeout(timer);
  }
}

/** Start and end in seconds; then user and system time of the shell, and on the third line of its children. */
export function parseReport(report: string): { readonly wallMs: number; readonly cpuMs: number } {
  const match = /^(\d+\.\d+) (\d+\.\d+)\n.*\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n$/.exec(report);
  if (match === null) throw failed(`the shell's report is not understood: ${JSON.stringify(report)}`);
  const [start = 0, end = 0, userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = match
    .slice(1)
    .map(Number);
  const cpuSeconds = (userMinutes + systemMinutes) * 60 + user + system;
  return { wallMs: Math.round((end - start) * 1000), cpuMs: Math.round(cpuSeconds * 1000) };
}

async function collect(stream: Readable | null): Promise<string> {
  if (stream === null) return "";
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream as AsyncIterable<string>) text = (text + chunk).slice(-OUTPUT_CHARS_MAX);
  return text;
}

function failed(message: string, stderr = ""): CloisterError {
  return new CloisterError(stderr === "" ? message : `${message}\n${stderr.slice(-2000)}`, {
    code: "bench-run-failed",
    next: "run the command by hand to see why",
  });
}
