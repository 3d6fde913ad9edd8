/** `/loop 5m PROMPT`: says it again and again while the screen is open. One at a time; what comes while it works is left out. */
import type { Clock } from "@cloister/base";
import type { Desk } from "./commands.ts";
import type { Tasks } from "./panels/tasks.ts";
import { line, span } from "./text/line.ts";
import type { ConsoleWords } from "./words/type.ts";

export interface Loop {
  /** What stands after `/loop`. */
  command(rest: string, desk: Desk): void;
  /** True: it was this one. */
  stop(id: string): boolean;
  /** Its session is over. */
  end(): void;
}

export interface LoopOptions {
  readonly clock: Clock;
  readonly words: ConsoleWords;
  readonly tasks: Pick<Tasks, "loop">;
  /** Something is at work, on its way, or asked about. */
  readonly isBusy: () => boolean;
  /** As if a person had written it. */
  readonly say: (prompt: string) => void;
  readonly changed: () => void;
}

export const LOOP_ID = "loop";
/** Then somebody has to say that it is still wanted. */
export const LOOP_RUNS_MAX = 100;
const EVERY_MS_DEFAULT = 600_000;
const EVERY_MS_MIN = 10_000;
const EVERY_MS_MAX = 86_400_000;
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** An interval as others write it. Every ten minutes, of a prompt that begins with it, would be a surprise. */
const otherInterval =
  /^\d+(?:\.\d+)?\s*(?:ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?:\s|$)/iu;
/** Claude Code's words for it, and what comes to mind. */
const stopping: ReadonlySet<string> = new Set(["stop", "clear", "off", "cancel", "end"]);

export type ParsedLoop =
  | { readonly kind: "loop"; readonly everyMs: number; readonly prompt: string }
  | { readonly kind: "fault"; readonly fault: "empty" | "interval" | "itself" };

/** `5m PROMPT`, or `PROMPT` alone: every ten minutes. */
export function parseLoop(rest: string): ParsedLoop {
  const [, count, unit = "", said = ""] = /^(?:(\d+)\s*([smh])(?:\s+|$))?(.*)$/su.exec(rest.trim()) ?? [];
  const everyMs = count === undefined ? EVERY_MS_DEFAULT : Number(count) * (units[unit] ?? 0);
  const prompt = said.trim();
  if (prompt === "") return { kind: "fault", fault: "empty" };
  if (count === undefined && otherInterval.test(prompt)) return { kind: "fault", fault: "interval" };
  if (everyMs < EVERY_MS_MIN || everyMs > EVERY_MS_MAX) return { kind: "fault", fault: "interval" };
  if (/^\/loop\b/u.test(prompt)) return { kind: "fault", fault: "itself" };
  return { kind: "loop", everyMs, prompt };
}

function formatEvery(everyMs: number): string {
  const [unit = "s", ms = 1000] = Object.entries(units).findLast(([, each]) => everyMs % each === 0) ?? [];
  return `${everyMs / ms}${unit}`;
}

interface Running {
  readonly every: string;
  readonly prompt: string;
  readonly over: AbortController;
  runs: number;
  skipped: number;
}

export function createLoop({ clock, words, tasks, isBusy, say, changed }: LoopOptions): Loop {
  let running: Running | undefined;

  const told = ({ runs, skipped }: Running): string => words.loop.state(runs, LOOP_RUNS_MAX, skipped);
  const show = (): void => {
    tasks.loop(
      running === undefined
        ? undefined
        : { name: words.loop.name(running.every), about: running.prompt, doing: told(running) },
    );
    changed();
  };
  const end = (): Running | undefined => {
    const was = running;
    running = undefined;
    was?.over.abort(new Error("the loop is over"));
    if (was !== undefined) show();
    return was;
  };
  const once = (own: Running): void => {
    if (isBusy()) {
      own.skipped += 1;
    } else {
      own.runs += 1;
      say(own.prompt);
    }
    show();
  };
  const go = async (own: Running, everyMs: number): Promise<void> => {
    for (;;) {
      // What it says may end it; so may a person.
      if (own.over.signal.aborted) return;
      if (own.runs >= LOOP_RUNS_MAX) return void end();
      await clock.sleep(everyMs, own.over.signal);
      if (!own.over.signal.aborted) once(own);
    }
  };

  return {
    command: (rest, desk) => {
      const print = (text: string, style: "dim" | "warning" = "dim"): void =>
        desk.print([line(span(text, style))]);
      const wish = rest.trim();
      if (wish === "") {
        if (running !== undefined) {
          print(`${words.loop.name(running.every)}: ${running.prompt} · ${told(running)}`);
        }
        return print(words.loop.usage);
      }
      if (stopping.has(wish)) {
        const was = end();
        return print(was === undefined ? words.loop.none : words.loop.ended(was.runs));
      }
      const parsed = parseLoop(wish);
      if (parsed.kind === "fault") return print(words.loop.faults[parsed.fault], "warning");
      end();
      const { everyMs, prompt } = parsed;
      const every = formatEvery(everyMs);
      running = { every, prompt, over: new AbortController(), runs: 0, skipped: 0 };
      print(words.loop.begun(every, LOOP_RUNS_MAX));
      once(running);
      void go(running, everyMs).catch(() => {
        /* it was ended while it waited */
      });
    },
    stop: (id) => id === LOOP_ID && end() !== undefined,
    end: () => void end(),
  };
}
