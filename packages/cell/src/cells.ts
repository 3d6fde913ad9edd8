/** Opens the means to make cells on this host, once per session; each command then gets a cell of its own. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { CloisterError } from "@cloister/base";
import { toOptions, type Host } from "./bubblewrap.ts";
import { inheritedDescriptors } from "./descriptors.ts";
import { probe } from "./probe.ts";
import { assembleFilter } from "./seccomp.ts";
import { toArchitecture } from "./syscalls.ts";
import type { CellView, Launch, Tier } from "./view.ts";

export interface CellsOptions {
  /** `none` starts plain processes: shown to the user and recorded by the caller, never chosen silently. */
  readonly tier: Tier;
  /** A new, empty directory of the caller's that nobody else can write; removed by `close`. */
  readonly scratch: string;
  readonly architecture: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Where bubblewrap may be; the system's own first, for only that has a profile on Ubuntu. */
  readonly bwrapPaths?: readonly string[];
}

export interface Cells {
  readonly tier: Tier;
  /** Starts a process with stdin, stdout and stderr piped. Killing it kills everything it started. */
  spawn(view: CellView, launch: Launch): ChildProcess;
  close(): void;
}

export const bwrapPathsDefault: readonly string[] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/**
 * @throws CloisterError `cell-unavailable` with the reason and what to install. There is no weaker fallback: the
 * caller asks for `none` by name or does without.
 */
export async function openCells(options: CellsOptions): Promise<Cells> {
  if (options.tier === "none") return openPlainProcesses(options);
  const scratch = prepareScratch(options);
  const host = await probe({
    bwrapPaths: options.bwrapPaths ?? bwrapPathsDefault,
    scratch: options.scratch,
    uid: insideId(options.user.uid),
    gid: insideId(options.user.gid),
    launch: (candidate, view, launch) => spawnCell(candidate, options, view, launch),
  });
  return {
    tier: "bubblewrap",
    spawn: (view, launch) => spawnCell(host, options, view, launch),
    close: scratch.remove,
  };
}

/** Inside, nobody is root: not even by name. */
function insideId(id: number): number {
  return id === 0 ? 1000 : id;
}

const FILTER_DESCRIPTOR = 3;
const OPTIONS_DESCRIPTOR = 4;

function spawnCell(host: Host, options: CellsOptions, view: CellView, launch: Launch): ChildProcess {
  const filter = openSync(join(options.scratch, view.sockets.length > 0 ? "filter-unix" : "filter"), "r");
  const empty = openSync("/dev/null", "r");
  try {
    const stdio: NonNullable<StdioOptions> = ["pipe", "pipe", "pipe", filter, "pipe"];
    // Node leaves what our parent left open to our children; each such number gets /dev/null instead.
    for (const descriptor of inheritedDescriptors()) {
      if (descriptor > OPTIONS_DESCRIPTOR) stdio[descriptor] = empty;
    }
    for (let i = 0; i < stdio.length; i++) stdio[i] ??= "ignore";
    const cellOptions = toOptions(host, view, { ...launch, filterDescriptor: FILTER_DESCRIPTOR });
    const child = spawn(host.bwrap, ["--args", String(OPTIONS_DESCRIPTOR), "--", ...launch.argv], {
      stdio,
      // bubblewrap is process 1 inside, and its environment can be read there: --clearenv cleans only the command's.
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      ...demotion(options.user),
    });
    // Not on the command line: that of process 1 can be read inside, and would tell of the host's folders.
    const pipe = child.stdio[OPTIONS_DESCRIPTOR];
    assert(pipe instanceof Writable);
    pipe.on("error", () => {
      /* bubblewrap ended before it read them; its exit says why */
    });
    pipe.end(cellOptions.map((option) => `${option}\0`).join(""));
    return child;
  } finally {
    closeSync(filter);
    closeSync(empty);
  }
}

/** With a uid given, Node also drops root's supplementary groups. An ordinary user may not ask for that. */
function demotion(user: CellsOptions["user"]): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: user.uid, gid: user.gid } : {};
}

function openPlainProcesses(options: CellsOptions): Cells {
  return {
    tier: "none",
    spawn: (_view, launch) => {
      const [program, ...args] = launch.argv;
      if (program === undefined) throw new CloisterError("no command given", { code: "cell-no-command" });
      // A process group of its own, so that killing it can reach what it started.
      return spawn(program, args, {
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...launch.environment },
        cwd: launch.directory,
        detached: true,
      });
    },
    close: () => rmSync(options.scratch, { recursive: true, force: true }),
  };
}

function prepareScratch(options: CellsOptions): { remove: () => void } {
  const { scratch, user } = options;
  const architecture = toArchitecture(options.architecture);
  const uid = insideId(user.uid);
  const gid = insideId(user.gid);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const files: Record<string, string | Buffer> = {
    empty: "",
    filter: assembleFilter({ architecture, unixSockets: false }),
    "filter-unix": assembleFilter({ architecture, unixSockets: true }),
    passwd: `user:x:${uid}:${gid}:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
    group: `user:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: "127.0.0.1 localhost cell\n::1 localhost cell\n",
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(scratch, name), content, { mode: 0o444 });
  }
  const probed = join(scratch, "probe");
  mkdirSync(probed, { mode: 0o700 });
  // The demoted launcher must reach these files, and may write none of them but the probe's workspace.
  if (process.getuid?.() === 0 && user.uid !== 0) {
    chmodSync(scratch, 0o711);
    chownSync(probed, user.uid, user.gid);
  }
  return { remove: () => rmSync(scratch, { recursive: true, force: true }) };
}
