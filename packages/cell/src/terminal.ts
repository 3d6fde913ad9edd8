/** Pseudo-terminals inside cells, by way of script(1) of util-linux, which every Linux has. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { CloisterError } from "@cloister/base";
import { childrenOf } from "./signal.ts";
import { SYSTEM_PATH } from "./system-path.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const scriptPaths = ["/usr/bin/script", "/bin/script"];
const PROCESSES_MAX = 64;
const STTY_MS_MAX = 2000;

/**
 * The shell's argument list, run with a terminal as its input and output. Give the environment `SHELL` that shell.
 * @throws CloisterError `no-terminal`
 */
export function inTerminal(shellArgv: readonly string[], { columns, rows }: TerminalSize): string[] {
  // The program of that name on BSD and macOS has other options.
  const script = process.platform === "linux" ? scriptPaths.find((path) => existsSync(path)) : undefined;
  if (script === undefined) {
    throw new CloisterError("there is no script(1) of util-linux here, which makes terminals", {
      code: "no-terminal",
      next: "install util-linux (on Debian and Ubuntu: bsdutils), or run the command without a terminal",
    });
  }
  const line = shellArgv.at(-1) ?? "";
  // Echo as in any terminal: without one of its own, script turns it off.
  return [script, "-qefc", `stty echo rows ${rows} cols ${columns} 2>/dev/null; ${line}`, "/dev/null"];
}

/** Best effort, and told to nobody: what runs in it may have ended. The kernel tells it that its size changed. */
export function resizeTerminal(child: ChildProcess, { columns, rows }: TerminalSize): void {
  const place = child.pid === undefined ? undefined : terminalBelow(child.pid);
  if (place === undefined) return;
  const stty = spawn("stty", ["-F", place, "rows", String(rows), "cols", String(columns)], {
    stdio: "ignore",
    timeout: STTY_MS_MAX,
    env: { PATH: SYSTEM_PATH },
  });
  stty.on("error", () => {
    /* without stty the size stays as it was */
  });
}

function terminalBelow(root: number): string | undefined {
  const queue = [root];
  for (let at = 0; at < queue.length && at < PROCESSES_MAX; at++) {
    const pid = queue[at] ?? root;
    const place = `/proc/${pid}/fd/0`;
    if (linkOf(place).startsWith("/dev/pts/")) return place;
    queue.push(...childrenOf(pid));
  }
  return undefined;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // the process ended meanwhile
  }
}
