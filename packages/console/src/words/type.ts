import type { Mode } from "@cloister/agent";

/** Everything the screens say to a person, in each language. */
export interface ConsoleWords {
  readonly tip: string;
  readonly starting: string;
  readonly noModel: readonly string[];
  readonly tryAgain: string;
  readonly placeholder: string;
  readonly working: string;
  readonly thinking: string;
  /** It has the prompt, and has said nothing yet. */
  readonly reading: string;
  /** The server tells how far it is; what its cache held counts as read. */
  readonly readingTokens: (read: string, total: string) => string;
  readonly percent: (percent: number) => string;
  /** Estimated from what was read so far. */
  readonly remaining: (seconds: number) => string;
  readonly lastFirst: (seconds: string) => string;
  readonly thought: (seconds: string) => string;
  readonly interruptHint: string;
  readonly steerHint: string;
  readonly leaveHint: string;
  readonly rewindHint: string;
  readonly interrupted: string;
  readonly queued: string;
  readonly sent: string;
  readonly hidden: (lines: number) => string;
  readonly lines: (count: number) => string;
  readonly refused: string;
  readonly picture: (number: number) => string;
  readonly pictureGone: (word: string) => string;
  readonly pasted: (lines: string, number: number) => string;
  readonly next: string;
  readonly outcomes: {
    readonly maxTurns: string;
    readonly maxTokens: string;
    readonly maxTime: string;
    readonly maxCost: string;
  };
  readonly ended: (seconds: string, turns: number) => string;
  readonly tokens: (input: string, output: string) => string;
  readonly speed: (perSecond: string) => string;
  /** While it writes: by an estimate, since the server counts at the end. */
  readonly speedNow: (perSecond: string) => string;
  readonly firstToken: (seconds: string) => string;
  /** A question beside the conversation. */
  readonly goal: {
    readonly usage: string;
    readonly none: string;
    readonly until: (check: string) => string;
    readonly judged: string;
    readonly checking: string;
    readonly missed: (looks: number, max: number) => string;
    readonly reached: string;
    readonly givenUp: string;
    readonly cleared: string;
    readonly faults: Readonly<Record<"empty" | "no-check" | "too-long", string>>;
  };
  readonly loop: {
    readonly usage: string;
    readonly none: string;
    readonly name: (every: string) => string;
    readonly begun: (every: string, max: number) => string;
    readonly state: (runs: number, max: number, skipped: number) => string;
    readonly ended: (runs: number) => string;
    readonly faults: Readonly<Record<"empty" | "interval" | "itself", string>>;
  };
  readonly aside: {
    readonly waiting: string;
    readonly stop: string;
    readonly close: string;
    readonly usage: string;
  };
  readonly compacted: (before: string, after: string) => string;
  readonly subagent: (calls: number) => string;
  readonly todos: (done: number, all: number) => string;
  readonly tasks: { readonly title: string; readonly hint: string; readonly none: string };
  readonly modes: Readonly<Record<Mode, string>>;
  readonly status: {
    readonly cleared: (label: string) => string;
    readonly cell: (tier: string) => string;
    readonly noCell: string;
    readonly goal: (missed: number) => string;
    readonly context: (percent: number, window: string) => string;
    readonly sealed: (count: number) => string;
  };
  readonly approval: {
    readonly title: string;
    readonly why: (rule: string, reason: string) => string;
    readonly once: string;
    readonly session: string;
    readonly always: string;
    readonly no: string;
    readonly noBecause: string;
    readonly parts: {
      readonly choose: string;
      readonly title: (accepted: number, all: number) => string;
      readonly hint: string;
    };
    readonly answered: Readonly<Record<"once" | "session" | "always" | "no" | "part", string>>;
  };
  readonly plan: {
    readonly title: string;
    readonly go: string;
    readonly goEdits: string;
    readonly stay: string;
  };
  readonly question: { readonly own: string; readonly many: string };
  readonly alerts: { readonly done: string; readonly asked: string };
  /** In the place of signs, for whoever listens. */
  readonly reader: Readonly<
    Record<
      | "user"
      | "model"
      | "call"
      | "failed"
      | "done"
      | "stopped"
      | "error"
      | "thought"
      | "subagent"
      | "question"
      | "warning"
      | "background"
      | "note",
      string
    >
  >;
  readonly menuHint: string;
  readonly search: string;
  readonly transcript: { readonly title: string; readonly keys: string; readonly empty: string };
  /** The full screen. */
  readonly full: {
    readonly below: (count: string, rows: number) => string;
    readonly scrolled: string;
    /** While a question waits. */
    readonly asked: string;
    readonly opens: string;
    readonly found: string;
    readonly missed: string;
    readonly leftOut: string;
    readonly notForReader: string;
  };
  readonly shell: { readonly note: string; readonly failed: (exit: string) => string };
  readonly unknownCommand: (name: string) => string;
  readonly notYet: string;
  readonly ask: { readonly keys: string; readonly commands: string };
  readonly commands: Readonly<Record<CommandName, string>>;
  readonly keys: readonly (readonly [keys: string, meaning: string])[];
  readonly resumed: string;
  readonly bye: string;
}

export type CommandName =
  | "loop"
  | "goal"
  | "help"
  | "model"
  | "plan"
  | "mode"
  | "compact"
  | "btw"
  | "cost"
  | "context"
  | "theme"
  | "transcript"
  | "fullscreen"
  | "clear"
  | "exit";
