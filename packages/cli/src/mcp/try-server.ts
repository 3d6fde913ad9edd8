/** Starts one server as a session would, for a person who wants to see what it offers, or why it does not come. */
import { rmSync } from "node:fs";
import { openMcpServers, type McpLink } from "@cloister/agent";
import { createJudgement, openSession, streamOf, type ServerDefinition } from "@cloister/airlock";
import type { NetworkOptions } from "@cloister/backend";
import { CloisterError, messageOf } from "@cloister/base";
import { killTree, openCells, type Cells } from "@cloister/cell";
import { openLedger } from "@cloister/ledger";
import type { Label } from "@cloister/policy";
import type { CellWishes } from "../cell-arguments.ts";
import { openHiddenFiles } from "../cell-hidden.ts";
import { applyWishes } from "../cell-wishes.ts";
import { checkWorkspace, commandCell, makeScratch, userFor } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { findKnownSecrets } from "../known-secrets.ts";
import type { Binding } from "../policy/binding.ts";
import { openMcp } from "./open-mcp.ts";
import type { McpPlan } from "./plan.ts";

export interface TryRequest {
  readonly plan: McpPlan;
  readonly name: string;
  readonly binding: Binding;
  readonly wishes: CellWishes;
  readonly label: Label;
  readonly ledger: string;
  readonly network: NetworkOptions | undefined;
}

/** What is told of it, line by line. */
export interface Tried {
  readonly isThere: boolean;
  readonly lines: readonly string[];
  readonly diagnosis: readonly string[];
}

/** Longer than a session waits: whoever asks wants to know. */
const WAIT_MS_MAX = 35_000;

export async function tryServer(
  request: TryRequest,
  environment: Environment,
  signal: AbortSignal,
): Promise<Tried> {
  const { binding, name } = request;
  const { clock } = environment;
  const workspace = checkWorkspace(environment.directory, environment.home);
  const user = userFor(workspace, environment);
  const scratch = makeScratch(environment.temporary);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(scratch, { recursive: true, force: true }));
  const tier = binding.tier(undefined);
  const cells = await openCells({ tier, scratch, architecture: environment.architecture, user, streamOf });
  stack.defer(() => cells.close());
  const ledger = await openLedger({ directory: request.ledger, clock });
  stack.defer(() => ledger.close());
  const troubles: unknown[] = [];
  const onTrouble = (trouble: unknown): void => void troubles.push(trouble);
  const session = openSession({
    judgement: createJudgement(),
    client: { name: "cloister", version: environment.version, evidence: "started" },
    workspaceLabel: request.label,
    ...binding.session,
    known: findKnownSecrets(environment, request.plan.secrets),
    ...{ workspace, ledger, clock, onTrouble },
  });
  const commands = commandCell(workspace, environment);
  const view = applyWishes(commands.view, request.wishes);
  const mcp = await openMcp(request.plan, {
    ...{ session, scratch, user, clock, onTrouble, environment: commands.environment, path: commands.path },
    view: { ...view, hidden: openHiddenFiles(view, request.wishes).paths },
    ...{ node: environment.node, home: environment.home, isConfined: tier !== "none" },
    ...(request.network === undefined ? {} : { network: request.network }),
  });
  stack.defer(() => mcp.close());
  const [trouble] = troubles;
  const definition = mcp.servers.get(name);
  if (definition === undefined) throw trouble instanceof Error ? trouble : notThere(name);

  const printed: string[] = [];
  const servers = openMcpServers(
    mcp.wishes.filter((wish) => wish.name === name),
    {
      ...{ workspace, clock },
      status: () => {
        /* the state says it */
      },
      startServer: async () => {
        const { index } = await ledger.append({
          type: "tool.call",
          fields: { session: session.id, tier, kind: "server", name },
        });
        return startDirectly(definition, { cells, call: index, signal });
      },
    },
  );
  stack.defer(() => servers.close());
  const [server] = servers.servers;
  const settled = new AbortController();
  const late = clock.sleep(WAIT_MS_MAX, AbortSignal.any([signal, settled.signal])).catch(() => {
    /* it came, or nobody waits any more */
  });
  await Promise.race([servers.ready(signal).then(() => server?.settled()), late]);
  settled.abort();
  printed.push(...(server?.diagnosis ?? []));
  const lines = servers.news([]).map(({ content }) => (typeof content === "string" ? content : ""));
  return { isThere: server?.state.kind === "ready", lines, diagnosis: printed };
}

function notThere(name: string): CloisterError {
  return new CloisterError(`there is no MCP server "${name}"`, { code: "usage", next: "cloister mcp list" });
}

interface Surroundings {
  readonly cells: Cells;
  /** Its index in the ledger. */
  readonly call: number;
  readonly signal: AbortSignal;
}

/** What the keeper's socket is to the agent, without a socket: here there is no agent. */
function startDirectly(definition: ServerDefinition, surroundings: Surroundings): McpLink {
  return "bridge" in definition
    ? linkBridge(definition, surroundings)
    : linkProgram(definition, surroundings);
}

function linkProgram(
  { argv, environment, directory, view, egress }: Exclude<ServerDefinition, { bridge: unknown }>,
  { cells, call, signal }: Surroundings,
): McpLink {
  const pass = egress?.admit(call);
  const child = cells.spawn(egress === undefined ? view : { ...view, networkNamespace: egress.namespace }, {
    ...{ argv, directory: directory ?? view.workspace },
    environment: { ...environment, ...pass?.environment },
  });
  const kill = (): void => killTree(cells, child);
  signal.addEventListener("abort", kill, { once: true });
  child.stdin?.on("error", () => {
    /* it ended before it read its input */
  });
  const ended = new Promise<{ exitCode?: number; signal?: string }>((resolve) => {
    child.on("error", () => resolve({}));
    child.on("close", (code, endedBy) => {
      pass?.end();
      resolve({
        ...(code === null ? {} : { exitCode: code }),
        ...(endedBy === null ? {} : { signal: endedBy }),
      });
    });
  });
  const errors: Uint8Array[] = [];
  child.stderr?.on("data", (bytes: Uint8Array) => {
    if (errors.length < ERROR_CHUNKS_MAX) errors.push(bytes);
  });
  async function* output(): AsyncGenerator<{ stream: "out" | "err"; bytes: Uint8Array }> {
    for await (const bytes of child.stdout as AsyncIterable<Uint8Array>) {
      yield* takeErrors();
      yield { stream: "out", bytes };
    }
    await ended;
    yield* takeErrors();
  }
  function* takeErrors(): Generator<{ stream: "err"; bytes: Uint8Array }> {
    for (const bytes of errors.splice(0)) yield { stream: "err", bytes };
  }
  return { output: output(), write: (bytes) => void child.stdin?.write(bytes), kill, ended };
}

const ERROR_CHUNKS_MAX = 1000;

function linkBridge(
  { bridge }: Extract<ServerDefinition, { bridge: unknown }>,
  { signal }: Surroundings,
): McpLink {
  const stop = new AbortController();
  const input = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 1000 });
  const output = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 1000 });
  const [writer, heard] = [input.writable.getWriter(), output.writable.getWriter()];
  let why = "";
  const io = {
    input: input.readable,
    output: (bytes: Uint8Array) => heard.write(bytes),
    signal: AbortSignal.any([signal, stop.signal]),
  };
  const run = async (): Promise<{ exitCode: number }> => {
    try {
      await bridge(io);
      return { exitCode: 0 };
    } catch (error) {
      why = messageOf(error);
      return { exitCode: 1 };
    } finally {
      await heard.close();
    }
  };
  const ended = run();
  async function* read(): AsyncGenerator<{ stream: "out" | "err"; bytes: Uint8Array }> {
    for await (const bytes of output.readable) yield { stream: "out", bytes };
    if (why !== "") yield { stream: "err", bytes: Buffer.from(`${why}\n`) };
  }
  return {
    output: read(),
    write: (bytes) => void writer.write(bytes).catch(() => undefined),
    kill: () => {
      stop.abort();
      void writer.close().catch(() => undefined);
    },
    ended,
  };
}
