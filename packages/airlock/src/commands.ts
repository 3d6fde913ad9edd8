/** Commands of the agent: recorded, then started in a cell of their own, beside the agent's, never in it. */
import { existsSync } from "node:fs";
import { CloisterError, isRecord } from "@cloister/base";
import { effectOf } from "@cloister/policy";
import { runInCell, type Cells, type CellView, type RunResult } from "@cloister/cell";
import type { Egress } from "./egress/egress.ts";
import { checkCommand, maySteer } from "./calls/command-gate.ts";
import { readSteering, restoreSteering } from "./calls/steering.ts";
import { distrust } from "./labelling/distrust.ts";
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
  /** The way out for the hosts that a person allowed; without one there is none. */
  readonly egress?: Egress;
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
  checkCommand(session, "shell" in request.line ? text : request.line.argv.join(" "));
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

  const argv = "shell" in request.line ? shellArgv(request.line.shell, world) : request.line.argv;
  const started = session.clock.now();
  const { egress } = world;
  const pass = egress?.admit(call.index);
  const view = egress === undefined ? world.view : { ...world.view, networkNamespace: egress.namespace };
  // What our own tools start is no shell's line, and writes nothing.
  const guards = "shell" in request.line && !maySteer(session, text);
  const steering = guards ? readSteering(view.workspace) : undefined;
  const ran = await runInCell(
    world.cells,
    view,
    { argv, directory: view.workspace, environment: { ...world.environment, ...pass?.environment } },
    { timeoutMs: request.timeoutMs, outputBytesMax: OUTPUT_BYTES_MAX },
    signal,
  ).finally(() => pass?.end());
  const changed = steering === undefined ? [] : restoreSteering(view.workspace, steering);
  const result = changed.length === 0 ? ran : { ...ran, output: `${ran.output}\n${noteOn(changed)}` };
  // Without a cell nobody sees what came in; then what the command would do has to do.
  const isOpen = world.cells.tier === "none" && effectOf({ tool: "Bash", text }, "workspace") === "egress";
  if (isOpen || pass?.hasReceived() === true) distrust(session, call.index);
  session.ledger
    .append({
      type: "tool.result",
      fields: {
        session: session.id,
        call: call.index,
        exit: result.exitCode ?? null,
        signal: result.signal ?? null,
        timedOut: result.timedOut,
        ...(changed.length === 0 ? {} : { putBack: changed.length }),
        ms: session.clock.now() - started,
        outputBytes: Buffer.byteLength(result.output) + result.cutBytes,
      },
    })
    .catch(session.onTrouble);
  return result;
}

function noteOn(changed: readonly string[]): string {
  return (
    `[cloister: the command changed ${changed.join(", ")}; what steers agents and build machines was put back, and the ` +
    "changed version stands beside it as .aside. If the user asked for the change, make it with Write or Edit.]\n"
  );
}

/** A fork bomb must not take the machine with it. Far more than a build starts; a person's own limit goes before it. */
const PROCESSES_MAX = 4096;

function shellArgv(line: string, { cells, view }: CommandWorld): string[] {
  if (!existsSync("/bin/bash")) return ["/bin/sh", "-c", line];
  // Counted by user namespace, so only of this cell; without one it would count all that the user runs. On the same
  // line, so that the numbers of lines in messages are right, and by the shell itself, so that it costs no process.
  const isLimited = cells.tier === "bubblewrap" && view.limits?.processesMax === undefined;
  return ["/bin/bash", "-c", isLimited ? `ulimit -u ${PROCESSES_MAX} 2>/dev/null; ${line}` : line];
}
