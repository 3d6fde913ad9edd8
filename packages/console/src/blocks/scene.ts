/**
 * The conversation as it is shown: events in; out come lines that are finished, to be printed once, and lines that are
 * still alive. It knows no terminal, and events of a kind it does not know change nothing.
 */
import type { AgentEvent, Ending, Mode, Todo } from "@cloister/agent";
import type { Clock, JsonObject } from "@cloister/base";
import { escapeUntrusted } from "../text/escape.ts";
import { fitLine, line, linesOf, span, wrapLine, type Line } from "../text/line.ts";
import type { MarkdownStream } from "../text/markdown-stream.ts";
import type { ConsoleWords } from "../words/type.ts";
import { callLine, endBlock, indented, INDENT, outputBlock, userBlock, type Pace } from "./blocks.ts";
import { shortCount, shortSeconds } from "./numbers.ts";
import { goalBlock } from "../goal.ts";
import { liveTodos } from "./live-todos.ts";
import { createRoll, type Roll, type RollBlock } from "../full/roll.ts";
import { backgroundLine, newsBlock, resultBlock } from "./result.ts";
import { createTranscript, type Transcript } from "./transcript.ts";
import { createWaiting } from "./waiting.ts";
import { unfoldResult, unfoldThought } from "./unfolded.ts";

export interface Scene {
  readonly isWorking: boolean;
  readonly mode: Mode;
  readonly context: { readonly used: number; readonly window: number | undefined };
  readonly totals: { readonly input: number; readonly output: number; readonly cost: number };
  readonly transcript: Transcript;
  /** All of it, to be drawn again. */
  readonly roll: Roll;
  event(event: AgentEvent): void;
  /** Prints these, wrapped where they are too long, after what is finished so far; `joins`: without a blank line before them. */
  print(lines: readonly Line[], options?: { readonly joins: boolean }): void;
  /** What is being said ends here, and these come after it. */
  interject(lines: readonly Line[] | ((columns: number) => Line[])): void;
  take(columns: number): Line[];
  /** In the place of `take`, where the roll is what is drawn. */
  keep(columns: number): void;
  /** `hasTasks` false: its list and its subagents are shown elsewhere. */
  live(columns: number, spinner: string, hasTasks?: boolean): Line[];
}

export interface SceneOptions {
  readonly words: () => ConsoleWords;
  readonly clock: Clock;
  /** Loaded when the first text comes: the first paint needs none. */
  readonly createStream: () => MarkdownStream;
}

interface RunningCall {
  readonly name: string;
  readonly args: JsonObject;
  output: string;
  readonly since: number;
}

interface RunningSubagent {
  readonly agent: string;
  readonly description: string;
  calls: number;
  doing: string;
}

const OUTPUT_LINES_LIVE = 3;
const PROGRESS_CHARS_MAX = 8000;
const SUBAGENTS_SHOWN_MAX = 6;
const CALLS_MAX = 1000;
const THOUGHT_LINES_LIVE = 2;
/** Shorter thoughts are for the transcript alone. */
const THOUGHT_MS_TOLD = 500;
const THOUGHT_CHARS_KEPT = 4000;
/** Of what is small: it counts towards what is kept. */
const CHARS_USUAL = 200;

export function createScene({ words, clock, createStream }: SceneOptions): Scene {
  /** Finished, but not wrapped yet: how wide the terminal is, is known when they are taken. */
  let finished: ((columns: number) => Line[])[] = [];
  let stream: MarkdownStream | undefined;
  let hasText = false;
  let thought: { text: string; whole: string; readonly since: number } | undefined;
  const calls = new Map<string, RunningCall>();
  const subagents = new Map<string, RunningSubagent>();
  let todos: readonly Todo[] = [];
  let isWorking = false;
  let since = 0;
  let mode: Mode = "default";
  let context: Scene["context"] = { used: 0, window: undefined };
  let totals = { input: 0, output: 0, cost: 0 };
  let pace: Pace = { firstMs: undefined, tokensPerSecond: undefined };
  let status = "";
  const waiting = createWaiting({ words, clock });
  /** What stood last: a result after a result is the same list and needs no blank line between. */
  let last: "call" | "other" = "other";
  let said = "";
  const transcript = createTranscript();
  const roll = createRoll();

  const print = (
    render: (columns: number) => Line[],
    kind: "call" | "other" = "other",
    { chars = CHARS_USUAL, unfolded }: Partial<RollBlock> = {},
  ): void => {
    const isApart = !(kind === "call" && last === "call");
    last = kind;
    const apart = (lines: readonly Line[]): Line[] =>
      isApart && lines.length > 0 ? [[], ...lines] : [...lines];
    const lines = (columns: number): Line[] => apart(render(columns));
    finished.push(lines);
    roll.add({
      ...{ lines, chars },
      ...(unfolded === undefined ? {} : { unfolded: (columns: number) => apart(unfolded(columns)) }),
    });
  };
  const wholeText = (text: string, columns: number): Line[] => {
    const whole = createStream();
    whole.push(text);
    return [[], ...indented(whole.end(columns - INDENT))];
  };
  const endText = (): void => {
    const ended = stream;
    if (ended === undefined || !hasText) return;
    hasText = false;
    stream = undefined;
    transcript.add("text", said);
    const text = said;
    const known = roll.textColumns;
    roll.endText(
      { chars: text.length, lines: (columns) => wholeText(text, columns) },
      known === undefined ? [] : indented(ended.end(known - INDENT)),
    );
    said = "";
    finished.push((columns) => indented(ended.end(columns - INDENT)));
  };
  const endThought = (): void => {
    if (thought === undefined) return;
    const ms = clock.now() - thought.since;
    const seconds = shortSeconds(ms);
    const { whole } = thought;
    transcript.add("reasoning", whole);
    thought = undefined;
    if (ms < THOUGHT_MS_TOLD) return;
    const head = line(span(`∴ ${words().thought(seconds)}`, "dim"));
    const unfolded = (columns: number): Line[] => unfoldThought(head, whole, columns);
    print(() => [head], "call", { chars: whole.length, unfolded });
  };

  /** What comes next is none of it. */
  const endSaid = (): void => {
    endThought();
    endText();
  };

  const result = (event: Extract<AgentEvent, { kind: "result" }>): void => {
    const call = calls.get(event.id) ?? { name: event.name, args: {}, output: "", since: clock.now() };
    calls.delete(event.id);
    // The list itself is on the screen.
    if (event.name === "TodoWrite" && event.ok) return;
    const given = JSON.stringify(call.args);
    transcript.add("call", `${call.name} ${given}`);
    transcript.add("result", event.text);
    const ms = clock.now() - call.since;
    const look = (columns: number): Line[] =>
      resultBlock(call, event, { ms, columns: columns - 1, words: words() });
    const unfolded = (columns: number): Line[] =>
      unfoldResult(look(columns)[0] ?? [], { ...event, args: call.args }, columns - 1);
    const held = [given, call.output, event.text, event.diff?.hunks ?? ""];
    print(look, "call", { chars: held.reduce((sum, text) => sum + text.length, 0), unfolded });
  };

  const subagent = ({ id, what }: Extract<AgentEvent, { kind: "subagent" }>): void => {
    const running = subagents.get(id);
    if (what.kind === "begin") {
      subagents.set(id, { agent: what.agent, description: what.description, calls: 0, doing: "" });
    } else if (what.kind === "event" && running !== undefined) {
      if (what.event.kind !== "call") return;
      running.calls += 1;
      running.doing = what.event.name;
    } else if (what.kind === "end" && running !== undefined) {
      subagents.delete(id);
      transcript.add("text", what.ending.text);
      const isDone = what.ending.outcome === "done";
      const { agent, description, calls: count } = running;
      const note = words().subagent(count);
      const [sign, style] = isDone ? (["◆", "good"] as const) : (["◆", "bad"] as const);
      const look = { name: agent, args: { description }, sign, style, note };
      print((columns) => [callLine(look, columns - 1)], "call");
    }
  };

  const end = (ending: Ending): void => {
    endSaid();
    calls.clear();
    subagents.clear();
    isWorking = false;
    status = "";
    if (todos.length > 0 && todos.every((todo) => todo.status === "completed")) todos = [];
    totals = {
      input: totals.input + ending.usage.promptTokens,
      output: totals.output + ending.usage.completionTokens,
      cost: totals.cost + (ending.cost ?? 0),
    };
    const ms = clock.now() - since;
    const now = pace;
    print((columns) => endBlock(ending, ms, now, words(), columns - 1));
  };

  const take = (event: AgentEvent): void => {
    waiting.event(event);
    switch (event.kind) {
      case "user":
        endText();
        if (!isWorking) since = clock.now();
        isWorking = true;
        transcript.add("user", event.text);
        print((columns) => userBlock(event.text, columns - 1), "other", { chars: event.text.length });
        return;
      case "text":
        endThought();
        if (stream === undefined) {
          stream = createStream();
          // The blank line before the text; what follows it is the stream's own.
          finished.push(() => [[]]);
          roll.beginText();
          last = "other";
        }
        hasText = true;
        said += event.text;
        stream.push(event.text);
        return;
      case "reasoning": {
        endText();
        thought ??= { text: "", whole: "", since: clock.now() };
        thought.whole += event.text;
        thought.text = (thought.text + event.text).slice(-THOUGHT_CHARS_KEPT);
        return;
      }
      case "call":
        endSaid();
        if (calls.size < CALLS_MAX) {
          calls.set(event.id, { name: event.name, args: event.args, output: "", since: clock.now() });
        }
        return;
      case "progress": {
        const call = calls.get(event.id);
        if (call !== undefined) call.output = (call.output + event.text).slice(-PROGRESS_CHARS_MAX);
        return;
      }
      case "result":
        endSaid();
        return result(event);
      case "status":
        if (event.isNews === true) print((columns) => newsBlock(event.text, columns - 1));
        else status = event.text;
        return;
      case "mode":
        mode = event.mode;
        return;
      case "goal":
        if (event.step.kind === "missed") transcript.add("result", event.step.text);
        return print((columns) => goalBlock(event, words(), columns - 1));
      case "todos":
        todos = event.todos;
        return;
      case "turn":
        endSaid();
        status = "";
        pace = event.speed;
        return;
      case "context":
        context = event;
        return;
      case "compaction": {
        const { before, after } = event.compaction;
        const text = words().compacted(shortCount(before), shortCount(after));
        return print(() => [line(span(`↺ ${text}`, "dim"))]);
      }
      case "subagent":
        return subagent(event);
      case "end":
        return end(event.ending);
      case "background":
        return print(() => [backgroundLine(event)], "call");
      // They are for a dialog, the working line, or those who keep the session.
      case "question":
      case "aside":
      case "reading":
      case "judging":
      case "server":
      case "item":
      case "start":
        return;
    }
  };

  return {
    get isWorking() {
      return isWorking;
    },
    get mode() {
      return mode;
    },
    get context() {
      return context;
    },
    get totals() {
      return totals;
    },
    transcript,
    roll,
    event: take,
    print: (lines, { joins } = { joins: false }) => {
      if (joins) last = "call";
      const wrapped = (columns: number): Line[] => lines.flatMap((each) => wrapLine(each, { columns }));
      print(wrapped, joins ? "call" : "other");
    },
    interject: (lines) => {
      endSaid();
      print(typeof lines === "function" ? lines : () => [...lines]);
    },
    keep: (columns) => {
      finished = [];
      if (!hasText || stream === undefined) return;
      const isAnew = roll.textColumns !== columns;
      if (isAnew) {
        stream = createStream();
        stream.push(said);
      }
      const lines = indented(stream.take(columns - INDENT));
      roll.growText(isAnew ? [[], ...lines] : lines, columns, isAnew);
    },
    take: (columns) => {
      const lines = finished.flatMap((render) => render(columns));
      finished = [];
      return hasText && stream !== undefined ? [...lines, ...indented(stream.take(columns - INDENT))] : lines;
    },
    live: (columns, spinner, hasTasks = true) => {
      const lines: Line[] = [];
      if (hasText && stream !== undefined) lines.push(...indented(stream.live(columns - INDENT)));
      lines.push(...liveThought(columns));
      if (calls.size > 0 && last !== "call") lines.push([]);
      for (const call of calls.values()) lines.push(...liveCall(call, columns, spinner));
      if (hasTasks) lines.push(...liveSubagents(columns, spinner));
      if (hasTasks && isWorking) lines.push(...liveTodos(todos, words(), columns));
      if (isWorking) lines.push([], workingLine(columns, spinner));
      return lines;
    },
  };

  function liveThought(columns: number): Line[] {
    if (thought === undefined) return [];
    const rows = linesOf(escapeUntrusted(thought.text.slice(-columns * 4).trim()), "dim").flatMap((each) =>
      wrapLine(each, { columns: columns - INDENT }),
    );
    return [[], ...indented(rows.slice(-THOUGHT_LINES_LIVE))];
  }

  function liveCall(call: RunningCall, columns: number, spinner: string): Line[] {
    const ms = clock.now() - call.since;
    const note = ms < 1000 ? "" : `${shortSeconds(ms)} s`;
    const head = callLine(
      { name: call.name, args: call.args, sign: spinner, style: "accent", note },
      columns,
    );
    if (call.output.trim() === "") return [head];
    const { lines } = outputBlock(call.output, { columns: columns - 4, linesMax: OUTPUT_LINES_LIVE });
    return [head, ...indented(indented(lines))];
  }

  function liveSubagents(columns: number, spinner: string): Line[] {
    const running = [...subagents.values()];
    const lines = running.slice(0, SUBAGENTS_SHOWN_MAX).map(({ agent, description, calls: count, doing }) => {
      const note = `${words().subagent(count)}${doing === "" ? "" : ` · ${doing}`}`;
      return callLine({ name: agent, args: { description }, sign: spinner, style: "accent", note }, columns);
    });
    const more = running.length - SUBAGENTS_SHOWN_MAX;
    return more > 0 ? [...lines, [span(`  … +${more}`, "dim")]] : lines;
  }

  function workingLine(columns: number, spinner: string): Line {
    const { what, notes } = waiting.told({ isThinking: thought !== undefined, isRunning: calls.size > 0 });
    const seconds = `${Math.floor((clock.now() - since) / 1000)} s`;
    const parts = [...notes, seconds, ...(status === "" ? [] : [status]), words().interruptHint];
    return fitLine([span(`${spinner} ${what} `, "accent"), span(parts.join(" · "), "dim")], columns);
  }
}
