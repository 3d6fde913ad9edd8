/** How the tour looks: numbered steps, the agent's doings as they come, everything else set back a little. */
import type { AgentEvent } from "@cloister/agent";
import { createPaint, paintDiff, visible, type Paint } from "../print/style.ts";
import { brief } from "../print/text.ts";

export interface Stage {
  readonly paint: Paint;
  step(title: string): void;
  note(text: string): void;
  good(text: string): void;
  bad(text: string): void;
  /** Output of a program, set back. */
  output(text: string): void;
  event(event: AgentEvent): void;
  line(text?: string): void;
}

const OUTPUT_LINES_MAX = 14;

export function createStage(write: (text: string) => void, colour: boolean): Stage {
  const paint = createPaint(colour);
  let steps = 0;
  let textOpen = false;
  /** Calls whose result has not come, by id, and the one that was named last: several run at once. */
  const open = new Map<string, string>();
  let named: string | undefined;
  const line = (text = ""): void => write(`${text}\n`);
  const closeText = (): void => {
    if (textOpen) line();
    textOpen = false;
  };
  const name = (call: string): void => {
    line(open.get(call) ?? "");
    named = call;
  };
  const output = (text: string): void => {
    const lines = visible(text.trimEnd()).split("\n");
    const bar = paint("dim", "    │");
    for (const each of lines.slice(0, OUTPUT_LINES_MAX)) line(`${bar} ${paintOutput(paint, each)}`);
    if (lines.length > OUTPUT_LINES_MAX) line(paint("dim", `    │ … (+${lines.length - OUTPUT_LINES_MAX})`));
  };

  return {
    paint,
    line,
    output,
    step: (title) => {
      steps += 1;
      line(`\n${paint(["bold", "cyan"], `${steps}  ${title}`)}`);
    },
    note: (text) => line(`   ${text}`),
    good: (text) => line(`   ${paint("green", "✔")} ${text}`),
    bad: (text) => line(`   ${paint("red", "✘")} ${text}`),
    event: (event) => {
      switch (event.kind) {
        case "text":
          if (!textOpen) write("   ");
          textOpen = true;
          write(visible(event.text));
          break;
        case "call":
          closeText();
          open.set(event.id, `   ${paint("cyan", `● ${event.name}`)} ${brief(event.args)}`);
          // The others are named with their results, which else would stand below a stranger's name.
          if (open.size === 1) name(event.id);
          break;
        case "result":
          closeText();
          if (named !== event.id) name(event.id);
          open.delete(event.id);
          if (event.diff !== undefined) line(paintDiff(paint, event.diff.hunks).replaceAll(/^/gm, "    "));
          else output(testSummary(event.text));
          break;
        case "turn":
          closeText();
          break;
        case "start":
        case "status":
        case "reading":
        case "judging":
        case "server":
        case "reasoning":
        case "end":
        case "item":
        case "user":
        case "progress":
        case "question":
        case "mode":
        case "todos":
        case "goal":
        case "background":
        case "aside":
        case "context":
        case "compaction":
        case "subagent":
          break;
      }
    },
  };
}

function paintOutput(paint: Paint, line: string): string {
  if (/^ok \d|^# fail 0$/.test(line)) return paint("green", line);
  if (/^not ok \d|^# fail /.test(line)) return paint("red", line);
  return paint("dim", line);
}

/** Of a test run only what it found, so that the tour stays a story; other output is shown as it is. */
export function testSummary(text: string): string {
  const lines = text.split("\n");
  const verdicts = lines.filter((line) => /^(ok|not ok) \d|^# (pass|fail) /.test(line));
  return verdicts.length === 0 ? text : verdicts.join("\n");
}
