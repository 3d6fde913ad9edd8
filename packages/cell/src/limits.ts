/** Limits of a cell: resource limits of its processes, and where one can be had a control group around all of them. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CloisterError, messageOf } from "@cloister/base";
import type { CellLimits } from "./view.ts";

/** A place below which this process may make control groups: cgroups(7), version 1 or 2. */
export interface ControlGroups {
  readonly memory: string | undefined;
  readonly pids: string | undefined;
  readonly version: 1 | 2;
}

export interface ControlGroup {
  /** Puts a process in, before it has children. The kernel takes up to 20 ms for it, in which nobody else should wait. */
  add(pid: number): Promise<void>;
  /** Once its processes are gone. False when some are not yet. */
  remove(): boolean;
}

/** util-linux. Started inside, because the number of processes is counted by user namespace since Linux 5.14. */
const prlimit = "/usr/bin/prlimit";

/**
 * What the command is started through.
 * @throws CloisterError `cell-limits` for a limit that cannot be held here
 */
export function limitedCommand(
  argv: readonly string[],
  limits: CellLimits,
  { groups, isRealRoot }: { readonly groups: ControlGroups | undefined; readonly isRealRoot: boolean },
): string[] {
  const { memoryBytes, processesMax, fileBytesMax, cpuSeconds } = limits;
  const options: string[] = [];
  if (memoryBytes !== undefined && groups?.memory === undefined) options.push(`--data=${memoryBytes}`);
  if (processesMax !== undefined && groups?.pids === undefined) {
    // The kernel lets the real root user have as many as it likes, in whatever user namespace.
    if (isRealRoot) {
      throw cannot("the number of processes", "no control group can be made, and root has no limit");
    }
    options.push(`--nproc=${processesMax}`);
  }
  if (fileBytesMax !== undefined) options.push(`--fsize=${fileBytesMax}`);
  if (cpuSeconds !== undefined) options.push(`--cpu=${cpuSeconds}`);
  if (options.length === 0) return [...argv];
  if (!existsSync(prlimit)) throw cannot("resources", `${prlimit} is not there: install util-linux`);
  return [prlimit, ...options, "--", ...argv];
}

/**
 * For this process and everything it starts from now on: no core dump. Where the kernel's `core_pattern` is a pipe, a
 * crash inside a cell would start a program outside it, as root; a limit of one byte, and only that, forbids it
 * (core(5): 0 forbids files). Costs one process a session, where a wrapper would cost one a command.
 */
export function forbidCoreDumps(): void {
  if (/^Max core file size\s+1\s+1\s/m.test(readOrEmpty("/proc/self/limits"))) return;
  // Where util-linux is missing the limit stays as it was: `examineHost` says so.
  spawnSync(prlimit, ["--pid", String(process.pid), "--core=1:1"], { stdio: "ignore", env: {} });
}

function cannot(what: string, why: string): CloisterError {
  return new CloisterError(`${what} cannot be limited here: ${why}`, {
    code: "cell-limits",
    next: "work as an ordinary user, or run without this limit",
  });
}

const root = "/sys/fs/cgroup";

/** Looks by making one: what a mount table promises is often not given. `name` is new and unique. */
export function findControlGroups(name: string): ControlGroups | undefined {
  const own = readOrEmpty("/proc/self/cgroup").split("\n");
  const unified = own.find((line) => line.startsWith("0::"))?.slice(3);
  if (unified !== undefined && existsSync(join(root, "cgroup.controllers"))) {
    // A group with processes has no limited groups below it, unless it is the topmost: beside us, then.
    const here = join(root, unified);
    const parent = [here, dirname(here)].find(
      (folder) => folder.startsWith(root) && canMake(join(folder, name), ["memory.max", "pids.max"]),
    );
    return parent === undefined ? undefined : { version: 2, memory: parent, pids: parent };
  }
  const below = (controller: string, file: string): string | undefined => {
    const path = own.find((line) => line.split(":")[1]?.split(",").includes(controller))?.split(":")[2];
    const folder = path === undefined ? undefined : join(root, controller, path);
    return folder !== undefined && canMake(join(folder, name), [file]) ? folder : undefined;
  };
  const memory = below("memory", "memory.limit_in_bytes");
  const pids = below("pids", "pids.max");
  return memory === undefined && pids === undefined ? undefined : { version: 1, memory, pids };
}

function canMake(folder: string, files: readonly string[]): boolean {
  try {
    mkdirSync(folder);
    try {
      return files.every((file) => existsSync(join(folder, file)));
    } finally {
      rmdirSync(folder);
    }
  } catch {
    return false; // read-only, or somebody else's: then there is none to be had
  }
}

/**
 * @throws CloisterError `cell-limits`
 */
export function openControlGroup(
  groups: ControlGroups,
  name: string,
  limits: CellLimits,
): ControlGroup | undefined {
  const { memoryBytes, processesMax } = limits;
  const folders = new Set<string>();
  const set = (
    parent: string,
    files: Readonly<Record<string, string>>,
    optional: readonly string[],
  ): void => {
    const folder = join(parent, name);
    mkdirSync(folder, { recursive: true });
    folders.add(folder);
    for (const [file, value] of Object.entries(files)) {
      // Without swap accounting its file is not there, and nothing can be swapped out of the group's sight.
      if (!optional.includes(file) || existsSync(join(folder, file))) {
        writeFileSync(join(folder, file), value);
      }
    }
  };
  try {
    if (memoryBytes !== undefined && groups.memory !== undefined) {
      const [now, swap, more] =
        groups.version === 2
          ? ["memory.max", "memory.swap.max", "memory.oom.group"]
          : ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.swappiness"];
      const swapValue = groups.version === 2 ? "0" : String(memoryBytes);
      const moreValue = groups.version === 2 ? "1" : "0";
      set(groups.memory, { [now]: String(memoryBytes), [swap]: swapValue, [more]: moreValue }, [swap, more]);
    }
    if (processesMax !== undefined && groups.pids !== undefined) {
      // bubblewrap and its process 1 are in the group too.
      set(groups.pids, { "pids.max": String(processesMax + LAUNCHER_PROCESSES) }, []);
    }
  } catch (cause) {
    remove(folders);
    throw cannot("memory or processes", messageOf(cause));
  }
  if (folders.size === 0) return undefined;
  return {
    add: async (pid) => {
      for (const folder of folders) await writeFile(join(folder, "cgroup.procs"), String(pid));
    },
    remove: () => remove(folders),
  };
}

const LAUNCHER_PROCESSES = 2;

function remove(folders: Set<string>): boolean {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
      folders.delete(folder);
    } catch {
      /* processes that were killed are still being buried; the caller asks again */
    }
  }
  return folders.size === 0;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // no such kernel file: no control groups
  }
}
