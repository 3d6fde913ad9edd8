/** Signals for the command itself. bubblewrap passes none on: one sent to it would kill the whole cell at once. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

const PROCESSES_MAX = 64;

/**
 * Sends `signal` to the command that `child` runs in its cell, with its process group, as a terminal would.
 * False when the command is not there (yet, or any more).
 */
export function signalCommand(child: ChildProcess, signal: NodeJS.Signals): boolean {
  const group = child.pid === undefined ? undefined : groupOf(commandOf(child.pid) ?? child.pid);
  // Never our own group, nor that of bubblewrap outside.
  if (group === undefined || group < 2 || group === groupOf(process.pid)) return false;
  try {
    return process.kill(-group, signal);
  } catch {
    return false; // it ended in this moment
  }
}

function groupOf(pid: number): number | undefined {
  // "pid (name) state parent group …": a name may hold anything, so what follows the last bracket is read.
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
  return Number.isInteger(group) ? group : undefined;
}

/**
 * The command's number on the host. Between it and us stand bubblewrap, its process 1, and perhaps a tracer; in its own
 * namespace it is number 2, the first that process 1 starts.
 */
export function commandOf(root: number): number | undefined {
  const queue = [root];
  for (let at = 0; at < queue.length && at < PROCESSES_MAX; at++) {
    const pid = queue[at] ?? root;
    if (innermostNumber(pid) === 2) return pid;
    queue.push(...childrenOf(pid));
  }
  return undefined;
}

function innermostNumber(pid: number): number | undefined {
  const numbers = /^NSpid:\s+(.+)$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
  return numbers.length < 2 ? undefined : Number(numbers.at(-1));
}

/**
 * A cell dies with bubblewrap's process 1, and that with the bubblewrap outside; but one that is killed while it starts
 * leaves its process 1 behind, which has not yet asked to die with it, and goes on to run the command. So it is stopped
 * first, for what is stopped starts nothing more, and killed together with what it has started.
 */
export function killCell(child: ChildProcess): void {
  const { pid, exitCode, signalCode } = child;
  if (pid !== undefined && exitCode === null && signalCode === null) {
    sendTo(pid, "SIGSTOP");
    for (const below of descendantsOf(pid)) sendTo(below, "SIGKILL");
  }
  child.kill("SIGKILL");
}

/** To a process, or with a negative number to its group. */
export function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    /* it is gone already, or was never ours */
  }
}

/** All that `root` started and that is still below it; at most 64. */
function descendantsOf(root: number): number[] {
  const queue = [root];
  for (let at = 0; at < queue.length && at < PROCESSES_MAX; at++) {
    queue.push(...childrenOf(queue[at] ?? root));
  }
  return queue.slice(1);
}

export function childrenOf(pid: number): number[] {
  const text = readOrEmpty(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process ended meanwhile
  }
}
