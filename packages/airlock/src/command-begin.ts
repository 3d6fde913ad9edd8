/** What a command that is waited for and one that goes on share: judged, recorded before it starts, looked after at its end. */
import { existsSync } from "node:fs";
import { CloisterError, type JsonObject } from "@cloister/base";
import type { Cells, CellView, RunResult } from "@cloister/cell";
import { decideCall, effectOf } from "@cloister/policy";
import type { Egress } from "./egress/egress.ts";
import { checkCommand, isLetByPerson, maySteer } from "./calls/command-gate.ts";
import { readSteering, type Steering } from "./calls/steering.ts";
import { distrust } from "./labelling/distrust.ts";
import type { AirlockSession } from "./session.ts";

export interface CommandWorld {
  readonly cells: Cells;
  readonly view: CellView;
  readonly environment: Readonly<Record<string, string>>;
  /** The way out for the hosts that a person allowed; without one there is none. */
  readonly egress?: Egress;
  /** What the organisation has checked before any command starts: why this one may not. */
  readonly required?: (command: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** What is to be started, for the record. `text` is sealed before it is written. */
export interface Started {
  readonly text: string;
  readonly fields: JsonObject;
  readonly egress: Egress | undefined;
}

export type ProcessResult = Pick<RunResult, "exitCode" | "signal" | "timedOut"> & {
  readonly outputBytes: number;
  readonly inputBytes?: number;
};

/** A start on record, and what is due for it later. */
export interface Recorded {
  readonly networkNamespace: CellView["networkNamespace"] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** To be called before anything of its output is shown: what came in from the network is not to be trusted. */
  readonly beforeOutput: () => void;
  /** Ends its way to the network, and records how it ended. */
  readonly finish: (result: ProcessResult, more?: JsonObject) => void;
}

/** @throws CloisterError of the ledger: what cannot be recorded is not started. */
export async function recordStart(
  session: AirlockSession,
  { cells }: Pick<CommandWorld, "cells">,
  { text, fields, egress }: Started,
): Promise<Recorded> {
  const command = {
    type: "command",
    data: Buffer.from(session.seals.seal(text).text),
    open: { bytes: Buffer.byteLength(text) },
    hidden: {},
  };
  const call = await session.ledger.append({
    type: "tool.call",
    fields: { session: session.id, tier: cells.tier, ...fields },
    attachments: [command],
  });
  const started = session.clock.now();
  const pass = egress?.admit(call.index);
  let isDistrusted = false;
  const beforeOutput = (): void => {
    if (isDistrusted || pass?.hasReceived() !== true) return;
    isDistrusted = true;
    distrust(session, call.index);
  };
  // Without a cell nobody sees what came in; then what the command would do has to do.
  if (cells.tier === "none" && effectOf({ tool: "Bash", text }, "workspace") === "egress") {
    isDistrusted = true;
    distrust(session, call.index);
  }
  return {
    networkNamespace: egress?.namespace,
    environment: pass?.environment ?? {},
    beforeOutput,
    finish: ({ exitCode, signal, timedOut, outputBytes, inputBytes }, more = {}) => {
      beforeOutput();
      pass?.end();
      session.ledger
        .append({
          type: "tool.result",
          fields: {
            session: session.id,
            call: call.index,
            exit: exitCode ?? null,
            signal: signal ?? null,
            timedOut,
            ...more,
            ms: session.clock.now() - started,
            outputBytes,
            ...(inputBytes === undefined ? {} : { inputBytes }),
          },
        })
        .catch(session.onTrouble);
    },
  };
}

export interface BegunCommand {
  readonly view: CellView;
  readonly environment: Readonly<Record<string, string>>;
  readonly beforeOutput: () => void;
  /** Gives what the model has to know about what was put back. */
  readonly finish: (result: ProcessResult) => string | undefined;
}

export interface BeginOptions {
  /** The command as rules see it, where that is not its text. */
  readonly judgedAs?: string;
  readonly fields?: JsonObject;
  /** A shell's line, or what could be one; what our own tools start is none, and writes nothing. */
  readonly isShell: boolean;
  /** Other calls are made while it runs, so that not every change is its own. */
  readonly isLong: boolean;
}

/** @throws CloisterError `denied` */
export async function beginCommand(
  session: AirlockSession,
  world: CommandWorld,
  text: string,
  { judgedAs = text, fields = {}, isShell, isLong }: BeginOptions,
): Promise<BegunCommand> {
  checkCommand(session, judgedAs);
  const against = isShell ? await world.required?.(judgedAs, new AbortController().signal) : undefined;
  if (against !== undefined) throw requiredCheckFailed(against);
  const isGuarded = isShell && !maySteer(session, judgedAs);
  const recorded = await recordStart(session, world, { text, fields, egress: world.egress });
  const { networkNamespace } = recorded;
  const view = networkNamespace === undefined ? world.view : { ...world.view, networkNamespace };
  const watch = isGuarded ? session.steering.begin(view.workspace) : undefined;
  const allowed = (steering: Steering): Steering => withAllowedEdits(session, view.workspace, steering);
  return {
    view,
    environment: { ...world.environment, ...recorded.environment },
    beforeOutput: recorded.beforeOutput,
    finish: (result) => {
      const changed = watch?.end(allowed, !isLong) ?? [];
      recorded.finish(result, changed.length === 0 ? {} : { putBack: changed.length });
      return changed.length === 0 ? undefined : noteOn(changed);
    },
  };
}

/** Files that Write and Edit may change, or changed with a person's word, while the command ran: as they are now. */
function withAllowedEdits(session: AirlockSession, workspace: string, steering: Steering): Steering {
  const now = readSteering(workspace).files;
  const files = new Map(steering.files);
  for (const place of new Set([...files.keys(), ...now.keys()])) {
    if (!editTools.some((tool) => mayEdit(session, tool, place))) continue;
    const current = now.get(place);
    if (current === undefined) files.delete(place);
    else files.set(place, current);
  }
  return { files };
}

const editTools = ["Write", "Edit", "MultiEdit"];

function mayEdit(session: AirlockSession, tool: string, text: string): boolean {
  const { policy, standing } = session;
  if (isLetByPerson(session, { tool, text })) return true;
  const { integrity } = standing.classification;
  return decideCall(policy, { tool, text, effect: "persistent", integrity }).verdict === "allow";
}

function requiredCheckFailed(why: string): CloisterError {
  return new CloisterError(`this command is not allowed by a check of this organisation: ${why}`, {
    code: "denied",
    rule: "a managed hook",
    next: "do not try it in another way; go on without it, or say what is missing",
  });
}

function noteOn(changed: readonly string[]): string {
  return (
    `[cloister: the command changed ${changed.join(", ")}; what steers agents and build machines was put back, and the ` +
    "changed version stands beside it as .aside. If the user asked for the change, make it with Write or Edit.]\n"
  );
}

/** A fork bomb must not take the machine with it. Far more than a build starts; a person's own limit goes before it. */
const PROCESSES_MAX = 4096;

export function shellArgv(line: string, { cells, view }: Pick<CommandWorld, "cells" | "view">): string[] {
  if (!existsSync("/bin/bash")) return ["/bin/sh", "-c", line];
  // Counted by user namespace, so only of this cell; without one it would count all that the user runs. On the same
  // line, so that the numbers of lines in messages are right, and by the shell itself, so that it costs no process.
  const isLimited = cells.tier === "bubblewrap" && view.limits?.processesMax === undefined;
  return ["/bin/bash", "-c", isLimited ? `ulimit -u ${PROCESSES_MAX} 2>/dev/null; ${line}` : line];
}

/** A bash whose input is a socket takes itself for one that rshd started, and would run the user's .bashrc. */
export function withoutStartFiles([shell = "/bin/sh", ...rest]: readonly string[]): string[] {
  return shell.endsWith("bash") ? [shell, "--norc", ...rest] : [shell, ...rest];
}
