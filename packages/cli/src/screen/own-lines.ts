/** A person's own lines on the screen: after each step their command is run anew. */
import type { AgentEvent } from "@cloister/agent";
import type { Console } from "@cloister/console";
import type { OpenedSession } from "./opened.ts";
import { createStatusLine, toStatusJson, type StatusLine } from "./status-line.ts";
import type { TerminalSettings } from "./terminal-settings.ts";

export interface OwnLinesOptions extends Pick<TerminalSettings, "statusLine"> {
  /** What other agents' settings say, where ours say nothing: of the person's, or of a project that is trusted. */
  readonly imported: () => string | undefined;
  readonly directory: string;
  readonly version: string;
  readonly screen: Console;
  /** Undefined until the cells are there; then the command runs in one. */
  readonly opened: () => OpenedSession | undefined;
}

/** What is told of the session's events. */
export interface OwnLines {
  event(event: Pick<AgentEvent, "kind">): void;
}

const steps: ReadonlySet<string> = new Set(["start", "turn", "end", "mode"]);

export function openOwnLines(options: OwnLinesOptions): OwnLines {
  const { statusLine, imported, directory, version, screen, opened } = options;
  let line: { readonly command: string; readonly status: StatusLine } | undefined;
  const lineFor = (command: string): StatusLine => {
    if (line?.command === command) return line.status;
    const status = createStatusLine({
      command,
      run: async (text, signal) => (await opened()?.run(text, signal)) ?? { output: "", exit: "0" },
      show: (lines) => screen.facts({ own: lines }),
      onTrouble: (error) => screen.trouble(error),
    });
    line = { command, status };
    return status;
  };
  return {
    event: ({ kind }) => {
      const command = statusLine?.command ?? imported();
      if (!steps.has(kind) || command === undefined || opened() === undefined) return;
      const { facts, mode, context, totals } = screen.desk;
      const { model, endpoint, label } = facts;
      lineFor(command).refresh(
        toStatusJson({ directory, version, model, endpoint, label, mode, context, cost: totals.cost }),
      );
    },
  };
}
