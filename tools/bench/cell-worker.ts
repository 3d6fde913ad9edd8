// Starts the same small command again and again in one way, and says how long each took.
//   node cell-worker.ts FOLDER COUNT PAUSE bare|bwrap|cell|cell-hiding|cell-ahead|cell-ahead-hiding|runtime [MODULE]
import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as wait } from "node:timers/promises";
import { streamOf } from "@cloister/airlock";
import { openCells, runInCell, type CellView } from "@cloister/cell";

const COMMAND = "/usr/bin/true";
const HIDDEN = 100;

/** Runs the command once. */
type Run = () => Promise<void>;

async function open(
  kind: string,
  folder: string,
  module: string,
): Promise<{ run: Run; close: () => Promise<void> }> {
  const workspace = join(folder, "workspace");
  const nothing = (): Promise<void> => Promise.resolve();
  switch (kind) {
    case "bare":
      return { run: () => ended(spawn(COMMAND, { stdio: "pipe" })), close: nothing };
    case "bwrap": {
      const mounts = [
        "--ro-bind",
        "/",
        "/",
        "--bind",
        workspace,
        workspace,
        "--dev",
        "/dev",
        "--proc",
        "/proc",
      ];
      const args = [...mounts, "--unshare-all", "--die-with-parent", COMMAND];
      return { run: () => ended(spawn("bwrap", args, { stdio: "pipe" })), close: nothing };
    }
    case "cell":
    case "cell-hiding":
    case "cell-ahead":
    case "cell-ahead-hiding":
      return openCell({
        folder,
        workspace,
        hidden: kind.endsWith("-hiding") ? HIDDEN : 0,
        ahead: kind.includes("-ahead"),
      });
    case "runtime":
      return openRuntime(workspace, module);
    default:
      throw new Error(`there is no way called ${kind}`);
  }
}

interface CellWork {
  readonly folder: string;
  readonly workspace: string;
  readonly hidden: number;
  readonly ahead: boolean;
}

async function openCell({
  folder,
  workspace,
  hidden,
  ahead,
}: CellWork): Promise<{ run: Run; close: () => Promise<void> }> {
  const paths = Array.from({ length: hidden }, (_, index) => join(workspace, `hidden-${index}`));
  for (const path of paths) writeFileSync(path, "x");
  const cells = await openCells({
    tier: "bubblewrap",
    scratch: join(folder, "cells"),
    architecture: process.arch,
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    streamOf,
    ahead,
  });
  const view: CellView = {
    workspace,
    home: join(folder, "home"),
    readable: [],
    sockets: [],
    system: "whole",
    hidden: paths,
  };
  const launch = { argv: [COMMAND], directory: workspace, environment: { PATH: "/usr/bin:/bin" } };
  const never = new AbortController().signal;
  return {
    run: async () => {
      const result = await runInCell(cells, view, launch, { timeoutMs: 20_000, outputBytesMax: 1000 }, never);
      if (result.exitCode !== 0) throw new Error(result.output);
    },
    close: () => Promise.resolve(cells.close()),
  };
}

interface Runtime {
  initialize(settings: unknown): Promise<void>;
  wrapWithSandbox(command: string): Promise<string>;
  reset(): Promise<void>;
}

async function openRuntime(
  workspace: string,
  module: string,
): Promise<{ run: Run; close: () => Promise<void> }> {
  const { SandboxManager } = (await import(pathToFileURL(module).href)) as {
    readonly SandboxManager: Runtime;
  };
  await SandboxManager.initialize({
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: [], allowWrite: [workspace], denyWrite: [] },
  });
  return {
    run: async () =>
      ended(
        spawn("/bin/sh", ["-c", await SandboxManager.wrapWithSandbox(COMMAND)], {
          stdio: "pipe",
          cwd: workspace,
        }),
      ),
    close: () => SandboxManager.reset(),
  };
}

function ended(child: ChildProcess): Promise<void> {
  let complaint = "";
  child.stdout?.resume();
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`ended with ${code}: ${complaint}`)),
    );
  });
}

const [folder = "", count = "", pause = "", kind = "", module = ""] = process.argv.slice(2);
const wallMs: number[] = [];
let started = performance.now();
// The first pays for what a session opens once.
const { run, close } = await open(kind, folder, module);
for (let i = 0; i < Number(count); i++) {
  await run();
  wallMs.push(performance.now() - started);
  await wait(Number(pause));
  started = performance.now();
}
await close();
console.log(JSON.stringify({ wallMs }));
