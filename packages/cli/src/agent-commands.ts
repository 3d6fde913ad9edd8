/** What the keeper says to the agent's process, one JSON line each: first its job, then commands. Events come back. */
import type { AskAnswer, Goal, GoalCheck, Mode, SessionOptions, UserMessage } from "@cloister/agent";
import { CloisterError, isRecord, parseJson } from "@cloister/base";
import type { HiddenJob } from "./cell-hidden.ts";
import type { UnreadableFiles } from "./permissions/unreadable.ts";

/** The one line that the agent's process reads before it starts. Tools beside its own are not data. */
export interface AgentJob extends Omit<SessionOptions, "tools"> {
  readonly workspace: string;
  readonly socketPath: string;
  readonly hasRipgrep: boolean;
  readonly seesPictures: boolean;
  readonly seeingModels?: readonly string[];
  /** The folder of the grammars for the repository map. */
  readonly grammars?: string;
  /** What its tools are to call hidden. Its cell hides it in any case. */
  readonly hidden: HiddenJob;
  /** What rules forbid its tools to read. */
  readonly unreadable?: UnreadableFiles;
}

export type AgentCommand =
  | { readonly do: "send"; readonly message: UserMessage }
  | { readonly do: "interrupt" }
  | { readonly do: "compact"; readonly hints?: string }
  | { readonly do: "mode"; readonly mode: Mode }
  /** To a question, by its id. */
  | { readonly do: "answer"; readonly id: string; readonly answer: AskAnswer }
  /** Without one: it is taken back. */
  | { readonly do: "goal"; readonly goal?: Goal }
  /** A goal's check, by the id it was asked for with. */
  | { readonly do: "checked"; readonly id: string; readonly check: GoalCheck }
  | { readonly do: "look" }
  | { readonly do: "aside"; readonly id: string; readonly question: string }
  /** A command in the background, a subagent or a side question, by its id. */
  | { readonly do: "stop"; readonly id: string }
  /** Starts an MCP server anew. */
  | { readonly do: "restart-server"; readonly name: string }
  /** Nothing more will be said: what was sent is done, then the process ends. The end of the input is an interrupt, too. */
  | { readonly do: "close" };

export const AGENT_LINE_CHARS_MAX: number = 64 * 1024 * 1024;

export function formatCommand(command: AgentCommand): string {
  return `${JSON.stringify(command)}\n`;
}

/** The keeper is trusted, so only the outline is checked. @throws CloisterError `bad-command`, `bad-json` */
export function parseCommand(line: string): AgentCommand {
  const value = parseJson(line, "a command to the agent");
  if (!isRecord(value) || !commands.has(value["do"])) {
    throw new CloisterError("the agent was told something it does not know", { code: "bad-command" });
  }
  return value as unknown as AgentCommand;
}

const commands: ReadonlySet<unknown> = new Set([
  ...["send", "interrupt", "compact", "mode", "answer", "look", "aside", "stop", "restart-server", "close"],
  ...["goal", "checked"],
]);

/** @throws CloisterError `usage` */
export function parseJob(line: string): AgentJob {
  const value = parseJson(line, "the agent's job");
  if (isRecord(value) && typeof value["workspace"] === "string") return value as unknown as AgentJob;
  throw new CloisterError("agent-process is started by the keeper, not by hand", {
    code: "usage",
    next: 'cloister -p "…"',
  });
}
