// What a process and everything below it use, read from /proc. Linux only, like the cells.
import { readdirSync, readFileSync } from "node:fs";
import { systemCodeOf } from "@cloister/base";

export interface TreeUsage {
  /** User and system time of the live processes and of the children they waited for. In steps of 10 ms. */
  readonly cpuMs: number;
  /** The largest peak of resident memory that any one process has had so far. */
  readonly largestPeakBytes: number;
  /** Resident memory of all: what each has of its own, and the files mapped by the one that maps most. */
  readonly residentBytes: number;
}

/** The kernel reports times to user space in hundredths of a second, whatever its own tick. */
const TICK_MS = 10;
const PROCESSES_MAX = 10_000;

/** Usage of `root` and its descendants. A process that ends while it is being read counts for nothing. */
export function readTree(root: number): TreeUsage {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    if (stats.size >= PROCESSES_MAX) break;
    const stat = /^\d+$/.test(name) ? parseStat(readOf(Number(name), "stat")) : undefined;
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  let cpuMs = 0;
  let largestPeakBytes = 0;
  let ownBytes = 0;
  let mappedBytes = 0;
  for (const [pid, stat] of stats) {
    if (!isBelow(pid, root, stats)) continue;
    cpuMs += stat.ticks * TICK_MS;
    const status = readOf(pid, "status");
    largestPeakBytes = Math.max(largestPeakBytes, kilobytes(status, "VmHWM"));
    ownBytes += kilobytes(status, "RssAnon") + kilobytes(status, "RssShmem");
    // Several Nodes map the same program. The kernel's proportional figure would also divide it by the Nodes of
    // others, and so depend on who else is at work.
    mappedBytes = Math.max(mappedBytes, kilobytes(status, "RssFile"));
  }
  return { cpuMs, largestPeakBytes, residentBytes: ownBytes + mappedBytes };
}

export interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** Undefined for the empty text of a process that is gone. */
export function parseStat(text: string): Stat | undefined {
  // The name stands in parentheses and may itself hold blanks and parentheses: the last one ends it.
  const end = text.lastIndexOf(")");
  if (end < 0) return undefined;
  const [, parent = "0", ...rest] = text.slice(end + 2).split(" ");
  const times = rest.slice(9, 13).map(Number);
  return { parent: Number(parent), ticks: times.reduce((sum, time) => sum + time, 0) };
}

function isBelow(pid: number, root: number, stats: ReadonlyMap<number, Stat>): boolean {
  let at: number | undefined = pid;
  // Process ids are used again, so that a tree read piece by piece might hold a ring.
  for (let depth = 0; at !== undefined && depth < PROCESSES_MAX; depth++) {
    if (at === root) return true;
    at = stats.get(at)?.parent;
  }
  return false;
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
}

function readOf(pid: number, file: "stat" | "status"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    // Gone meanwhile, or somebody else's.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(systemCodeOf(error) ?? "")) return "";
    throw error;
  }
}
