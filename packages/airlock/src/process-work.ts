/** A process in its cell, as something that takes input and gives output. */
import type { Readable } from "node:stream";
import { messageOf } from "@cloister/base";
import {
  killTree,
  resizeTerminal,
  signalCommand,
  type Cells,
  type CellView,
  type Launch,
} from "@cloister/cell";
import type { TerminalSize } from "./process-request.ts";

/** Takes a piece of output, and resolves when there is room for more; at once when nobody listens any more. Never rejects. */
export type Sink = (stream: "out" | "err", bytes: Uint8Array) => Promise<void>;

export interface WorkEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
}

export interface Work {
  write(bytes: Uint8Array, taken: () => void): void;
  end(): void;
  resize(size: TerminalSize): void;
  /** Asks it to end; after a while it is made to. */
  ask(): void;
  /** Ends it with all that it started. */
  kill(): void;
  /** Never rejects. All output was taken before it resolves. */
  readonly ended: Promise<WorkEnd>;
}

export interface WorkOptions {
  readonly cells: Cells;
  readonly view: CellView;
  readonly launch: Launch;
  readonly timeoutMs: number | undefined;
  readonly sink: Sink;
}

const KILL_GRACE_MS = 1000;

/** @throws what `Cells.spawn` throws */
export function startWork({ cells, view, launch, timeoutMs, sink }: WorkOptions): Work {
  const child = cells.spawn(view, launch);
  const kill = (): void => killTree(cells, child);
  let timedOut = false;
  let grace: NodeJS.Timeout | undefined;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, timeoutMs);
  child.stdin?.on("error", () => {
    /* it ended, or closed its input, before it took all */
  });
  const run = async (): Promise<WorkEnd> => {
    const closed = ending(child);
    await Promise.all([pump(child.stdout, "out", sink), pump(child.stderr, "err", sink)]);
    const { code, endedBy, trouble } = await closed;
    clearTimeout(timer);
    clearTimeout(grace);
    if (trouble !== undefined) await sink("err", Buffer.from(`${trouble}\n`));
    return { exitCode: code, signal: endedBy, timedOut };
  };
  return {
    write: (bytes, taken) => {
      if (child.stdin?.writable === true) child.stdin.write(bytes, taken);
      else taken();
    },
    end: () => child.stdin?.end(),
    resize: (size) => resizeTerminal(child, size),
    ask: () => {
      // Before the command is there, there is nothing that could end in good order.
      if (!signalCommand(child, "SIGTERM")) return kill();
      grace ??= setTimeout(kill, KILL_GRACE_MS);
    },
    kill,
    ended: run(),
  };
}

async function pump(stream: Readable | null, name: "out" | "err", sink: Sink): Promise<void> {
  if (stream === null) return;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) await sink(name, chunk);
  } catch {
    // A process that is killed may leave its pipe in the middle; its end says so.
  }
}

interface Ending {
  readonly code: number | undefined;
  readonly endedBy: string | undefined;
  /** Why it could not even be started. */
  readonly trouble?: string;
}

function ending(child: ReturnType<Cells["spawn"]>): Promise<Ending> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: undefined, endedBy: undefined, trouble: messageOf(error) }));
    child.on("close", (code, endedBy) => resolve({ code: code ?? undefined, endedBy: endedBy ?? undefined }));
  });
}

/** All that a hook is ever told. */
export function giveInput(work: Work, input: string | undefined): void {
  if (input === undefined) return;
  work.write(Buffer.from(input), () => {
    /* nobody waits for it */
  });
  work.end();
}
