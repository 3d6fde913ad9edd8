/** Registers a session's MCP servers with its keeper: each a program in a cell of its own, or a bridge to somewhere else. */
import { chownSync, mkdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { McpServerWish } from "@cloister/agent";
import { openEgress, type AirlockSession, type Egress, type ServerDefinition } from "@cloister/airlock";
import { createDial, type NetworkOptions } from "@cloister/backend";
import { CloisterError, type Clock } from "@cloister/base";
import type { CellView } from "@cloister/cell";
import type { Approval } from "../extension/approval.ts";
import { clearancesOf } from "./clearance.ts";
import { defineHttpServer } from "./http-server.ts";
import { createMessageGate } from "./judge-message.ts";
import type { McpPlan, PlannedServer } from "./plan.ts";
import { openTokenFile } from "./token-file.ts";

export interface McpWorld {
  readonly session: AirlockSession;
  /** What commands see. */
  readonly view: CellView;
  readonly environment: Readonly<Record<string, string>>;
  /** Where commands find programs. */
  readonly path: readonly string[];
  /** A private folder of the session's. */
  readonly scratch: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly node: string;
  readonly home: string;
  readonly clock: Clock;
  readonly network?: NetworkOptions;
  /** Whether there is a cell. Without one there is nothing to open a way out of. */
  readonly isConfined: boolean;
  readonly onTrouble: (trouble: unknown) => void;
  /** Of what a trusted project would start. */
  readonly isApproved?: Approval;
}

export interface OpenedMcp {
  readonly servers: ReadonlyMap<string, ServerDefinition>;
  /** For the agent. */
  readonly wishes: readonly McpServerWish[];
  close(): Promise<void>;
}

/** What cannot be defined is told, and left out. Nothing is started yet. */
export async function openMcp(plan: McpPlan, world: McpWorld): Promise<OpenedMcp> {
  for (const loss of plan.losses) world.onTrouble(loss);
  const servers = new Map<string, ServerDefinition>();
  const wishes: McpServerWish[] = [];
  const egresses: Egress[] = [];
  for (const planned of plan.servers) {
    const { server } = planned;
    try {
      const definition =
        server.kind === "stdio"
          ? await defineProgram(planned, world, egresses)
          : defineHttpServer(server, planned, { ...world, tokens: openTokenFile(world.home) });
      servers.set(server.name, definition);
      const { name, timeoutMs, includeTools, excludeTools } = server;
      wishes.push({ name, timeoutMs, includeTools, excludeTools });
    } catch (error) {
      world.onTrouble(error);
    }
  }
  return {
    servers,
    wishes,
    close: async () => {
      await Promise.all(egresses.map((egress) => egress.close()));
    },
  };
}

async function defineProgram(
  { server, rights }: PlannedServer,
  world: McpWorld,
  egresses: Egress[],
): Promise<ServerDefinition> {
  if (server.kind !== "stdio") throw new TypeError("not a program");
  const { session, view, user, node } = world;
  const read = rights.read.map((path) => realpathSync(resolve(view.workspace, path)));
  const readable = [...view.readable, ...read];
  let egress: Egress | undefined;
  if (world.isConfined && rights.allow.length > 0) {
    egress = await openEgress({ session, allow: rights.allow, dial: createDial(), cell: { user, node } });
    egresses.push(egress);
  }
  // Without a cell it reaches everything.
  const reaches = egress !== undefined || !world.isConfined;
  const { policy } = session;
  const clearances = clearancesOf(rights.allow, rights.clearance, { policy, isConfined: world.isConfined });
  return {
    argv: [server.command, ...server.args],
    environment: { ...world.environment, ...server.env },
    directory: directoryOf(server.cwd, view.workspace),
    view: rights.write ? { ...view, readable } : readOnly({ ...view, readable }, server.name, world),
    ...(egress === undefined ? {} : { egress }),
    gate: createMessageGate(server.name, session, reaches ? clearances : []),
    ...(server.origin.scope === "project" && world.isApproved !== undefined
      ? { isApproved: world.isApproved }
      : {}),
  };
}

/** The workspace is shown for reading; what the cell takes for its workspace is a folder of its own. */
function readOnly(view: CellView, name: string, { scratch, user }: McpWorld): CellView {
  const own = join(scratch, `mcp-${Buffer.from(name).toString("hex")}`);
  mkdirSync(own, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(own, user.uid, user.gid);
  return { ...view, writable: [], workspace: own, readable: [...view.readable, view.workspace] };
}

function directoryOf(cwd: string | undefined, workspace: string): string {
  if (cwd === undefined) return workspace;
  const path = isAbsolute(cwd) ? cwd : resolve(workspace, cwd);
  if (path === workspace || path.startsWith(`${workspace}/`)) return path;
  throw new CloisterError(`the folder ${cwd} of an MCP server is outside the project`, {
    code: "bad-mcp-server",
    next: 'leave out its "cwd", or name a folder of the project',
  });
}
