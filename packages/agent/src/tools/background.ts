/** Commands in the background: their output is read and kept within bounds, whether the model looks or not. */
import { CloisterError, messageOf, type Clock } from "@cloister/base";
import type { AgentEvent } from "../events.ts";
import type { Background, Job, ProcessEnd, RunningProcess, StartProcess } from "../processes.ts";
import { cutMiddle } from "./cut.ts";
import { createKept, createScreenKept, type Kept } from "./kept-output.ts";

export const BACKGROUND_MAX = 8;
/** Of those that ended; the oldest is forgotten first. */
const ENDED_MAX = 32;
/** Of each, for what nobody has looked at yet. */
const KEPT_CHARS_MAX = 1_000_000;
const TAIL_CHARS_MAX = 600;
const SHOWN_COMMAND_CHARS_MAX = 200;
/** When nothing was printed for so long, a program has most likely said what it had to say. */
const QUIET_MS = 200;
/** What fails at once, or says at once where it listens, is seen in the first answer. */
const START_MS = 600;
const KILL_MS_MAX = 3000;
const TERMINAL = { columns: 100, rows: 30 };

export interface BackgroundOptions {
  readonly start: StartProcess;
  readonly clock: Clock;
  readonly emit: (event: AgentEvent) => void;
}

interface Entry {
  readonly id: string;
  readonly command: string;
  readonly running: RunningProcess;
  readonly kept: Kept;
  readonly hasTerminal: boolean;
  readonly startedMs: number;
  /** Its output is read to the end, and that is told. */
  readonly done: Promise<void>;
  endedMs?: number;
  end?: ProcessEnd;
  isTold: boolean;
}

export function createBackground({ start, clock, emit }: BackgroundOptions): Background {
  const entries = new Map<string, Entry>();
  const closing = new AbortController();
  let started = 0;
  let starting = 0;

  const running = (): Entry[] => [...entries.values()].filter(({ end }) => end === undefined);
  const get = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry === undefined) throw new CloisterError(`there is no ${id}`, { code: "unknown-process" });
    return entry;
  };
  const toJob = ({ id, command, hasTerminal, end, startedMs, endedMs }: Entry): Job => ({
    ...{ id, command, hasTerminal, end },
    ranMs: (endedMs ?? clock.now()) - startedMs,
  });
  const tell = ({ id, command, end, kept }: Entry, tail?: string): void =>
    emit({
      ...{ kind: "background", id, command, bytes: kept.bytes },
      state: end === undefined ? "running" : "ended",
      ...(end?.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      ...(end !== undefined && closing.signal.aborted ? { isStopped: true } : {}),
      ...(tail === undefined ? {} : { tail }),
    });
  const follow = async (entry: Omit<Entry, "done">): Promise<void> => {
    for await (const { bytes } of entry.running.output) entry.kept.add(bytes);
    entry.end = await entry.running.ended;
    entry.endedMs = clock.now();
    if (entry.end.note !== undefined) entry.kept.add(Buffer.from(`\n${entry.end.note}`));
    entry.kept.wake();
    tell(entry as Entry);
    const ended = [...entries.values()].filter(({ end }) => end !== undefined);
    for (const { id } of ended.slice(0, -ENDED_MAX)) entries.delete(id);
  };
  /** The change that is waited for, or the time that is over. */
  const changeWithin = async (kept: Kept, waitMs: number, signal: AbortSignal): Promise<boolean> => {
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    const slept = clock.sleep(waitMs, stop).then(
      () => false,
      () => false,
    );
    const isChanged = await Promise.race([kept.changed().then(() => true), slept]);
    over.abort(new Error("changed"));
    signal.throwIfAborted();
    return isChanged;
  };
  /** The first word may take as long as it is waited for; once there is one, silence is the end of it. */
  const settle = async (
    entry: Pick<Entry, "kept" | "end">,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<void> => {
    const since = clock.now();
    const left = (): number => waitMs - (clock.now() - since);
    let isTalking = await changeWithin(entry.kept, waitMs, signal);
    while (isTalking && entry.end === undefined && left() > 0) {
      isTalking = await changeWithin(entry.kept, Math.min(QUIET_MS, left()), signal);
    }
  };

  return {
    start: async (command, { hasTerminal }) => {
      if (running().length + starting >= BACKGROUND_MAX) {
        return { kind: "refused", why: `${BACKGROUND_MAX} run already; stop one with KillBash` };
      }
      starting += 1;
      try {
        const terminal = hasTerminal ? { terminal: TERMINAL } : {};
        const process = await start({ kind: "command", shell: command, ...terminal }, closing.signal);
        const reply = (text: string): void => void process.write(Buffer.from(text));
        const options = { charsMax: KEPT_CHARS_MAX };
        const kept = hasTerminal ? createScreenKept({ ...options, ...TERMINAL, reply }) : createKept(options);
        started += 1;
        const entry: Omit<Entry, "done"> & { done?: Promise<void> } = {
          ...{ id: `bash_${started}`, command, running: process, kept, hasTerminal },
          ...{ startedMs: clock.now(), isTold: false },
        };
        entry.done = follow(entry);
        entries.set(entry.id, entry as Entry);
        tell(entry as Entry);
        await settle(entry, START_MS, closing.signal);
        return { kind: "started", job: toJob(entry as Entry) };
      } catch (error) {
        return { kind: "refused", why: reasonOf(error) };
      } finally {
        starting -= 1;
      }
    },
    find: (id) => {
      const entry = entries.get(id);
      return entry === undefined ? undefined : toJob(entry);
    },
    ids: () => [...entries.keys()],
    look: async (id, waitMs, signal) => {
      const entry = get(id);
      if (!entry.kept.hasNews && entry.end === undefined && waitMs > 0) {
        await changeWithin(entry.kept, waitMs, signal);
      }
      // Whoever hears of the end here need not hear of it again.
      if (entry.end !== undefined) entry.isTold = true;
      return entry.kept.take();
    },
    write: async (id, bytes, waitMs, signal) => {
      const entry = get(id);
      entry.running.write(bytes);
      await settle(entry, waitMs, signal);
    },
    endInput: (id) => get(id).running.end(),
    kill: async (id) => {
      const entry = get(id);
      entry.isTold = true;
      entry.running.kill();
      await Promise.race([entry.done, clock.sleep(KILL_MS_MAX)]);
    },
    show: () => {
      for (const entry of running()) tell(entry, entry.kept.tail());
    },
    news: () => {
      const ended = [...entries.values()].filter((entry) => entry.end !== undefined && !entry.isTold);
      for (const entry of ended) entry.isTold = true;
      return ended.map((entry) => {
        const tail = entry.kept.peek().slice(-TAIL_CHARS_MAX).toWellFormed().trim();
        const last = tail === "" ? "" : `\nThe last of its output; BashOutput shows all of it:\n${tail}`;
        return `${entry.id} ${describeEnd(toJob(entry))}: ${shown(entry.command)}${last}`;
      });
    },
    close: async () => {
      const stopped = running();
      closing.abort(new Error("the session is over"));
      // A timer that nobody waits for would keep the process alive.
      if (stopped.length === 0) return [];
      await Promise.race([Promise.all(stopped.map(({ done }) => done)), clock.sleep(KILL_MS_MAX)]);
      return stopped.map(({ id }) => id);
    },
  };
}

/** In words that stand behind its id. */
export function describeEnd({ end, ranMs }: Job): string {
  const span = `${(ranMs / 1000).toFixed(ranMs < 10_000 ? 1 : 0)} s`;
  if (end === undefined) return `has been running for ${span}`;
  if (end.timedOut) return `was stopped after ${span}`;
  if (end.signal !== undefined) return `was killed by ${end.signal} after ${span}`;
  if (end.exitCode === undefined) return `was ended after ${span}`;
  return `ended with exit code ${end.exitCode} after ${span}`;
}

function shown(command: string): string {
  return cutMiddle(command.replaceAll("\n", " "), SHOWN_COMMAND_CHARS_MAX);
}

function reasonOf(error: unknown): string {
  const next = error instanceof CloisterError && error.next !== undefined ? `; ${error.next}` : "";
  return `${messageOf(error)}${next}`;
}
