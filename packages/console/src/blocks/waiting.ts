/** What a person is told while they wait: what the model is at, how far it is with the prompt, how fast it writes. */
import type { AgentEvent } from "@cloister/agent";
import type { Clock } from "@cloister/base";
import type { ConsoleWords } from "../words/type.ts";
import { groupedCount, shortSeconds } from "./numbers.ts";
import { createPaceMeter } from "./pace.ts";

export interface Waiting {
  event(event: AgentEvent): void;
  /** `isThinking`: a thought is on the screen; `isRunning`: a tool is at work, so nobody waits for the model. */
  told(at: { readonly isThinking: boolean; readonly isRunning: boolean }): {
    readonly what: string;
    readonly notes: readonly string[];
  };
}

type Reading = Extract<AgentEvent, { kind: "reading" }>;

/** Before that it is too soon to say that the model is still reading. */
const READING_MS_TOLD = 2000;
/** A server that tells how far it is is believed sooner, but not for what is over before it is read. */
const PROGRESS_MS_TOLD = 1000;
/** What the first pieces took says little of the rest. */
const MEASURED_MS_MIN = 500;
/** Less than that is over before it is read. */
const LEFT_MS_TOLD = 500;
/** Sooner than that says nothing about the model. */
const FIRST_MS_TOLD = 50;

const saying: ReadonlySet<string> = new Set(["text", "reasoning", "call", "turn", "end"]);

export function createWaiting({
  words,
  clock,
}: {
  readonly words: () => ConsoleWords;
  readonly clock: Pick<Clock, "now">;
}): Waiting {
  const pace = createPaceMeter();
  /** Since when the model has had the prompt, without a word of it yet. */
  let askedAt: number | undefined;
  let isChecking = false;
  let reading: (Reading & { readonly atMs: number }) | undefined;
  /** How long the first word took: of this answer, and of the one before. */
  let firstMs: number | undefined;
  let lastFirstMs = 0;

  const notesOfReading = ({
    total,
    read,
    cached,
    ms,
    atMs,
  }: Reading & { readonly atMs: number }): string[] => {
    const percent = words().percent(Math.floor((read / total) * 100));
    if (ms < MEASURED_MS_MIN || read <= cached || read >= total) return [percent];
    const leftMs = ((total - read) * ms) / (read - cached) - (clock.now() - atMs);
    // It takes longer than was thought: nothing is said rather than that it is done.
    return leftMs < LEFT_MS_TOLD ? [percent] : [percent, words().remaining(Math.round(leftMs / 1000))];
  };

  return {
    event: (event) => {
      const now = clock.now();
      switch (event.kind) {
        case "user":
        case "result":
          isChecking = false;
          askedAt = now;
          reading = undefined;
          firstMs = undefined;
          pace.clear();
          return;
        case "reading":
          reading = { ...event, atMs: now };
          return;
        // While it is looked at, nobody is asked; what was missed goes to the model at once.
        case "goal":
          isChecking = event.step.kind === "checking";
          askedAt = event.step.kind === "missed" ? now : undefined;
          reading = undefined;
          return;
        case "text":
        case "reasoning":
          if (askedAt !== undefined) firstMs = now - askedAt;
          pace.wrote(event.text, now);
          break;
        case "turn":
          lastFirstMs = event.speed.firstMs ?? lastFirstMs;
          break;
        case "start":
        case "item":
        case "status":
        case "judging":
        case "call":
        case "progress":
        case "question":
        case "server":
        case "aside":
        case "mode":
        case "background":
        case "todos":
        case "context":
        case "compaction":
        case "subagent":
        case "end":
          break;
      }
      if (!saying.has(event.kind)) return;
      askedAt = undefined;
      reading = undefined;
    },
    told: ({ isThinking, isRunning }) => {
      if (isChecking) return { what: words().goal.checking, notes: [] };
      const now = clock.now();
      const waitedMs = askedAt === undefined || isRunning ? 0 : now - askedAt;
      if (reading !== undefined && waitedMs >= PROGRESS_MS_TOLD) {
        const { read, total } = reading;
        const what = words().readingTokens(groupedCount(read), groupedCount(total));
        return { what, notes: notesOfReading(reading) };
      }
      if (waitedMs >= READING_MS_TOLD) {
        // The last time says more than nothing: how much of the prompt is in the server's cache, it alone knows.
        const last = lastFirstMs >= READING_MS_TOLD ? [words().lastFirst(shortSeconds(lastFirstMs))] : [];
        return { what: words().reading, notes: last };
      }
      const what = isThinking ? words().thinking : words().working;
      const speed = isRunning ? undefined : pace.tokensPerSecond(now);
      if (speed === undefined) return { what, notes: [] };
      const first = (firstMs ?? 0) < FIRST_MS_TOLD ? [] : [words().firstToken(shortSeconds(firstMs ?? 0))];
      return { what, notes: [words().speedNow(String(Math.round(speed))), ...first] };
    },
  };
}
