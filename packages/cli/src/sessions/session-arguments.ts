/** What a command line says of sessions: which one a run is, and `cloister sessions`, `cloister worktrees`. */
import { parseArgs } from "node:util";
import { messageOf } from "@cloister/base";
import { oneOf, usage, wholeNumber } from "../option-values.ts";
import { isSessionId } from "./places.ts";
import type { SessionWish } from "./saved-session.ts";

export interface SessionFlags extends SessionWish {
  readonly isSaved: boolean;
  /** A git worktree of its own; "" for one whose name is made up. */
  readonly worktree: string | undefined;
}

export const sessionOptions = {
  continue: { type: "boolean", short: "c" },
  resume: { type: "string", short: "r" },
  "fork-session": { type: "boolean" },
  "session-id": { type: "string" },
  "no-save": { type: "boolean" },
  worktree: { type: "string" },
} as const;

export interface SessionValues {
  readonly continue?: boolean;
  readonly resume?: string;
  readonly "fork-session"?: boolean;
  readonly "session-id"?: string;
  readonly "no-save"?: boolean;
  readonly worktree?: string;
}

const mayBeBare: Readonly<Record<string, string>> = {
  "-p": "--print",
  "--print": "--print",
  "-r": "--resume",
  "--resume": "--resume",
  "--worktree": "--worktree",
  "--review": "--review",
  "--check": "--check",
};

/** Options that may stand without their text get an empty one: `-p --continue`. */
export function withBareOptions(argv: readonly string[]): string[] {
  return argv.map((word, at) => {
    const name = mayBeBare[word];
    const next = argv[at + 1];
    const isBare = next === undefined || (next.startsWith("-") && next !== "-" && !next.includes(" "));
    return name !== undefined && isBare ? `${name}=` : word;
  });
}

/** @throws CloisterError `usage` */
export function toSessionFlags(values: SessionValues): SessionFlags {
  const { resume, worktree, "session-id": id } = values;
  const isFork = values["fork-session"] === true;
  const isSaved = values["no-save"] !== true;
  const from = values.continue === true ? "continue" : resume === undefined ? "new" : { which: resume };
  if (values.continue === true && resume !== undefined) {
    throw usage(
      "--continue and --resume do not go together",
      "--continue is the latest, --resume ID any other",
    );
  }
  if (resume === "") throw usage("--resume needs to know which session", "cloister sessions list");
  if (!isSaved && from !== "new") throw usage("a session that goes on is saved", "leave --no-save out");
  if (isFork && from === "new") {
    throw usage("--fork-session needs a session to fork", "add --continue or --resume ID");
  }
  if (id !== undefined && !isSessionId(id)) {
    throw usage(`--session-id cannot be "${id}"`, "letters, digits, - and _, at most 80; a UUID is well");
  }
  if (id !== undefined && from !== "new" && !isFork) {
    throw usage("a session that goes on has its id", "add --fork-session for one of its own");
  }
  return { from, isFork, id, isSaved, worktree };
}

export type SessionsArguments =
  | { readonly command: "sessions-list"; readonly all: boolean; readonly json: boolean }
  | { readonly command: "sessions-show"; readonly which: string }
  | { readonly command: "sessions-rename"; readonly which: string; readonly name: string }
  | {
      readonly command: "sessions-export";
      readonly which: string;
      readonly format: "md" | "html" | "json";
      readonly out: string | undefined;
    }
  | { readonly command: "sessions-delete"; readonly which: string }
  | {
      readonly command: "sessions-rewind";
      readonly which: string;
      readonly to: number;
      readonly what: "files" | "conversation" | "both";
      readonly isDryRun: boolean;
      readonly force: boolean;
      readonly yes: boolean;
    }
  | { readonly command: "worktrees-list" }
  | { readonly command: "worktrees-remove"; readonly name: string; readonly force: boolean };

export const sessionsOptions = {
  all: { type: "boolean" },
  json: { type: "boolean" },
  format: { type: "string" },
  out: { type: "string" },
  to: { type: "string" },
  files: { type: "boolean" },
  conversation: { type: "boolean" },
  both: { type: "boolean" },
  "dry-run": { type: "boolean" },
  force: { type: "boolean" },
  yes: { type: "boolean", short: "y" },
} as const;

const MESSAGES_MAX = 100_000;

/** `argv` begins with `sessions` or `worktrees`. @throws CloisterError `usage` */
export function parseSessionsArguments(argv: readonly string[]): SessionsArguments {
  const { values, positionals } = parse(argv);
  const [noun = "", verb = "list", which, name, ...rest] = positionals;
  const given = (): string => {
    if (which !== undefined) return which;
    throw usage(`${noun} ${verb} needs to know which`, `cloister ${noun} list`);
  };
  if (rest[0] !== undefined || (name !== undefined && verb !== "rename")) {
    throw usage(`unexpected "${rest[0] ?? name ?? ""}"`, "put a name with spaces in quotes");
  }
  switch (`${noun} ${verb}`) {
    case "sessions list":
      return { command: "sessions-list", all: values.all === true, json: values.json === true };
    case "sessions show":
      return { command: "sessions-show", which: given() };
    case "sessions rename":
      if (name === undefined || name.trim() === "") {
        throw usage("no name given", "cloister sessions rename ID NAME");
      }
      return { command: "sessions-rename", which: given(), name };
    case "sessions export":
      return {
        command: "sessions-export",
        which: given(),
        format: oneOf("--format", values.format ?? "md", ["md", "html", "json"]),
        out: values.out,
      };
    case "sessions delete":
      return { command: "sessions-delete", which: given() };
    case "sessions rewind":
      if (values.to === undefined) {
        throw usage("say to before which message", "cloister sessions show ID numbers them; then --to N");
      }
      return {
        command: "sessions-rewind",
        which: given(),
        to: wholeNumber("--to", values.to, 1, MESSAGES_MAX),
        what: whatOf(values),
        isDryRun: values["dry-run"] === true,
        force: values.force === true,
        yes: values.yes === true,
      };
    case "worktrees list":
      return { command: "worktrees-list" };
    case "worktrees remove":
      return { command: "worktrees-remove", name: given(), force: values.force === true };
    default:
      throw usage(
        `there is no "${noun} ${verb}"`,
        noun === "sessions"
          ? "cloister sessions list|show|rename|export|delete|rewind"
          : "cloister worktrees list|remove",
      );
  }
}

function whatOf(values: {
  readonly files?: boolean;
  readonly conversation?: boolean;
  readonly both?: boolean;
}): "files" | "conversation" | "both" {
  const { files = false, conversation = false, both = false } = values;
  if (both || files === conversation) return "both";
  return files ? "files" : "conversation";
}

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof sessionsOptions; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: sessionsOptions, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error), `cloister help ${argv[0] ?? "sessions"} lists the options`);
  }
}
