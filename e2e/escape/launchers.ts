/** The ways to start a probe: in a cell of ours, by somebody else's sandbox, or with nothing around it. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { runInCell, type Cells } from "@cloister/cell";
import type { Probe } from "./probe.ts";
import type { World } from "./world.ts";

export interface Launcher {
  readonly name: string;
  /** Resolves with all that came out, when the command is over. */
  run(world: World, argv: readonly string[], launch: Probe["launch"]): Promise<string>;
}

const RUN_MS_MAX = 30_000;
const OUTPUT_BYTES_MAX = 200_000;
/** The lowest is what programs open first; the highest is beyond what Node closes by itself. */
const LEAKED_DESCRIPTORS = [7, 9, 40];

/** Plain probes go through the library; those about the launcher itself through `command`, a process of its own. */
export function createCellLauncher(
  cells: Cells,
  hide: (workspace: string) => readonly string[],
  command: Launcher,
): Launcher {
  return {
    name: `cell (${cells.tier}), and ${command.name}`,
    run: async (world, argv, launch) => {
      if (launch !== undefined) return command.run(world, argv, launch);
      const { workspace, home } = world;
      const view = {
        ...{ workspace, home, readable: [dirname(process.execPath)], sockets: [] },
        ...{ system: "whole" as const, hidden: hide(workspace) },
      };
      const environment = { PATH: "/usr/bin:/bin", HOME: home };
      const { output } = await runInCell(
        cells,
        view,
        { argv, directory: workspace, environment },
        { timeoutMs: RUN_MS_MAX, outputBytesMax: OUTPUT_BYTES_MAX },
        new AbortController().signal,
      );
      return output;
    },
  };
}

/**
 * `words` is a command to which the probe's is appended; in it `{workspace}`, `{home}` and `{node}` stand for these
 * paths. It starts in the workspace. With no words at all, nothing holds the probe.
 */
export function createCommandLauncher(words: readonly string[]): Launcher {
  return {
    name: words.length === 0 ? "no cell" : words.join(" "),
    run: (world, argv, launch) => {
      const values: Readonly<Record<string, string>> = {
        "{workspace}": world.workspace,
        "{home}": world.home,
        "{node}": process.execPath,
      };
      const filled = words.map((word) =>
        word.replace(/\{(?:workspace|home|node)\}/g, (name) => values[name] ?? name),
      );
      return start(world, [...filled, ...argv], launch);
    },
  };
}

async function start(world: World, argv: readonly string[], launch: Probe["launch"]): Promise<string> {
  const [program = "", ...args] = launch === "on-terminal" ? onTerminal(argv) : argv;
  const secretFile = openSync(join(world.outside, "secret.txt"), "r");
  const stdio: ("ignore" | "pipe" | number)[] = [
    launch === "on-terminal" ? "pipe" : "ignore",
    "pipe",
    "pipe",
  ];
  if (launch === "with-leaks") {
    for (const descriptor of LEAKED_DESCRIPTORS) stdio[descriptor] = secretFile;
    for (let i = 0; i < stdio.length; i++) stdio[i] ??= "ignore";
  }
  const child = spawn(program, args, {
    stdio,
    cwd: world.workspace,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: world.home,
      ...(launch === "with-leaks" ? leaks(world) : {}),
    },
    // A group of its own, so that a launcher that does not end can be ended with what it started.
    detached: true,
  });
  closeSync(secretFile);
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, RUN_MS_MAX);
  let output = "";
  const add = (chunk: Buffer): void => {
    if (output.length < OUTPUT_BYTES_MAX) output += chunk.toString("latin1");
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  try {
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      // Not "close": somebody left running may hold the pipe open, and that is the survivor that is looked for.
      child.on("exit", () => setTimeout(resolve, DRAIN_MS));
    });
  } finally {
    clearTimeout(timer);
    child.stdin?.destroy();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  return output;
}

const DRAIN_MS = 50;

function leaks(world: World): Record<string, string> {
  return {
    CLOISTER_API_KEY: world.secret,
    AWS_SECRET_ACCESS_KEY: world.secret,
    SSH_AUTH_SOCK: join(world.outside, "agent.sock"),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(world.outside, "agent.sock")}`,
    BASH_ENV: join(world.outside, "secret.txt"),
    PERL5LIB: world.outside,
  };
}

/** `script` gives the command a terminal of its own. Its child's shell needs the words quoted. */
function onTerminal(argv: readonly string[]): string[] {
  const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return ["script", "-qec", quoted, "/dev/null"];
}
