/**
 * What a command in a cell reads, writes, starts and connects to, seen from outside with strace(1). io_uring is
 * forbidden inside, so no opening goes unseen. It slows commands that open many files two- to eightfold.
 */
import { accessSync, constants } from "node:fs";
import type { Readable } from "node:stream";
import { CloisterError, readLines } from "@cloister/base";
import { createTraceParser, type Observation } from "./observe-parse.ts";

export interface Observer {
  /** For `Launch.through`, before all others. `Launch.reportPipe` must be set. */
  readonly through: readonly string[];
  /** Resolves when the command has ended and everything was told. `report` is the process's descriptor 5. */
  follow(report: Readable): Promise<Followed>;
}

export interface Followed {
  readonly observations: number;
  /** There were more than `observationsMax`; the command went on unobserved. */
  readonly isCut: boolean;
}

export interface ObserverOptions {
  readonly onObservation: (observation: Observation) => void;
  readonly observationsMax?: number;
  readonly stracePaths?: readonly string[];
}

const OBSERVATIONS_MAX_DEFAULT = 1_000_000;
const LINE_CHARS_MAX = 1024 * 1024;
const STRING_CHARS_MAX = 4096;
const stracePathsDefault: readonly string[] = ["/usr/bin/strace", "/usr/local/bin/strace"];

// Calls that name a path, a program or an address. What only looks at a name (stat, access) is left out: programs do
// that for hundreds of places where nothing is.
const traced = [
  ...["open", "openat", "creat", "truncate", "execve", "execveat", "connect", "bind", "sendto"],
  ...["unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "mkdir", "mkdirat"],
  ...["link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat", "mknod", "mknodat"],
];

/** @throws CloisterError `observe-unavailable` when strace is not installed */
export function createObserver(options: ObserverOptions): Observer {
  const strace = (options.stracePaths ?? stracePathsDefault).find(isExecutable);
  if (strace === undefined) {
    throw new CloisterError("strace is not installed, and nothing else sees what a command does", {
      code: "observe-unavailable",
      next: "install it: apt-get install strace (dnf, pacman and zypper have it by the same name)",
    });
  }
  const max = options.observationsMax ?? OBSERVATIONS_MAX_DEFAULT;
  // A name that an architecture does not have is skipped where it is marked with a question mark.
  const calls = traced.map((name) => `?${name}`).join(",");
  return {
    through: [
      ...[strace, "-f", "--seccomp-bpf", "-qqq", "-ttt", "-y", "-s", String(STRING_CHARS_MAX)],
      ...["-e", `trace=${calls}`, "-e", "signal=none", "-o", "|exec cat >&5", "--"],
      // The report's descriptor stays outside: whoever holds it could write the report.
      ...["/bin/sh", "-c", 'exec "$@" 5>&-', "sh"],
    ],
    follow: async (report) => {
      const parser = createTraceParser();
      let observations = 0;
      let isCut = false;
      // Read to the end in any case: a full pipe would stop the command.
      for await (const line of readLines(report, { lineCharsMax: LINE_CHARS_MAX })) {
        const observation = parser.parse(line);
        if (observation === undefined) continue;
        if (observations >= max) isCut = true;
        else {
          observations += 1;
          options.onObservation(observation);
        }
      }
      return { observations, isCut };
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent, or not for us: the next one is tried
  }
}
