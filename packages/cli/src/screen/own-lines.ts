/** A person's own lines on the screen: after each step their command is run anew. */
import type { AgentEvent } from "@cloister/agent";
import type { Console } from "@cloister/console";
import type { OpenedSession } from "./opened.ts";
import { createStatusLine, toStatusJson } from "./status-line.ts";
import type { TerminalSettings } from "./terminal-settings.ts";

export interface OwnLinesOptions extends Pick<TerminalSettings, "statusLine"> {
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

export function openOwnLines({ statusLine, directory, version, screen, opened }: OwnLinesOptions): OwnLines {
  if (statusLine === undefined) return { event: () => {} };
  const line = createStatusLine({
    command: statusLine.command,
    run: async (text, signal) => (await opened()?.run(text, signal)) ?? { output: "", exit: "0" },
    show: (lines) => screen.facts({ own: lines }),
    onTrouble: (error) => screen.trouble(error),
  });
  return {
    event: ({ kind }) => {
      if (!steps.has(kind) || opened() === undefined) return;
      const { facts, mode, context, totals } = screen.desk;
      const { model, endpoint, label } = facts;
      line.refresh(
        toStatusJson({ directory, version, model, endpoint, label, mode, context, cost: totals.cost }),
      );
    },
  };
}
