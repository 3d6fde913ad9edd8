/** Starts the agent's process in its cell. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cells, CellView, Tier } from "@cloister/cell";
import { agentLibraries } from "./agent-libraries.ts";
import type { CellWishes } from "./cell-arguments.ts";
import type { HiddenFiles } from "./cell-hidden.ts";
import { applyWishes } from "./cell-wishes.ts";
import { userFor } from "./command-cell.ts";
import type { Environment } from "./environment.ts";

const SOCKET_INSIDE = "/run/cloister/keeper.sock";

/** Where the agent finds the keeper's socket. */
export function insideSocket(tier: Tier, outside: string): string {
  return tier === "bubblewrap" ? SOCKET_INSIDE : outside;
}

export interface AgentStart {
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
export function startAgent(
  cells: Cells,
  { workspace, socketPath, environment, wishes, hidden }: AgentStart,
): ReturnType<Cells["spawn"]> {
  const node = realpathSync(environment.node);
  // Of a root keeper that works for another user the home is closed to whoever starts the cell.
  const isOurs = userFor(workspace, environment).uid === environment.user.uid;
  const code = isOurs ? environment.agentCode?.() : undefined;
  const kept = code === undefined ? [] : [code];
  const bare: CellView = {
    workspace,
    home: environment.home,
    readable: [node, ...ownCode(environment.entry), ...kept],
    sockets: [{ outside: socketPath, inside: SOCKET_INSIDE }],
    system: "libraries",
  };
  const { read = [], write = [], hide = [] } = wishes;
  // Limits are the commands'; what is hidden from them is hidden from the agent's own tools too.
  const view = { ...applyWishes(bare, { read, write, hide }), hidden: hidden.paths };
  return cells.spawn(view, {
    // The word is for whoever looks at a list of processes.
    argv: [node, agentProgram(environment.entry), "agent-process", ...kept],
    directory: workspace,
    environment: { ...environment.locale, HOME: environment.home, PATH: "/usr/bin:/bin", TMPDIR: "/tmp" },
  });
}

function agentProgram(entry: string): string {
  const file = realpathSync(entry);
  return join(dirname(file), file.endsWith(".ts") ? "agent-main.ts" : "agent-first.js");
}

/** The published folder, or in a checkout the packages and the links between them. */
function ownCode(entry: string): string[] {
  const file = realpathSync(entry);
  if (!file.endsWith(".ts")) return [dirname(file)];
  const packages = dirname(dirname(dirname(file)));
  const nodeModules = join(dirname(packages), "node_modules");
  return [packages, join(nodeModules, "@cloister"), ...agentLibraries(nodeModules)];
}
