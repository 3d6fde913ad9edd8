/** How a call went, and a command in the background. */
import type { AgentEvent } from "@cloister/agent";
import type { JsonObject } from "@cloister/base";
import { line, span, wrapLine, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import { callLine, indented, outputBlock } from "./blocks.ts";
import { DIFF_LINES_SHOWN_MAX, renderDiff } from "./diff.ts";
import { shortSeconds } from "./numbers.ts";

const OUTPUT_LINES_SHOWN = 3;

export function resultBlock(
  { name, args }: { readonly name: string; readonly args: JsonObject },
  { ok, text, diff, refused }: Extract<AgentEvent, { kind: "result" }>,
  { ms, columns, words }: { readonly ms: number; readonly columns: number; readonly words: ConsoleWords },
): Line[] {
  const notes: string[] = [];
  if (diff !== undefined) notes.push(`+${diff.added} −${diff.removed}`);
  if (refused !== undefined) notes.push(words.refused);
  if (ms >= 1000) notes.push(`${shortSeconds(ms)} s`);
  const style = ok ? "good" : "bad";
  const head = (note: string): Line => callLine({ name, args, sign: "●", style, note }, columns);
  if (diff !== undefined && diff.hunks !== "") {
    const changed = renderDiff(diff, columns - 4, DIFF_LINES_SHOWN_MAX);
    return [head(notes.join(" · ")), ...indented(indented(changed))];
  }
  // A command's output matters to a person; what was read or found is the model's.
  const linesMax = name === "Bash" || !ok ? OUTPUT_LINES_SHOWN : 0;
  const lineCount = text.trimEnd() === "" ? 0 : text.trimEnd().split("\n").length;
  if (linesMax === 0) {
    if (lineCount > 1) notes.push(words.lines(lineCount));
    return [head(notes.join(" · "))];
  }
  const output = outputBlock(text, {
    columns: columns - 4,
    linesMax,
    ...(ok ? {} : { style: "bad" as const }),
  });
  if (output.hidden > 0) notes.push(words.hidden(output.hidden));
  return [head(notes.join(" · ")), ...(lineCount === 0 ? [] : indented(indented(output.lines)))];
}

export function backgroundLine(event: Extract<AgentEvent, { kind: "background" }>): Line {
  const hasFailed = event.state === "ended" && event.exitCode !== 0 && event.isStopped !== true;
  const sign = event.state === "running" ? span("◌ ", "accent") : span("◍ ", hasFailed ? "bad" : "good");
  const exit = event.exitCode === undefined ? "" : `  ${event.exitCode}`;
  return [sign, span(`${event.id} `, "dim"), span(event.command), span(exit, "dim")];
}

/** What a person should still see when they come back. */
export function newsBlock(text: string, columns: number): Line[] {
  return wrapLine(line(span(`↺ ${text}`, "warning")), { columns });
}
