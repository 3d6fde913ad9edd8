/** Processes that go on while the agent does something else, as the keeper's client gives them. */

export type StartRequest = {
  readonly kind: "command";
  readonly shell: string;
  /** Gives it a terminal of that size, in characters. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
};

export interface ProcessEnd {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly timedOut: boolean;
  /** What the keeper did about it afterwards, for the model. */
  readonly note?: string;
}

/** Its output has to be read, or it stands still. Aborting the signal that it was started with ends it at once. */
export interface RunningProcess {
  readonly output: AsyncIterable<{ readonly stream: "out" | "err"; readonly bytes: Uint8Array }>;
  write(bytes: Uint8Array): boolean;
  /** Nothing more will be written. */
  end(): void;
  kill(): void;
  /** Never rejects. */
  readonly ended: Promise<ProcessEnd>;
}

/** Rejects with what the keeper says against it. */
export type StartProcess = (request: StartRequest, signal: AbortSignal) => Promise<RunningProcess>;

/** A command in the background. */
export interface Job {
  readonly id: string;
  readonly command: string;
  readonly hasTerminal: boolean;
  /** Undefined while it runs. */
  readonly end: ProcessEnd | undefined;
  readonly ranMs: number;
}

export interface Background {
  /** Resolves a moment after the start, so that what fails at once is seen. */
  start(command: string, options: { readonly hasTerminal: boolean }): Promise<Started>;
  find(id: string): Job | undefined;
  ids(): readonly string[];
  /** What was printed since the last look; waits for it, or for the end, as long as `waitMs`. */
  look(id: string, waitMs: number, signal: AbortSignal): Promise<string>;
  /** Writes, and waits until the answer seems complete, at most `waitMs`. */
  write(id: string, bytes: Uint8Array, waitMs: number, signal: AbortSignal): Promise<void>;
  /** Nothing more will be written to it. */
  endInput(id: string): void;
  /** Resolves when it is gone. */
  kill(id: string): Promise<void>;
  /** Tells of each that runs, with the last of its output; it stays news to the model. */
  show(): void;
  /** For the model: which have ended that it has not heard of. Each once. */
  readonly news: () => readonly string[];
  /** Ends all that run. Resolves with their ids when they are gone. */
  readonly close: () => Promise<readonly string[]>;
}

export type Started =
  | { readonly kind: "started"; readonly job: Job }
  | { readonly kind: "refused"; readonly why: string };
