/** Commands of the agent: recorded, then started in a cell of their own, beside the agent's, never in it. */
import { existsSync } from "node:fs";
import { CloisterError, isRecord } from "@cloister/base";
import { runInCell, type Cells, type CellView, type RunResult } from "@cloister/cell";
import type { AirlockSession } from "./session.ts";

export type CommandLine = { readonly shell: string } | { readonly argv: readonly string[] };

export interface CommandRequest {
  readonly line: CommandLine;
  readonly timeoutMs: number;
}

export interface CommandWorld {
  readonly cells: Cells;
  readonly view: CellView;
  readonly environment: Readonly<Record<string, string>>;
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

export async function runCommand(
  session: AirlockSession,
  world: CommandWorld,
  request: CommandRequest,
  signal: AbortSignal,
): Promise<RunResult> {
  const text = "shell" in request.line ? request.line.shell : JSON.stringify(request.line.argv);
  const command = {
    type: "command",
    data: Buffer.from(session.seals.seal(text).text),
    open: { bytes: Buffer.byteLength(text) },
    hidden: {},
  };
  const call = await session.ledger.append({
    type: "tool.call",
    fields: { session: session.id, tier: world.cells.tier },
    attachments: [command],
  });

  const argv = "shell" in request.line ? [shellPath(), "-c", request.line.shell] : request.line.argv;
  const started = session.clock.now();
  const result = await runInCell(
    world.cells,
    world.view,
    { argv, directory: world.view.workspace, environment: world.environment },
    { timeoutMs: request.timeoutMs, outputBytesMax: OUTPUT_BYTES_MAX },
    signal,
  );
  session.ledger
    .append({
      type: "tool.result",
      fields: {
        session: session.id,
        call: call.index,
        exit: result.exitCode ?? null,
        signal: result.signal ?? null,
        timedOut: result.timedOut,
        ms: session.clock.now() - started,
        outputBytes: Buffer.byteLength(result.output) + result.cutBytes,
      },
    })
    .catch(session.onTrouble);
  return result;
}

function shellPath(): string {
  return existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
}
