/** One session put together: cells, ledger, airlock and keeper around an agent that is started in its own cell. */
import { accessSync, mkdtempSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { openKeeper, openSession } from "@cloister/airlock";
import type { AgentEvent, Ending } from "@cloister/agent";
import { CloisterError } from "@cloister/base";
import {
  findToolchains,
  missingGuarded,
  openCells,
  removeMountPoints,
  type Cells,
  type CellView,
  type Tier,
} from "@cloister/cell";
import { openLedger } from "@cloister/ledger";
import type { Label } from "@cloister/policy";
import { runAgent } from "./agent-host.ts";
import { sealEvent } from "./seal-event.ts";
import type { ChosenEndpoint } from "./endpoint.ts";
import type { Environment } from "./environment.ts";

export interface SessionRequest {
  readonly workspace: string;
  readonly prompt: string;
  readonly chosen: ChosenEndpoint;
  readonly tier: Tier;
  readonly label: Label;
  readonly ledger: string;
  readonly turnsMax: number;
  readonly onEvent: (event: AgentEvent) => void;
  readonly onTrouble: (trouble: unknown) => void;
}

export interface SessionOutcome {
  readonly session: string;
  readonly ending: Ending;
}

/** Runs one task to its end. Resolves also when it failed or was cancelled; the ending says which. */
export async function runSession(
  request: SessionRequest,
  environment: Environment,
  signal: AbortSignal,
): Promise<SessionOutcome> {
  const { chosen, tier } = request;
  const workspace = checkWorkspace(request.workspace, environment.home);
  const user = userFor(workspace, environment);
  const scratch = makeScratch(environment.temporary);
  await using stack = new AsyncDisposableStack();
  // Also when no cell can be made in it.
  stack.defer(() => rmSync(scratch, { recursive: true, force: true }));
  stack.defer(() => chosen.endpoint.backend.close());
  if (tier !== "none") {
    const missing = missingGuarded(workspace);
    stack.defer(() => removeMountPoints(missing));
  }

  const [cells, ledger] = await Promise.all([
    openCells({ tier, scratch, architecture: environment.architecture, user }),
    openLedger({ directory: request.ledger, clock: environment.clock }),
  ]);
  stack.defer(() => cells.close());
  stack.defer(() => ledger.close());

  const session = openSession({
    client: { name: "cloister", version: environment.version, evidence: "started" },
    workspaceLabel: request.label,
    workspace,
    ledger,
    clock: environment.clock,
    onTrouble: request.onTrouble,
  });
  await ledger.append({
    type: "session.start",
    fields: {
      session: session.id,
      tier,
      label: request.label,
      version: environment.version,
      model: chosen.model,
    },
    attachments: [{ type: "workspace", data: Buffer.from(workspace), open: {}, hidden: {} }],
  });

  const socketPath = join(scratch, "keeper.sock");
  const commands = commandCell(workspace, environment);
  const keeper = await openKeeper({
    session,
    endpoint: chosen.endpoint,
    model: chosen.model,
    socketPath,
    owner: user,
    commands: { cells, view: commands.view, environment: commands.environment },
  });
  stack.defer(() => keeper.close());

  const ending = await runAgent(startAgent(cells, { workspace, socketPath, environment }), {
    job: {
      workspace,
      prompt: request.prompt,
      model: chosen.model,
      turnsMax: request.turnsMax,
      socketPath: insideSocket(tier, socketPath),
      hasRipgrep: hasProgram("rg", commands.path),
    },
    // What is shown may end up in a log: events carry no secret either.
    onEvent: (event) => request.onEvent(sealEvent(event, session.seals)),
    kill: (child) => child.kill("SIGKILL"),
    signal,
  });
  await ledger.append({
    type: "session.end",
    fields: { session: session.id, outcome: ending.outcome, turns: ending.turns },
  });
  return { session: session.id, ending };
}

const SOCKET_INSIDE = "/run/cloister/keeper.sock";

function insideSocket(tier: Tier, outside: string): string {
  return tier === "none" ? outside : SOCKET_INSIDE;
}

/**
 * The agent sees its own code, the libraries to run it, the workspace and one socket. No shell and no compiler is in
 * its cell: for those it has to ask.
 */
function startAgent(
  cells: Cells,
  { workspace, socketPath, environment }: { workspace: string; socketPath: string; environment: Environment },
): ReturnType<Cells["spawn"]> {
  const node = realpathSync(environment.node);
  const view: CellView = {
    workspace,
    home: environment.home,
    readable: [node, ...ownCode(environment.entry)],
    sockets: [{ outside: socketPath, inside: SOCKET_INSIDE }],
    system: "libraries",
  };
  return cells.spawn(view, {
    argv: [node, realpathSync(environment.entry), "agent-process"],
    directory: workspace,
    environment: { ...environment.locale, HOME: environment.home, PATH: "/usr/bin:/bin", TMPDIR: "/tmp" },
  });
}

/** The one published file, or in a checkout the packages and the links between them. */
function ownCode(entry: string): string[] {
  const file = realpathSync(entry);
  if (!file.endsWith(".ts")) return [file];
  const packages = dirname(dirname(dirname(file)));
  return [packages, join(dirname(packages), "node_modules", "@cloister")];
}

export interface CommandCell {
  readonly view: CellView;
  readonly path: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What the agent's commands see: the system's programs and the user's toolchains, the workspace, and no socket. */
export function commandCell(workspace: string, environment: Environment): CommandCell {
  const toolchains = findToolchains(environment.path, {
    home: environment.home,
    workspace,
    user: userFor(workspace, environment),
  });
  // The Node that runs us comes last, so that a project finds one even where none is installed.
  const ownNode = dirname(realpathSync(environment.node));
  const path = [...toolchains.path, ownNode];
  const readable =
    toolchains.readable.some((root) => ownNode.startsWith(`${root}/`)) || ownNode.startsWith("/usr/")
      ? toolchains.readable
      : [...toolchains.readable, ownNode];
  return {
    path,
    view: { workspace, home: environment.home, readable, sockets: [], system: "whole" },
    environment: {
      ...environment.locale,
      HOME: environment.home,
      PATH: path.join(":"),
      TMPDIR: "/tmp",
      TERM: "dumb",
      USER: "user",
      PAGER: "cat",
      GIT_PAGER: "cat",
    },
  };
}

/**
 * A root keeper gives the cells the identity of whoever owns the workspace, so that root's rights end at the door.
 * Where root owns the workspace itself there is nobody else to be: then the cell is a user without any capability.
 */
export function userFor(workspace: string, environment: Environment): { uid: number; gid: number } {
  if (environment.user.uid !== 0) return environment.user;
  const { uid, gid } = statSync(workspace);
  return { uid, gid };
}

/** @throws CloisterError `bad-workspace` */
function checkWorkspace(path: string, home: string): string {
  const real = realpathSync(path);
  const tooMuch = ["/", "/usr", "/etc", "/home", "/root", "/tmp", "/var", "/opt", realpathSync(home)];
  if (tooMuch.includes(real)) {
    throw new CloisterError(`${real} is not one project`, {
      code: "bad-workspace",
      next: "change into the folder of a project; everything in it may be shown to the model",
    });
  }
  return real;
}

const SOCKET_PATH_BYTES_MAX = 100;

/** Holds the keeper's socket and what the cells are made of. */
function makeScratch(temporary: string): string {
  const base =
    `${temporary}/cloister-XXXXXX/keeper.sock`.length <= SOCKET_PATH_BYTES_MAX ? temporary : "/tmp";
  return mkdtempSync(join(base, "cloister-"));
}

function hasProgram(name: string, path: readonly string[]): boolean {
  return path.some((folder) => {
    try {
      accessSync(join(folder, name));
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}
