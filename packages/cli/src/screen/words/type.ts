/** What the screen's commands say, in each language. Errors are the keeper's own, in English. */
export interface ScreenWords {
  readonly commands: Readonly<Record<ScreenCommandName, string>>;
  readonly pickHint: string;
  readonly menuHint: string;
  readonly nothingFound: string;
  readonly notYet: string;
  readonly notSaved: string;
  readonly resume: {
    readonly title: string;
    readonly none: string;
    readonly about: (turns: number, label: string, model: string) => string;
    readonly earlier: (count: number) => string;
    readonly here: (title: string) => string;
  };
  readonly rewind: {
    readonly title: string;
    readonly none: string;
    readonly what: string;
    readonly both: string;
    readonly files: (count: number) => string;
    readonly conversation: string;
    readonly neither: string;
    readonly same: string;
    readonly git: string;
    readonly theirs: (paths: string) => string;
    readonly impossible: (path: string, why: string) => string;
    readonly left: (paths: string) => string;
    readonly unsure: string;
    readonly done: (files: number) => string;
    readonly untouched: (path: string, why: string) => string;
  };
  readonly export: { readonly written: (path: string) => string; readonly usage: string };
  readonly rename: { readonly usage: string; readonly done: (name: string) => string };
  readonly clear: string;
  readonly model: {
    readonly title: string;
    readonly sees: (clearance: string) => string;
    readonly seesNothing: string;
    readonly law: (jurisdiction: string) => string;
    readonly window: (tokens: string) => string;
    readonly pictures: string;
    readonly now: string;
    /** By which it may see that. */
    readonly rule: (rule: string) => string;
    /** Servers that are asked, and those that do not answer. */
    readonly asking: string;
    readonly silent: (why: string) => string;
    readonly slow: (seconds: number) => string;
    readonly noOthers: string;
    readonly nearby: string;
    readonly switched: (model: string) => string;
    readonly busy: string;
  };
  readonly context: {
    readonly title: string;
    readonly unknown: string;
    readonly parts: Readonly<Record<ContextPart, string>>;
    readonly free: string;
    readonly note: string;
  };
  readonly cost: {
    readonly title: string;
    readonly tokens: string;
    readonly cached: (tokens: string, percent: number) => string;
    readonly inOut: (input: string, output: string) => string;
    readonly money: string;
    readonly noPrice: string;
    readonly speed: string;
    readonly work: string;
    readonly answers: (turns: number, seconds: string) => string;
    /** Beside a speed: the model's, over so many answers. */
    readonly paceOf: (model: string, answers: number) => string;
  };
  readonly exposure: { readonly title: string };
  readonly why: {
    readonly none: string;
    readonly kinds: Readonly<Record<"denied" | "allowed" | "asked", string>>;
    readonly rule: (rule: string) => string;
    readonly more: string;
  };
  readonly diff: {
    readonly title: string;
    readonly session: string;
    readonly uncommitted: string;
    readonly none: string;
    readonly noGit: string;
    /** While something is at work. */
    readonly unfinished: string;
  };
  readonly review: string;
  readonly reviewOf: (what: string) => string;
  readonly init: string;
  readonly memory: { readonly title: string; readonly isNew: string; readonly changed: string };
  readonly mcp: {
    readonly title: string;
    readonly none: string;
    readonly hint: string;
    readonly heard: string;
    readonly silent: string;
    readonly ready: (tools: number) => string;
    readonly states: Readonly<Record<"idle" | "starting" | "failed" | "login", string>>;
    /** Known, and not in this session. */
    readonly absent: string;
    readonly login: (name: string) => string;
  };
  readonly hooks: { readonly title: string; readonly none: string };
  readonly agents: { readonly title: string; readonly none: string };
  readonly skills: { readonly title: string; readonly none: string };
  readonly tasks: {
    readonly title: string;
    readonly none: string;
    readonly stop: (name: string) => string;
    readonly yes: string;
    readonly no: string;
    readonly silent: string;
  };
  readonly todos: { readonly none: string };
  /** `later`: the terminal is asked when the screen is next opened. */
  readonly choice: {
    readonly saved: (path: string) => string;
    readonly later: string;
    readonly theme: string;
  };
  readonly trust: {
    readonly question: (count: string) => string;
    readonly yes: string;
    readonly no: string;
    readonly taken: string;
    /** What was not loaded, and how to change that. */
    readonly skipped: (count: string) => string;
  };
}

export type ContextPart =
  | "system"
  | "tools"
  | "instructions"
  | "messages"
  | "answers"
  | "files"
  | "results"
  | "notes";

export type ScreenCommandName =
  | "resume"
  | "rewind"
  | "clear"
  | "rename"
  | "export"
  | "model"
  | "context"
  | "cost"
  | "exposure"
  | "why"
  | "permissions"
  | "diff"
  | "review"
  | "init"
  | "memory"
  | "mcp"
  | "hooks"
  | "agents"
  | "skills"
  | "tasks"
  | "todos"
  | "trust"
  | "doctor"
  | "theme"
  | "language";
