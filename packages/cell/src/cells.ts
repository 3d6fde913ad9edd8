/** Opens the means to make cells on this host, once per session; each command then gets a cell of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import { openAhead } from "./ahead.ts";
import type { Host } from "./bubblewrap.ts";
import type { Finding } from "./census.ts";
import { forbidCoreDumps } from "./limits.ts";
import { openGrounds } from "./look.ts";
import { openPipes, type StreamOf } from "./pipes.ts";
import { probe, type ProbeOptions } from "./probe.ts";
import { forgetProbe, probeOnce } from "./remembered-probe.ts";
import { insideId, prepareScratch } from "./scratch.ts";
import { seatbeltCommand } from "./seatbelt.ts";
import { allPiped, follow, startCell, type Session } from "./start.ts";
import type { CellView, Launch, Tier } from "./view.ts";

export interface CellsOptions {
  /** `none` starts plain processes: shown to the user and recorded by the caller, never chosen silently. */
  readonly tier: Tier;
  /** A new, empty directory of the caller's that nobody else can write; removed by `close`. */
  readonly scratch: string;
  readonly architecture: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** The least that will do. A `tier` below it is refused, whoever asked for it. */
  readonly tierMin?: Tier;
  /** What a command left that mounts cannot forbid, and what of it was put aside: told when the command has ended. */
  readonly onFinding?: (finding: Finding) => void;
  /** Where bubblewrap may be; the system's own first, for only that has a profile on Ubuntu. */
  readonly bwrapPaths?: readonly string[];
  /**
   * Commands are expected to follow each other: the next one's cell is made before it is asked for, while nobody waits.
   * It is used only if it is still exactly the cell that would be made now.
   */
  readonly ahead?: boolean;
  /**
   * Of all that a command starts together, where its view names no limit and a control group can be made: it is to be
   * ended before the machine is out of memory.
   */
  readonly memoryBytesUsual?: number;
  /**
   * A folder of the user's own that nobody else can write, and that no cell shows: what is the same in every session is
   * kept there. Without it each session makes it anew.
   */
  readonly cache?: string;
  /** With it commands get pipes that they can open by name, as `/dev/stderr`; without it they get sockets. */
  readonly streamOf?: StreamOf;
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
 * caller asks for it by name or does without. `cell-tier` for a tier below the least.
 */
export async function openCells(options: CellsOptions): Promise<Cells> {
  const { tier, tierMin = "none" } = options;
  if (strength[tier] < strength[tierMin]) {
    throw new CloisterError(`a cell of the tier ${tier} is less than the ${tierMin} that is required`, {
      code: "cell-tier",
      next: `use --tier ${tierMin}, or ask whoever set the required tier`,
    });
  }
  switch (tier) {
    case "none":
      return openPlainProcesses(options);
    case "seatbelt":
      return openSeatbelt(options);
    case "bubblewrap":
      return openBubblewrap(options);
  }
}

const strength: Readonly<Record<Tier, number>> = { none: 0, seatbelt: 1, bubblewrap: 2 };

async function openBubblewrap(options: CellsOptions): Promise<Cells> {
  const { streamOf, user } = options;
  const scratch = prepareScratch(options);
  forbidCoreDumps();
  const pipes = streamOf && openPipes(join(options.scratch, "pipes"), streamOf);
  const report = (findings: readonly Finding[]): void => {
    for (const finding of findings) options.onFinding?.(finding);
  };
  const open = (host: Host): Session => ({
    ...{ host, pipes, user, grounds: openGrounds(report), openEtc: scratch.openEtc },
    memoryBytesUsual: options.memoryBytesUsual,
    ...{ groups: undefined, leftGroups: new Set(), started: 0 },
  });
  const remembered = options.cache === undefined ? undefined : join(options.cache, "cell.json");
  const probing: ProbeOptions = {
    bwrapPaths: options.bwrapPaths ?? bwrapPathsDefault,
    scratch: options.scratch,
    uid: insideId(user.uid),
    gid: insideId(user.gid),
    isRealRoot: process.getuid?.() === 0 && user.uid === 0,
    launch: (candidate, view, launch) => startCell(open(candidate), view, launch).child,
  };
  const host = await (remembered === undefined ? probe(probing) : probeOnce(probing, remembered));
  const session = open(host);
  const ahead = options.ahead === true ? openAhead(session) : undefined;
  return {
    tier: "bubblewrap",
    spawn: (view, launch) => {
      const started = ahead?.start(view, launch) ?? startCell(session, view, launch);
      follow(started, view);
      // Our own program ends well, unless it was killed, or there was no cell.
      if (remembered !== undefined && view.system === "libraries") {
        started.child.once("exit", (code) => code !== 0 && forgetProbe(remembered));
      }
      return started.child;
    },
    close: () => {
      ahead?.close();
      session.grounds.close();
      for (const group of session.leftGroups) group.remove();
      scratch.remove();
    },
  };
}

function openPlainProcesses(options: CellsOptions): Cells {
  return {
    tier: "none",
    spawn: (_view, launch) => {
      const [program, ...args] = launch.argv;
      if (program === undefined) throw new CloisterError("no command given", { code: "cell-no-command" });
      // A process group of its own, so that killing it can reach what it started.
      return spawn(program, args, {
        stdio: [...(launch.stdio ?? allPiped)],
        env: { ...launch.environment },
        cwd: launch.directory,
        detached: true,
      });
    },
    close: () => rmSync(options.scratch, { recursive: true, force: true }),
  };
}

/** macOS. The caller's fields that only Linux can hold are refused there, not dropped. */
function openSeatbelt(options: CellsOptions): Cells {
  if (process.platform !== "darwin") {
    throw new CloisterError("Seatbelt is a part of macOS", {
      code: "cell-unavailable",
      next: "use the tier bubblewrap on Linux; on Windows, run Cloister inside WSL2",
    });
  }
  return {
    tier: "seatbelt",
    spawn: (view, launch) => {
      const [program = "", ...args] = seatbeltCommand(view, launch, options.scratch);
      return spawn(program, args, {
        stdio: [...(launch.stdio ?? allPiped)],
        env: { ...launch.environment },
        cwd: launch.directory,
        detached: true,
      });
    },
    close: () => rmSync(options.scratch, { recursive: true, force: true }),
  };
}
