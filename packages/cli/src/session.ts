/** One session put together: cells, ledger, airlock and keeper around an agent that is started in its own cell. */
import { accessSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  createJudgement,
  openEgress,
  openKeeper,
  openSession,
  recordDeclassified,
  streamOf,
  type Approvals,
} from "@cloister/airlock";
import { createDial } from "@cloister/backend";
import type { AgentEvent, Ending, SessionOptions } from "@cloister/agent";
import {
  missingGuarded,
  openCells,
  type Cells,
  type CellView,
  type Finding,
  type Tier,
} from "@cloister/cell";
import { openLedger } from "@cloister/ledger";
import type { Label } from "@cloister/policy";
import { runAgent, type AgentHandle } from "./agent-host.ts";
import { parseCallRules, refuseBypass, type CallFlags } from "./call-rules.ts";
import type { CellWishes } from "./cell-arguments.ts";
import { holdFindings, recordFinding } from "./cell-findings.ts";
import { hidingCut, openHiddenFiles, toHiddenJob, type HiddenFiles } from "./cell-hidden.ts";
import { holdMountPoints, sweepScratches } from "./cell-scratch.ts";
import { applyWishes } from "./cell-wishes.ts";
import { checkWorkspace, commandCell, makeScratch, userFor } from "./command-cell.ts";
import type { Binding } from "./policy/binding.ts";
import { personHere } from "./policy/declassified.ts";
import { findKnownSecrets } from "./known-secrets.ts";
import { sealEvent } from "./seal-event.ts";
import type { ChosenEndpoint } from "./endpoint.ts";
import type { Environment } from "./environment.ts";

export interface SessionRequest {
  readonly workspace: string;
  readonly prompt: string;
  /** Nobody has said anything yet: meanwhile the server may be shown what every request begins with. */
  readonly warmUp?: boolean;
  readonly chosen: ChosenEndpoint;
  readonly tier: Tier;
  /** What the user's settings show and hide in every cell of the session. */
  readonly wishes: CellWishes;
  readonly label: Label;
  /** By which requests and calls are judged; without it, what is built in. */
  readonly policy?: Binding["session"];
  /** Exact texts that a person took out of classification. */
  readonly declassified?: readonly string[];
  readonly ledger: string;
  readonly turnsMax: number;
  /** What a person says to calls of this run, before it. */
  readonly calls?: CallFlags;
  /** What the agent's session is given beside its model and its window. */
  readonly options?: Omit<SessionOptions, "model" | "contextTokens" | "tools">;
  /** Speaks to the session: sends its messages, and closes it. Without it the prompt is all that is said. */
  readonly drive?: (agent: AgentHandle) => void;
  readonly onEvent: (event: AgentEvent) => void;
  readonly onTrouble: (trouble: unknown) => void;
  /** What a command left that would run, or lead somewhere, when a person comes by. It is in the ledger too. */
  readonly onFinding?: (finding: Finding) => void;
}

export interface SessionOutcome {
  readonly session: string;
  readonly ending: Ending;
  /** Calls that needed a person's word, and what became of them. */
  readonly approvals: Approvals;
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
    sweepScratches(scratch);
    const missing = (): string[] => missingGuarded(workspace);
    stack.defer(await holdMountPoints({ scratch, workspace, missing }));
  }

  const findings = holdFindings();
  const [cells, ledger] = await Promise.all([
    openCells({
      ...{ tier, scratch, architecture: environment.architecture, user, streamOf },
      onFinding: (finding) => findings.tell(finding),
    }),
    openLedger({ directory: request.ledger, clock: environment.clock }),
  ]);
  stack.defer(() => ledger.close());
  // Closing tells what it finds at last, which the ledger is to hold.
  stack.defer(() => findings.settled());
  stack.defer(() => cells.close());

  const endorsed = parseCallRules("--allow", request.calls?.allow ?? []);
  const forbidden = parseCallRules("--deny", request.calls?.deny ?? []);
  const session = openSession({
    judgement: createJudgement({ allow: endorsed, deny: forbidden }),
    client: { name: "cloister", version: environment.version, evidence: "started" },
    workspaceLabel: request.label,
    ...request.policy,
    declassified: request.declassified ?? [],
    known: findKnownSecrets(environment),
    workspace,
    ledger,
    clock: environment.clock,
    onTrouble: request.onTrouble,
  });
  refuseBypass(session.policy, endorsed);
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

  await recordDeclassified({
    ledger,
    texts: session.declassified,
    person: personHere(environment),
    seals: session.seals,
    session: session.id,
  });
  findings.open((finding) => {
    request.onFinding?.(finding);
    return recordFinding(ledger, { id: session.id, workspace }, finding).catch(request.onTrouble);
  });

  const { allow = [] } = request.wishes;
  const egress =
    // Without a cell nothing is in the way of a command: there is nothing to open.
    tier === "none" || allow.length === 0
      ? undefined
      : await openEgress({ session, allow, dial: createDial(), cell: { user, node: environment.node } });
  stack.defer(() => egress?.close());

  const socketPath = join(scratch, "keeper.sock");
  const commands = commandCell(workspace, environment);
  const view = applyWishes(commands.view, request.wishes);
  const hidden = openHiddenFiles(view, request.wishes);
  const cut = hidden.cut();
  if (cut !== undefined) request.onTrouble(hidingCut(cut));
  const keeper = await openKeeper({
    session,
    endpoint: chosen.endpoint,
    model: chosen.model,
    socketPath,
    owner: user,
    // Loaded only where there is time for it.
    ...(request.warmUp === true ? { warmUp: (await import("@cloister/agent")).fixedPrefix() } : {}),
    commands: {
      cells,
      view: { ...view, hidden: hidden.paths },
      environment: commands.environment,
      ...(egress === undefined ? {} : { egress }),
    },
  });
  stack.defer(() => keeper.close());

  const ending = await runAgent(
    startAgent(cells, { workspace, socketPath, environment, wishes: request.wishes, hidden }),
    {
      job: {
        workspace,
        ...request.options,
        model: chosen.model,
        ...(chosen.contextTokens === undefined ? {} : { contextTokens: chosen.contextTokens }),
        limits: { ...request.options?.limits, turnsMax: request.turnsMax },
        socketPath: insideSocket(tier, socketPath),
        hasRipgrep: hasProgram("rg", commands.path),
        hidden: toHiddenJob(hidden, workspace, request.wishes),
      },
      drive:
        request.drive ??
        ((agent) => {
          agent.send({ text: request.prompt });
          agent.close();
        }),
      // What is shown may end up in a log: events carry no secret either.
      onEvent: (event) => request.onEvent(sealEvent(event, session.seals)),
      kill: (child) => child.kill("SIGKILL"),
      signal,
    },
  );
  await ledger.append({
    type: "session.end",
    fields: { session: session.id, outcome: ending.outcome, turns: ending.turns },
  });
  return { session: session.id, ending, approvals: session.judgement.approvals };
}

const SOCKET_INSIDE = "/run/cloister/keeper.sock";

function insideSocket(tier: Tier, outside: string): string {
  return tier === "bubblewrap" ? SOCKET_INSIDE : outside;
}

interface AgentStart {
  readonly workspace: string;
  readonly socketPath: string;
  readonly environment: Environment;
  readonly wishes: CellWishes;
  readonly hidden: HiddenFiles;
}

/**
 * The agent sees its own code, the libraries to run it, the workspace and one socket. No shell and no compiler is in
 * its cell: for those it has to ask.
 */
function startAgent(
  cells: Cells,
  { workspace, socketPath, environment, wishes, hidden }: AgentStart,
): ReturnType<Cells["spawn"]> {
  const node = realpathSync(environment.node);
  const bare: CellView = {
    workspace,
    home: environment.home,
    readable: [node, ...ownCode(environment.entry)],
    sockets: [{ outside: socketPath, inside: SOCKET_INSIDE }],
    system: "libraries",
  };
  const { read = [], write = [], hide = [] } = wishes;
  // Limits are the commands'; what is hidden from them is hidden from the agent's own tools too.
  const view = { ...applyWishes(bare, { read, write, hide }), hidden: hidden.paths };
  return cells.spawn(view, {
    // The word is for whoever looks at a list of processes.
    argv: [node, agentProgram(environment.entry), "agent-process"],
    directory: workspace,
    environment: { ...environment.locale, HOME: environment.home, PATH: "/usr/bin:/bin", TMPDIR: "/tmp" },
  });
}

function agentProgram(entry: string): string {
  const file = realpathSync(entry);
  return join(dirname(file), file.endsWith(".ts") ? "agent-main.ts" : "agent.js");
}

/** The published folder, or in a checkout the packages and the links between them. */
function ownCode(entry: string): string[] {
  const file = realpathSync(entry);
  if (!file.endsWith(".ts")) return [dirname(file)];
  const packages = dirname(dirname(dirname(file)));
  return [packages, join(dirname(packages), "node_modules", "@cloister")];
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
