/** The one error type of the product: what went wrong, by a stable code, and what to do next. */
import { visible } from "./visible.ts";

export interface ErrorDetail {
  /** Stable, kebab-case, never reused: programs and documents may rely on it. */
  readonly code: string;
  /** One sentence a user can act on. */
  readonly next?: string;
  /** The rule that decided, when a rule did. */
  readonly rule?: string;
  readonly cause?: unknown;
}

/** The world failed, or the input was bad. Programmer's mistakes are `assert`; expected outcomes are values. */
export class CloisterError extends Error {
  readonly code: string;
  readonly next: string | undefined;
  readonly rule: string | undefined;

  constructor(message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "CloisterError";
    this.code = detail.code;
    this.next = detail.next;
    this.rule = detail.rule;
  }
}

/** Text for a person: the cause, the rule and the next step, each on a line of its own when known. */
export function formatError(thrown: unknown): string {
  const error = firstError(thrown);
  if (!(error instanceof CloisterError)) return visible(messageOf(error));
  const lines = [`${error.message} [${error.code}]`];
  if (error.rule !== undefined) lines.push(`rule: ${error.rule}`);
  if (error.next !== undefined) lines.push(`next: ${error.next}`);
  // Messages quote files, servers and settings of strangers.
  return visible(lines.join("\n"));
}

export function messageOf(thrown: unknown): string {
  const error = firstError(thrown);
  return error instanceof Error ? error.message : String(error);
}

const SUPPRESSED_MAX = 100;

/** A disk that is full fails what was begun, and then each thing that is being closed: the first says what is wrong. */
export function firstError(thrown: unknown): unknown {
  let error = thrown;
  for (let depth = 0; error instanceof SuppressedError && depth < SUPPRESSED_MAX; depth++) {
    error = error.suppressed;
  }
  return error;
}

/** The system's code of a failed call ("ENOENT", "ECONNREFUSED"), or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
