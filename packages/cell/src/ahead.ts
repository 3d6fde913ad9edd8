/**
 * The cell of the next command, made while nobody waits. All of it is there (namespaces, mounts, filter), and in it a
 * shell that has read nothing yet but our own line. It is told the command only if it is still exactly the cell that
 * would be made now: the same options, and a mount table in which the kernel has changed nothing since.
 */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { Look } from "./look.ts";
import { commandOf, killCell } from "./signal.ts";
import {
  allPiped,
  filterFor,
  optionsFor,
  REPORT_DESCRIPTOR,
  startCell,
  type Session,
  type Started,
} from "./start.ts";
import { isPlain, orderFor, waitingShell } from "./waiting-shell.ts";
import type { CellView, Launch } from "./view.ts";

export interface Ahead {
  /** Undefined when none is ready: the caller makes one. */
  start(view: CellView, launch: Launch): Started | undefined;
  close(): void;
}

interface Spare {
  readonly started: Started;
  readonly key: string;
  /** The mount table of the cell once it was whole; undefined until then. */
  mounts: string | undefined;
}

/** A command that goes on for longer than this does not keep the next one waiting. */
const LONG_MS = 250;
/** After the last command has ended: by then its output is on its way to the model, and nobody waits for us. */
const SOON_MS = 40;
/** In a row. Where it cannot be done it is not tried for ever; whatever is wrong, the next cell of its own tells. */
const FAILURES_MAX = 3;

export function openAhead(session: Session): Ahead {
  let spare: Spare | undefined;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const drop = (): void => {
    // Killed while it starts, bubblewrap would leave its process 1 behind.
    if (spare !== undefined) killCell(spare.started.child);
    spare = undefined;
  };
  const make = (view: CellView, launch: Launch): void => {
    if (isClosed || spare !== undefined || failures >= FAILURES_MAX) return;
    try {
      spare = makeSpare(session, view, launch);
    } catch {
      failures += 1; // the next command makes its own cell, and hears why it cannot be had
      return;
    }
    const { child } = spare.started;
    const made = spare;
    child.once("close", () => {
      if (spare !== made) return;
      spare = undefined;
      failures += 1;
    });
  };
  const makeSoon = (view: CellView, launch: Launch, ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => make(view, launch), ms).unref();
  };
  const follow = (started: Started, view: CellView, launch: Launch): Started => {
    makeSoon(view, launch, LONG_MS);
    started.child.once("close", () => makeSoon(view, launch, SOON_MS));
    return started;
  };

  return {
    start(view, launch) {
      if (!isPlain(view, launch)) return undefined;
      if (spare?.mounts === undefined) return follow(startCell(session, view, launch), view, launch);
      const look = session.grounds.look(view);
      const { started, key, mounts } = spare;
      const fits = key === keyOf(session, view, launch, look) && mounts === mountsOf(started.child);
      if (!fits) {
        drop();
        return follow(startCell(session, view, launch, look), view, launch);
      }
      spare = undefined;
      failures = 0;
      wake(started.child);
      toldTo(started.child)?.end(orderFor(launch));
      return follow({ ...started, look }, view, launch);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      drop();
    },
  };
}

function makeSpare(session: Session, view: CellView, launch: Launch): Spare {
  const look = session.grounds.look(view);
  const started = startCell(session, view, { ...waiting(launch), reportPipe: true }, look);
  const spare: Spare = { started, key: keyOf(session, view, launch, look), mounts: undefined };
  const { child } = started;
  child.on("error", () => {
    /* the launcher could not be started; the next cell of its own says why */
  });
  toldTo(child)?.on("error", () => {
    /* it ended; so does the child */
  });
  // The shell says that it waits: the cell is whole.
  toldTo(child)?.once("data", () => {
    spare.mounts = mountsOf(child);
  });
  sleep(child);
  return spare;
}

function waiting(launch: Launch): Launch {
  return { ...launch, argv: waitingShell, environment: {} };
}

/** All that a cell is made from but the command and its environment, which it is told. */
function keyOf(session: Session, view: CellView, launch: Launch, look: Look): string {
  const { stdio = allPiped } = launch;
  const enter = view.networkNamespace?.enter ?? [];
  const through = [...enter, ...(launch.through ?? [])];
  const options = optionsFor(session, view, look, waiting(launch));
  return JSON.stringify([options, through, stdio, filterFor(view), view.limits ?? {}]);
}

/**
 * With the numbers of the mounts, what is mounted, and where. A mount that something outside has taken away or moved
 * (a guarded file replaced, a folder renamed) makes another table.
 */
function mountsOf(child: ChildProcess): string | undefined {
  const pid = child.pid === undefined ? undefined : commandOf(child.pid);
  try {
    return pid === undefined ? undefined : readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  } catch {
    return undefined; // it has ended, or this system does not let us look
  }
}

function toldTo(child: ChildProcess): Duplex | undefined {
  // Its type knows of five; there are more.
  const pipe = [...child.stdio][REPORT_DESCRIPTOR];
  return pipe instanceof Duplex ? pipe : undefined;
}

/** A spare cell keeps nobody from ending. */
function sleep(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) if (canWait(stream)) stream.unref();
}

function wake(child: ChildProcess): void {
  child.ref();
  for (const stream of child.stdio) if (canWait(stream)) stream.ref();
}

function canWait(stream: unknown): stream is { ref(): void; unref(): void } {
  return stream instanceof Duplex && "unref" in stream && "ref" in stream;
}
