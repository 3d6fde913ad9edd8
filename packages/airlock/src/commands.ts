/** Commands of the agent: recorded, then started in a cell of their own, beside the agent's, never in it. */
import { CloisterError, isRecord } from "@cloister/base";
import { runInCell, type RunResult } from "@cloister/cell";
import { beginCommand, shellArgv, type BegunCommand, type CommandWorld } from "./command-begin.ts";
import { isPlainSearch, quoteArguments } from "./calls/command-gate.ts";
import type { AirlockSession } from "./session.ts";

export type CommandLine = { readonly shell: string } | { readonly argv: readonly string[] };

export interface CommandRequest {
  readonly line: CommandLine;
  readonly timeoutMs: number;
}

const TIMEOUT_MS_MAX = 600_000;
const OUTPUT_BYTES_MAX = 30_000;
const ARGUMENTS_MAX = 1000;
const COMMAND_CHARS_MAX = 100_000;

/** @throws CloisterError `bad-command` */
export function parseCommandRequest(value: unknown): CommandRequest {
  const timeoutMs = isRecord(value) ? value["timeoutMs"] : undefined;
  if (!isRecord(value) || typeof timeoutMs !== "number" || !(timeoutMs > 0)) throw badCommand();
  const { shell, argv } = value;
  const bounded = Math.min(timeoutMs, TIMEOUT_MS_MAX);
  if (typeof shell === "string" && argv === undefined) {
    if (shell.length > COMMAND_CHARS_MAX || shell.includes("\0")) throw badCommand();
    return { line: { shell }, timeoutMs: bounded };
  }
  const isList =
    Array.isArray(argv) && argv.length > 0 && argv.length <= ARGUMENTS_MAX && shell === undefined;
  if (!isList || !argv.every((item) => typeof item === "string" && !item.includes("\0"))) throw badCommand();
  return { line: { argv: argv as string[] }, timeoutMs: bounded };
}

function badCommand(): CloisterError {
  return new CloisterError("not a command: give a shell line or an argument list, and a timeout", {
    code: "bad-command",
  });
}

/** `onOutput` is told what it prints as it comes, before it is known how much of it is kept. */
export async function runCommand(
  session: AirlockSession,
  world: CommandWorld,
  request: CommandRequest,
  signal: AbortSignal,
  onOutput?: (chunk: Buffer) => void,
): Promise<RunResult> {
  const { line } = request;
  const isShell = "shell" in line;
  const begun = await beginCommand(session, world, isShell ? line.shell : JSON.stringify(line.argv), {
    isShell: isShell || !isPlainSearch(line.argv),
    isLong: false,
    ...(isShell ? {} : { judgedAs: quoteArguments(line.argv) }),
  });
  const argv = isShell ? shellArgv(line.shell, world) : line.argv;
  let result: RunResult | undefined;
  let note: string | undefined;
  try {
    result = await runInCell(
      world.cells,
      begun.view,
      { argv, directory: begun.view.workspace, environment: begun.environment },
      {
        timeoutMs: request.timeoutMs,
        outputBytesMax: OUTPUT_BYTES_MAX,
        ...(onOutput === undefined ? {} : { onOutput }),
      },
      signal,
    );
  } finally {
    note = begun.finish(toProcessResult(result));
  }
  return note === undefined ? result : { ...result, output: `${result.output}\n${note}` };
}

/** What could not even be started has a result, too. */
function toProcessResult(result: RunResult | undefined): Parameters<BegunCommand["finish"]>[0] {
  if (result === undefined) return neverStarted;
  const { exitCode, signal, timedOut, output, cutBytes } = result;
  return { exitCode, signal, timedOut, outputBytes: Buffer.byteLength(output) + cutBytes };
}

const neverStarted = { exitCode: undefined, signal: undefined, timedOut: false, outputBytes: 0 };
