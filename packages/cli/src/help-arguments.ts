/** When help is asked for, and about what: the first page, or all of one command. */
import { usage } from "./option-values.ts";

/** `run` is `-p` and the talk at a terminal, which share their options. */
export const helpTopics = [
  "run",
  "sessions",
  "worktrees",
  "ledger",
  "cell",
  "permissions",
  "trust",
  "plugin",
  "mcp",
  "policy",
  "airlock",
  "acp",
  "quest",
  "wiki",
  "scan",
  "tour",
  "rehearse",
  "settings",
] as const;

export type HelpTopic = (typeof helpTopics)[number];

export interface HelpArguments {
  readonly command: "help";
  /** Undefined: the first page. */
  readonly topic: HelpTopic | undefined;
}

/** Undefined: no help is asked for. What follows `--` is somebody else's command line. @throws CloisterError `usage` */
export function toHelp(argv: readonly string[]): HelpArguments | undefined {
  const [first = "", second, ...more] = argv;
  if (first === "help") {
    const topic = second === undefined ? undefined : topicOf(second);
    // `cloister help cell doctor` is all of `cell`.
    if (second === undefined || (topic !== undefined && more.length <= 1)) return { command: "help", topic };
    throw usage(
      `there is no help on "${argv.slice(1).join(" ")}"`,
      `cloister help ${helpTopics.join(" | ")}`,
    );
  }
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  if (!own.some((word) => word === "--help" || word === "-h")) return undefined;
  return { command: "help", topic: topicOf(first) ?? (own.length > 1 ? "run" : undefined) };
}

/** What was probably meant by a command that there is not. */
export function nextFor(word: string): string {
  if (/\s/u.test(word)) return `cloister -p ${JSON.stringify(word)}`;
  const like = helpTopics.find((topic) => topic.startsWith(word) || word.startsWith(topic));
  return `${like === undefined ? "" : `cloister ${like}? `}cloister --help lists them; a task goes after -p`;
}

function topicOf(word: string): HelpTopic | undefined {
  return helpTopics.find((topic) => topic === word || (topic === "run" && word === "-p"));
}
