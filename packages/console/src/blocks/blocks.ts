/** What each kind of thing in a conversation looks like, as lines without a blank line around them. */
import type { Ending, Todo, Trouble } from "@cloister/agent";
import { CloisterError, firstError, messageOf, type JsonObject } from "@cloister/base";
import { escapeUntrusted } from "../text/escape.ts";
import { fitLine, hang, line, linesOf, span, wrapLine, type Line, type StyleName } from "../text/line.ts";
import { lineWidth } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import { shortCount, shortSeconds } from "./numbers.ts";

/** All blocks stand two columns in; their signs stand before that. */
export const INDENT = 2;
const indent = span("  ");
const USER_LINES_MAX = 20;

export function indented(lines: readonly Line[]): Line[] {
  return lines.map((each) => (each.length === 0 ? each : [indent, ...each]));
}

export function userBlock(text: string, columns: number): Line[] {
  const rows = linesOf(escapeUntrusted(text.trimEnd()), "user").flatMap((each) =>
    wrapLine(each, { columns: columns - INDENT }),
  );
  const shown = rows.slice(0, USER_LINES_MAX);
  const more = rows.length - shown.length;
  return [...hang(shown, span("❯ ", "accent")), ...(more > 0 ? [line(span(`  … +${more}`, "dim"))] : [])];
}

export interface CallLook {
  readonly name: string;
  readonly args: JsonObject;
  readonly sign: string;
  readonly style: StyleName;
  readonly note?: string;
}

/** One quiet line: a sign, the tool, what it is about, and at the right how it went. */
export function callLine({ name, args, sign, style, note = "" }: CallLook, columns: number): Line {
  const right: Line = note === "" ? [] : [span(`  ${note}`, "dim")];
  const left = fitLine(
    [span(`${sign} `, style), span(name, "strong"), span(` ${subjectOf(name, args)}`, "text")],
    Math.max(10, columns - lineWidth(right)),
  );
  return [...left, ...right];
}

/** Which argument says what a call is about; any other tool's first text does. */
const subjects: Readonly<Record<string, string>> = {
  Bash: "command",
  Read: "file_path",
  Write: "file_path",
  Edit: "file_path",
  Grep: "pattern",
  Glob: "pattern",
  Task: "description",
};

function subjectOf(name: string, args: JsonObject): string {
  const named = subjects[name] === undefined ? undefined : args[subjects[name]];
  const found =
    typeof named === "string" ? named : Object.values(args).find((each) => typeof each === "string");
  return typeof found === "string" ? found : "";
}

export function outputBlock(
  text: string,
  options: { columns: number; linesMax: number; style?: StyleName },
): {
  readonly lines: Line[];
  readonly hidden: number;
} {
  const all = linesOf(escapeUntrusted(text.trimEnd()), options.style ?? "dim");
  // The end of a command's output says how it went.
  const kept = all.slice(-options.linesMax);
  return {
    lines: kept.map((each) => fitLine(each, options.columns)),
    hidden: all.length - kept.length,
  };
}

const todoSigns: Readonly<Record<Todo["status"], readonly [sign: string, style: StyleName]>> = {
  completed: ["✓", "good"],
  in_progress: ["▸", "accent"],
  pending: ["○", "dim"],
};

export function todoBlock(todos: readonly Todo[], columns: number): Line[] {
  return todos.map(({ content, activeForm, status }) => {
    const [sign, style] = todoSigns[status] ?? todoSigns.pending;
    const text = status === "in_progress" ? (activeForm ?? content) : content;
    const textStyle = status === "in_progress" ? "text" : "dim";
    return fitLine([span(`${sign} `, style), span(text, textStyle)], columns);
  });
}

export function toTrouble(thrown: unknown): Trouble {
  const error = firstError(thrown);
  if (!(error instanceof CloisterError)) return { code: "error", message: messageOf(error) };
  const { code, message, next } = error;
  return { code, message, ...(next === undefined ? {} : { next }) };
}

export function troubleBlock({ message, code, next }: Trouble, words: ConsoleWords, columns: number): Line[] {
  const said = linesOf(escapeUntrusted(message)).flatMap((each, index) =>
    wrapLine(index === 0 ? [...each, span(` [${code}]`, "dim")] : each, { columns: columns - INDENT }),
  );
  const advice = next === undefined ? [] : linesOf(escapeUntrusted(next));
  return [
    ...hang(said, span("✗ ", "bad")),
    ...advice.flatMap((each, index) =>
      wrapLine([span(index === 0 ? words.next : "", "dim"), ...each], {
        columns,
        first: [indent],
      }),
    ),
  ];
}

/** Sooner or faster than that says something about the clock, and nothing about the model. */
const FIRST_MS_TOLD = 50;
const SPEED_TOLD_MAX = 3000;

export interface Pace {
  readonly firstMs: number | undefined;
  readonly tokensPerSecond: number | undefined;
}

export function endBlock(
  ending: Ending,
  ms: number,
  pace: Pace,
  words: ConsoleWords,
  columns: number,
): Line[] {
  const { usage, turns, outcome, cost } = ending;
  const parts = [words.ended(shortSeconds(ms), turns)];
  if (usage.promptTokens + usage.completionTokens > 0) {
    parts.push(words.tokens(shortCount(usage.promptTokens), shortCount(usage.completionTokens)));
  }
  const { firstMs = 0, tokensPerSecond: speed } = pace;
  if (firstMs >= FIRST_MS_TOLD) parts.push(words.firstToken(shortSeconds(firstMs)));
  if (speed !== undefined && speed <= SPEED_TOLD_MAX) parts.push(words.speed(String(Math.round(speed))));
  if (cost !== undefined && cost > 0) parts.push(cost.toFixed(4));
  const [sign, style] = outcome === "done" ? (["✓", "good"] as const) : (["■", "warning"] as const);
  const why = whyOf(outcome, words);
  const last = fitLine(
    [
      span(`${sign} `, style),
      ...(why === "" ? [] : [span(`${why} · `, style)]),
      span(parts.join(" · "), "dim"),
    ],
    columns,
  );
  const error = ending.error === undefined ? [] : troubleBlock(ending.error, words, columns);
  return [...error, last];
}

function whyOf(outcome: Ending["outcome"], words: ConsoleWords): string {
  switch (outcome) {
    case "cancelled":
      return words.interrupted;
    case "max-turns":
      return words.outcomes.maxTurns;
    case "max-tokens":
      return words.outcomes.maxTokens;
    case "max-time":
      return words.outcomes.maxTime;
    case "max-cost":
      return words.outcomes.maxCost;
    case "done":
    case "failed":
      return "";
  }
}
