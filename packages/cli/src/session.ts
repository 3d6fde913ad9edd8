/** One session put together: cells, ledger, airlock and keeper around an agent that is started in its own cell. */
import { accessSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  createHookPost,
  createJudgement,
  openEgress,
  openKeeper,
  openSession,
  openWeb,
  recordDeclassified,
  streamOf,
  type Approvals,
  type Approve,
} from "@cloister/airlock";
import { createDial, createSecure, type NetworkOptions } from "@cloister/backend";
import type { AgentEvent, AttachedPicture, Ending, SessionOptions } from "@cloister/agent";
import { missingGuarded, openCells, type Finding, type Tier } from "@cloister/cell";
import { openLedger, type Ledger } from "@cloister/ledger";
import { CloisterError } from "@cloister/base";
import { builtInPolicy, noRules, type Label } from "@cloister/policy";
import { runAgent, type AgentHandle } from "./agent-host.ts";
import { findGrammars } from "./agent-libraries.ts";
import { offlineVariables } from "./offline-variables.ts";
import { governAgent } from "./permissions/govern.ts";
import type { CallFlags } from "./permissions/read-permissions.ts";
import { openPermissions, type PermissionWishes } from "./permissions/session-permissions.ts";
import { hiddenByRules, toUnreadable } from "./permissions/unreadable.ts";
import type { CellWishes, SessionReview } from "./cell-arguments.ts";
import { holdFindings, recordFinding } from "./cell-findings.ts";
import { openCellDial } from "./cell-dial.ts";
import { hidingCut, openHiddenFiles, toHiddenJob } from "./cell-hidden.ts";
import { cellCache } from "./cell-cache.ts";
import { holdMountPoints, sweepScratches } from "./cell-scratch.ts";
import { applyWishes, usualMemoryBytes } from "./cell-wishes.ts";
import { checkWorkspace, commandCell, makeScratch, userFor } from "./command-cell.ts";
import type { Binding } from "./policy/binding.ts";
import { personHere } from "./policy/declassified.ts";
import { openLsp } from "./lsp/open-lsp.ts";
import { openMcp } from "./mcp/open-mcp.ts";
import { confinedBy, type McpPlan } from "./mcp/plan.ts";
import { findKnownSecrets } from "./known-secrets.ts";
import { openOtherModels, type OtherModelsPlan } from "./other-models.ts";
import { sealAll, sealEnding, sealEvent } from "./seal-event.ts";
import { openSessionOverlay, type SessionOverlay } from "./session-review.ts";
import type { SavedSession } from "./sessions/saved-session.ts";
import { keptParts, rememberedBy, resumedParts } from "./sessions/saved-parts.ts";
import type { ChosenEndpoint } from "./endpoint.ts";
import { createApproval } from "./extension/approval.ts";
import { keepGoal, type GoalOutcome } from "./goal/keep-goal.ts";
import { bringToSession } from "./extension/bring.ts";
import { openSkillRights } from "./extension/skill-rights.ts";
import type { OpenedExtensions } from "./extension/open.ts";
import { insideSocket, startAgent } from "./start-agent.ts";
import type { Environment } from "./environment.ts";
import { toOpenedSession, type OpenedSession } from "./screen/opened.ts";

export interface SessionRequest {
  readonly workspace: string;
  readonly prompt: string;
  /** Shown with it. */
  readonly pictures?: readonly AttachedPicture[];
  /** Nobody has said anything yet: meanwhile the server may be shown what every request begins with. */
  readonly warmUp?: boolean;
  readonly chosen: ChosenEndpoint;
  /** Models that subagents may be, beside the one that was chosen. */
  readonly others?: OtherModelsPlan;
  readonly tier: Tier;
  /** What the user's settings show and hide in every cell of the session. */
  readonly wishes: CellWishes;
  readonly label: Label;
  /** By which requests and calls are judged; without it, what is built in. */
  readonly policy?: Binding["session"];
  /** Exact texts that a person took out of classification. */
  readonly declassified?: readonly string[];
  /** Its folder, or the one that is open already and is closed with the session. */
  readonly ledger: string | Ledger;
  /** The agent and its commands write into an overlay of the project, and this is what becomes of it. */
  readonly review?: SessionReview;
  readonly turnsMax: number;
  /** What a person says to calls of this run, before it. */
  readonly calls?: CallFlags;
  /** The mode that is asked for, and what settings say of calls. */
  readonly permissions?: Pick<PermissionWishes, "mode" | "settings" | "imported">;
  /** Asks the person who is there. Without it nobody is, and what needs a word is refused. */
  readonly approve?: Approve;
  /** Instructions, skills, hooks and more of the organisation, the person and the project; without them, none of that. */
  readonly extensions?: OpenedExtensions;
  /** What the agent's session is given beside its model and its window. */
  readonly options?: Omit<SessionOptions, "model" | "contextTokens" | "tools">;
  /** Speaks to the session: sends its messages, and closes it. Without it the prompt is all that is said. */
  readonly drive?: (agent: AgentHandle) => void;
  /** Saves it, step by step, or goes on with one that was saved. Without it nothing is kept but the ledger. */
  readonly saved?: SavedSession;
  /** The MCP servers that the agent may have started. */
  readonly mcp?: McpPlan;
  /** Whether it may start language servers that are on this machine. Default: yes. */
  readonly lsp?: boolean;
  /** How hosts beside this machine are reached. */
  readonly network?: NetworkOptions;
  /** Whether hosts that commands may reach are reached through the house's proxy. Default: where there is one. */
  readonly allowsProxy?: boolean;
  /** Told once commands can be run: what the keeper knows and does for the person at a screen. */
  readonly onOpen?: (opened: OpenedSession) => void;
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
  /** Of the goal it was held to. */
  readonly goal?: GoalOutcome;
  /** Where what was written was reviewed. */
  readonly overlay?: SessionOverlay;
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
  const [plainCells, ledger] = await Promise.all([
    openCells({
      ...{ tier, scratch, architecture: environment.architecture, user, streamOf, ahead: true },
      ...cellCache(environment),
      memoryBytesUsual: usualMemoryBytes(),
      onFinding: (finding) => findings.tell(finding),
    }),
    typeof request.ledger === "string"
      ? openLedger({ directory: request.ledger, clock: environment.clock })
      : request.ledger,
  ]);
  stack.defer(() => ledger.close());
  // Closing tells what it finds at last, which the ledger is to hold.
  stack.defer(() => findings.settled());
  stack.defer(() => plainCells.close());

  const { saved } = request;
  const permissions = await openPermissions(
    {
      ...request.permissions,
      ...(request.calls === undefined ? {} : { flags: request.calls }),
      ...(request.approve === undefined ? {} : { approve: request.approve }),
      ...(saved?.mode === undefined ? {} : { resumed: saved.mode }),
    },
    { policy: request.policy?.policy ?? builtInPolicy, home: environment.home, workspace, tier },
  );
  for (const { origin, text, why } of permissions.problems) {
    request.onTrouble(
      new CloisterError(`${origin}: ${text} is passed over: ${why}`, { code: "bad-permissions" }),
    );
  }
  const session = openSession({
    ...(saved === undefined ? {} : keptParts(saved)),
    judgement: createJudgement({ ...permissions.judgement, ...rememberedBy(saved) }),
    client: { name: "cloister", version: environment.version, evidence: "started" },
    workspaceLabel: request.label,
    ...request.policy,
    declassified: request.declassified ?? [],
    known: findKnownSecrets(environment, request.mcp?.secrets),
    isConfined: confinedBy(request.mcp, tier),
    workspace,
    ledger,
    clock: environment.clock,
    onTrouble: request.onTrouble,
  });
  saved?.begin(session, { model: chosen.model, tier, version: environment.version });
  await ledger.append({
    type: "session.start",
    fields: {
      session: session.id,
      tier,
      label: request.label,
      version: environment.version,
      model: chosen.model,
      ...(saved?.items === undefined ? {} : { resumed: true }),
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
      : await openEgress({
          session,
          allow,
          dial: openCellDial(request.network, request.allowsProxy !== false),
          cell: { user, node: environment.node },
        });
  stack.defer(() => egress?.close());
  const web = openWeb({ session, allow, dial: createDial(), secure: createSecure(request.network) });
  stack.defer(() => web.close());

  const socketPath = join(scratch, "keeper.sock");
  const commands = commandCell(workspace, environment, {
    ...(allow.length === 0 ? offlineVariables : {}),
    ...request.extensions?.chosen.env,
  });
  const view = applyWishes(commands.view, request.wishes);
  const overlay =
    request.review === undefined
      ? undefined
      : await openSessionOverlay(
          {
            ...{ how: request.review, tier, workspace, user, scratch, ledger, wishes: request.wishes },
            ...{ session: session.id, within: egress?.namespace.enter },
            seal: (text) => session.seals.seal(text).text,
          },
          environment,
        );
  // When the keeper is closed no cell is left.
  stack.defer(() => overlay?.finish());
  const cells = overlay?.around(plainCells) ?? plainCells;
  const byRules = hiddenByRules(permissions.judgement.rules, { workspace, home: environment.home });
  const plainHidden = openHiddenFiles(view, request.wishes, byRules);
  const hidden = overlay?.hiding(plainHidden) ?? plainHidden;
  const cut = hidden.cut();
  if (cut !== undefined) request.onTrouble(hidingCut(cut));
  const own = request.extensions;
  const brought =
    own === undefined
      ? undefined
      : bringToSession(own, {
          ...{ session, cells, environment: commands.environment, variable: environment.variable },
          view: { ...view, hidden: hidden.paths },
          post: createHookPost({ session, allow, dial: createDial(), secure: createSecure(request.network) }),
        });
  session.judgement.consult = brought?.consult;
  const rights = openSkillRights(own?.chosen.skills ?? [], session.judgement, request.onTrouble);
  const mcp =
    request.mcp === undefined
      ? undefined
      : await openMcp(request.mcp, {
          ...{ session, scratch, user, path: commands.path, environment: commands.environment },
          view: { ...view, hidden: hidden.paths },
          ...{ node: environment.node, home: environment.home, clock: environment.clock },
          ...(request.network === undefined ? {} : { network: request.network }),
          isConfined: tier !== "none",
          onTrouble: request.onTrouble,
          ...(own === undefined ? {} : { isApproved: createApproval(own) }),
        });
  stack.defer(() => mcp?.close());
  const lsp =
    request.lsp === false
      ? undefined
      : openLsp({
          ...{ scratch, user, path: commands.path, environment: commands.environment },
          view: { ...view, hidden: hidden.paths },
          isTrusted: own?.isTrusted === true,
        });
  const grammars = findGrammars(environment.entry);
  const commandWorld = {
    cells,
    view: { ...view, hidden: hidden.paths },
    environment: commands.environment,
    ...(egress === undefined ? {} : { egress }),
    ...(brought?.required === undefined ? {} : { required: brought.required }),
  };
  const opened = toOpenedSession(session, commandWorld);
  request.onOpen?.(opened);
  const goal = request.options?.goal ?? saved?.goal;
  const kept = keepGoal({ goal, run: (line, stop) => opened.run(line, stop) });
  const others = openOtherModels(request.others, {
    ...{ chosen, ledger, environment, onTrouble: request.onTrouble, price: request.options?.price },
  });
  stack.defer(() => others?.keeper.close());
  const keeper = await openKeeper({
    session,
    ...(others === undefined ? {} : { others: others.keeper, fallbacks: others.fallbacks }),
    contextTokens: chosen.contextTokens,
    endpoint: chosen.endpoint,
    model: chosen.model,
    socketPath,
    web,
    owner: user,
    // Loaded only where there is time for it.
    ...(request.warmUp === true ? { warmUp: (await import("@cloister/agent")).fixedPrefix() } : {}),
    commands: commandWorld,
    processes: {
      servers: new Map([...(mcp?.servers ?? []), ...(lsp?.servers ?? [])]),
      hooks: brought?.hooks ?? new Map(),
    },
  });
  stack.defer(() => keeper.close());

  const unreadable = toUnreadable(permissions.judgement.rules ?? noRules, environment.home);
  const ended = await runAgent(
    startAgent(cells, { workspace, socketPath, environment, wishes: request.wishes, hidden }),
    {
      job: {
        workspace,
        ...request.options,
        ...brought?.job,
        ...(saved === undefined ? {} : resumedParts(saved)),
        ...(mcp === undefined ? {} : { mcpServers: mcp.wishes }),
        ...(lsp === undefined ? {} : { languageServers: lsp.wishes }),
        mode: permissions.mode,
        ...(goal === undefined ? {} : { goal }),
        model: chosen.model,
        ...(others === undefined ? {} : { models: others.choices }),
        ...(chosen.contextTokens === undefined ? {} : { contextTokens: chosen.contextTokens }),
        limits: { ...request.options?.limits, turnsMax: request.turnsMax },
        socketPath: insideSocket(tier, socketPath),
        hasRipgrep: hasProgram("rg", commands.path),
        seesPictures: chosen.vision,
        ...(chosen.seeing === undefined ? {} : { seeingModels: chosen.seeing }),
        ...(grammars === undefined ? {} : { grammars }),
        hidden: toHiddenJob(hidden, workspace, request.wishes),
        ...(unreadable === undefined ? {} : { unreadable }),
      },
      drive: (agent) => {
        const { judgement, onTrouble } = session;
        const { whyNotMode } = permissions;
        const governed = governAgent(agent, { judgement, onTrouble, whyNotMode, ...rights });
        (request.drive ?? saysOnly(request))(kept.around(governed));
      },
      // What is shown may end up in a log: events carry no secret either.
      onEvent: (event) => {
        const sealed = sealEvent(kept.event(event), session.seals);
        // Before it is shown: what was shown is not lost.
        saved?.keep(event, sealed);
        request.onEvent(sealed);
      },
      kill: (child) => child.kill("SIGKILL"),
      signal,
    },
  );
  const seal = (text: string): string => session.seals.seal(text).text;
  const ending = sealEnding(ended, seal);
  overlay?.ended(ending.outcome);
  await ledger.append({
    type: "session.end",
    fields: { session: session.id, outcome: ending.outcome, turns: ending.turns },
  });
  return {
    ...{ session: session.id, ending, approvals: session.judgement.approvals },
    ...(kept.outcome === undefined ? {} : { goal: sealAll(kept.outcome, seal) }),
    ...(overlay === undefined ? {} : { overlay }),
  };
}

function saysOnly({ prompt, pictures = [] }: SessionRequest): (agent: AgentHandle) => void {
  return (agent) => {
    agent.send({ text: prompt, pictures });
    agent.close();
  };
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
