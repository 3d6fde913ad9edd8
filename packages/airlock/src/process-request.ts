/** What the agent may ask the keeper to start, and what it hears of it. */
import { CloisterError, isRecord } from "@cloister/base";

export type ProcessRequest =
  /** Judged and recorded like a command that is waited for. Without `timeoutMs` it may go on as long as the session. */
  | {
      readonly kind: "command";
      readonly shell: string;
      readonly terminal?: TerminalSize;
      readonly timeoutMs?: number;
    }
  /** By its name among those that a person registered: the agent can start no other. */
  | { readonly kind: "server"; readonly name: string }
  /** `environment` may only name variables that say what the hook is about. */
  | {
      readonly kind: "hook";
      readonly id: string;
      readonly input: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
    };

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ProcessOutput {
  readonly stream: "out" | "err";
  readonly bytes: Uint8Array;
}

/** Neither code nor signal: the keeper went away, or the stream was broken off. */
export interface ProcessEnd {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly timedOut: boolean;
  /** What was done about it afterwards, for the model. */
  readonly note?: string;
}

/** A terminal has one stream: all of its output is `out`. */
export interface RunningProcess {
  /**
   * For one reader, to be read to its end: a process whose output nobody reads stands still, once 1 MB waits here. What
   * comes after `kill` may be dropped.
   */
  readonly output: AsyncIterable<ProcessOutput>;
  /**
   * False when it takes its input more slowly than this: wait for `drained`. What is written after its end is dropped.
   * @throws CloisterError `input-too-long` when far too much waits.
   */
  write(bytes: Uint8Array): boolean;
  /** Resolves when there is room again, and when the process has ended. */
  drained(): Promise<void>;
  /** Nothing more will be written. */
  end(): void;
  /** Of its terminal, if it has one. */
  resize(columns: number, rows: number): void;
  /** Asks it to end (SIGTERM), and a second later ends it with everything that it started. */
  kill(): void;
  /** Never rejects. After it nothing of the process is left. */
  readonly ended: Promise<ProcessEnd>;
}

const COMMAND_CHARS_MAX = 100_000;
const NAME_CHARS_MAX = 200;
const VARIABLES_MAX = 100;
const VARIABLE_CHARS_MAX = 32_000;
const TIMEOUT_MS_MAX = 24 * 3_600_000;
const SIDE_MAX = 1000;

// Others, such as LD_PRELOAD and NODE_OPTIONS, would let the agent decide what a registered program does.
const hookVariable = /^(?:CLOISTER|CLAUDE|CODEX|CURSOR|GEMINI|HOOK|QODER|QWEN|TOOL)_[A-Z0-9_]{1,100}$/;

/** @throws CloisterError `bad-process` */
export function parseProcessRequest(value: unknown): ProcessRequest {
  if (!isRecord(value)) throw badProcess("it is not an object");
  switch (value["kind"]) {
    case "command": {
      const { shell, terminal, timeoutMs } = value;
      if (typeof shell !== "string" || shell.length > COMMAND_CHARS_MAX || shell.includes("\0")) {
        throw badProcess("a command needs a shell line");
      }
      return {
        kind: "command",
        shell,
        ...(terminal === undefined ? {} : { terminal: parseTerminalSize(terminal) }),
        ...(timeoutMs === undefined ? {} : { timeoutMs: parseTimeout(timeoutMs) }),
      };
    }
    case "server":
      return { kind: "server", name: parseName(value["name"]) };
    case "hook": {
      const { input, timeoutMs } = value;
      if (typeof input !== "string") throw badProcess("a hook needs an input");
      const environment = parseVariables(value["environment"]);
      return {
        kind: "hook",
        id: parseName(value["id"]),
        input,
        environment,
        timeoutMs: parseTimeout(timeoutMs),
      };
    }
    case undefined:
    default:
      throw badProcess("its kind is not command, server or hook");
  }
}

/** @throws CloisterError `bad-process` */
export function parseTerminalSize(value: unknown): TerminalSize {
  const { columns, rows } = isRecord(value) ? value : {};
  if (!isSide(columns) || !isSide(rows)) throw badProcess(`a terminal has 1 to ${SIDE_MAX} columns and rows`);
  return { columns, rows };
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= SIDE_MAX;
}

function parseTimeout(value: unknown): number {
  if (typeof value !== "number" || !(value > 0)) throw badProcess("its timeout is no number of ms");
  return Math.min(value, TIMEOUT_MS_MAX);
}

function parseName(value: unknown): string {
  if (typeof value === "string" && value !== "" && value.length <= NAME_CHARS_MAX) return value;
  throw badProcess("it has no name");
}

function parseVariables(value: unknown): Record<string, string> {
  if (!isRecord(value)) throw badProcess("a hook needs an environment");
  const entries = Object.entries(value);
  const wrong = entries.find(
    ([name, text]) =>
      !hookVariable.test(name) ||
      typeof text !== "string" ||
      text.length > VARIABLE_CHARS_MAX ||
      text.includes("\0"),
  );
  if (wrong !== undefined || entries.length > VARIABLES_MAX) {
    throw badProcess(
      `a hook is not told ${wrong === undefined ? "so many variables" : wrong[0].slice(0, 100)}`,
    );
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function badProcess(why: string): CloisterError {
  return new CloisterError(`not a process to start: ${why}`, { code: "bad-process" });
}
