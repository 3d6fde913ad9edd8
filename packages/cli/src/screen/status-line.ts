/** Lines of a person's own below the status line: what their command prints, which runs in a cell as all commands do. */
import { basename } from "node:path";
import type { JsonObject } from "@cloister/base";

export interface StatusLineOptions {
  readonly command: string;
  /** Runs a line of shell in a cell. */
  readonly run: (
    line: string,
    signal: AbortSignal,
  ) => Promise<{ readonly output: string; readonly exit: string }>;
  readonly show: (lines: readonly string[]) => void;
  /** Said once: whoever runs into it sees the same with each step. */
  readonly onTrouble: (error: unknown) => void;
}

export interface StatusLine {
  /** Something has changed. Runs one after another; of those that wait the newest counts. */
  refresh(facts: JsonObject): void;
}

const RUN_MS_MAX = 5000;
const LINES_MAX = 3;
const LINE_CHARS_MAX = 400;
// oxlint-disable-next-line no-control-regex -- colours of the command's own; our line has its own
const colours = /\u001b\[[\d;:]*m/g;

export function createStatusLine({ command, run, show, onTrouble }: StatusLineOptions): StatusLine {
  let isRunning = false;
  let hasFailed = false;
  let waiting: JsonObject | undefined;
  const once = async (facts: JsonObject): Promise<void> => {
    isRunning = true;
    try {
      const { output, exit } = await run(withInput(command, facts), AbortSignal.timeout(RUN_MS_MAX));
      const lines = output.replaceAll(colours, "").trimEnd().split("\n").slice(0, LINES_MAX);
      show(
        exit === "0" ? lines.map((each) => each.slice(0, LINE_CHARS_MAX)).filter((each) => each !== "") : [],
      );
    } catch (error) {
      show([]);
      if (!hasFailed) onTrouble(error);
      hasFailed = true;
    }
    isRunning = false;
    const next = waiting;
    waiting = undefined;
    if (next !== undefined) void once(next);
  };
  return {
    refresh: (facts) => {
      if (isRunning) waiting = facts;
      else void once(facts);
    },
  };
}

/** On its standard input, as one text in single quotes, within which a shell reads nothing but its end. */
export function withInput(command: string, facts: JsonObject): string {
  const text = JSON.stringify(facts).replaceAll("'", String.raw`'\''`);
  return `printf '%s' '${text}' | { ${command}\n}`;
}

export interface StatusFacts {
  readonly directory: string;
  readonly version: string;
  readonly model: string | undefined;
  readonly endpoint: string | undefined;
  readonly label: string | undefined;
  readonly mode: string;
  readonly context: { readonly used: number; readonly window: number | undefined };
  readonly cost: number;
}

/** With the names that scripts written for Claude Code look for, and what only we know under `cloister`. */
export function toStatusJson(facts: StatusFacts): JsonObject {
  const { directory, version, model = "", endpoint = "", label = "", mode, context, cost } = facts;
  const { used, window } = context;
  const percent = window === undefined || window <= 0 ? null : Math.round((used / window) * 100);
  return {
    hook_event_name: "Status",
    cwd: directory,
    version,
    model: { id: model, display_name: basename(model) },
    workspace: { current_dir: directory, project_dir: directory },
    cost: { total_cost_usd: cost },
    context_window: { context_window_size: window ?? null, used_tokens: used, used_percentage: percent },
    cloister: { endpoint, label, mode },
  };
}
