/** A command in a cell, attached to our own stdin, stdout and stderr, and to the signals sent to us. */
import type { ChildProcess } from "node:child_process";
import { Readable, type Writable } from "node:stream";
import {
  killTree,
  signalCommand,
  type Cells,
  type CellView,
  type Launch,
  type StdioOption,
} from "@cloister/cell";
import type { Environment } from "./environment.ts";

export interface Attached {
  /** 128 + N when signal N ended it. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** Undefined when a terminal was handed on: what went there was not counted. */
  readonly outputBytes: number | undefined;
}

export interface Attaching {
  readonly cells: Cells;
  readonly view: CellView;
  readonly launch: Launch;
  readonly timeoutMs: number | undefined;
  /** Reads the report of `Launch.reportPipe`, until its end. */
  readonly onReport?: (report: Readable) => Promise<void>;
}

/**
 * Resolves when the command and all it started are gone. A terminal is handed on as it is. Anything else is copied
 * through pipes: through a file, a folder or a socket that somebody opened for us, a command could reach what its cell
 * does not show, and through a shared stdin it could put words into the shell that comes after it.
 */
export async function attach(
  { cells, view, launch, timeoutMs, onReport }: Attaching,
  environment: Environment,
): Promise<Attached> {
  const { stdin, stdout, stderr } = environment;
  const child = cells.spawn(view, { ...launch, stdio: [modeOf(stdin), modeOf(stdout), modeOf(stderr)] });
  // A signal that comes before there is a command ends the cell: it must not be lost.
  const ignoreSignals = environment.onSignal((signal) => {
    if (!signalCommand(child, signal)) killTree(cells, child);
  });
  let timedOut = false;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          killTree(cells, child);
        }, timeoutMs);
  const counts = [pumpOut(child.stdout, stdout), pumpOut(child.stderr, stderr)];
  if (child.stdin !== null) pumpIn(stdin, child.stdin);
  try {
    // Its type knows of five; there are more.
    const report = [...child.stdio][REPORT_DESCRIPTOR];
    const reported = report instanceof Readable ? onReport?.(report) : undefined;
    const [exitCode] = await Promise.all([ending(child), reported]);
    const outputBytes = counts.some((count) => count === undefined)
      ? undefined
      : counts.reduce((sum, count) => sum + (count?.bytes ?? 0), 0);
    return { exitCode, timedOut, outputBytes };
  } finally {
    clearTimeout(timer);
    ignoreSignals();
    // What is left of our input would keep us waiting for it.
    if (child.stdin !== null) stdin.destroy();
  }
}

const REPORT_DESCRIPTOR = 5;

function modeOf(stream: { readonly isTTY?: boolean }): StdioOption {
  return stream.isTTY === true ? "inherit" : "pipe";
}

function pumpIn(stdin: NodeJS.ReadStream, target: Writable): void {
  target.on("error", () => stdin.unpipe(target)); // the command reads no more
  stdin.on("error", () => target.end()); // ours was closed or cannot be read: the command sees its end
  stdin.pipe(target);
}

function pumpOut(source: Readable | null, target: Writable): { bytes: number } | undefined {
  if (source === null) return undefined;
  const count = { bytes: 0 };
  source.on("data", (chunk: Buffer) => (count.bytes += chunk.length));
  source.pipe(target, { end: false });
  // Nobody reads us any more: the command is to notice at its next write, as it would without us in between.
  target.on("error", () => source.destroy());
  return count;
}

function ending(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + numberOf(signal)));
  });
}

const SIGKILL = 9;
const numbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function numberOf(signal: NodeJS.Signals | null): number {
  return signal === null ? SIGKILL : (numbers[signal] ?? SIGKILL);
}
