/** What a session that was killed left behind: its folder below the temporary one, and empty mount points in a workspace. */
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { CloisterError, isRecord, systemCodeOf } from "@cloister/base";
import { removeMountPoints } from "@cloister/cell";

interface Claim {
  readonly pid: number;
  /** Of the process, in the kernel's own count: numbers of processes are used again. */
  readonly started: string;
  /** In which the number is one: a container may share the temporary folder and nothing else. */
  readonly namespace?: string | undefined;
  readonly workspace: string;
  /** Where nothing was before: what is empty there afterwards is a mount point. */
  readonly missing: readonly string[];
  /** Its cells are gone, and it is taking its mount points away. */
  readonly isEnding?: boolean;
}

const FILE = "owner.json";
const ENTRIES_MAX = 10_000;
const SWEPT_MAX = 100;
const FILE_BYTES_MAX = 65_536;
const ENDING_LOOKS_MAX = 200;
const ENDING_LOOK_MS = 5;

/** Says whose `scratch` is, so that it can be taken away when its owner is gone. */
export function claimScratch(scratch: string, workspace: string, missing: readonly string[]): void {
  writeClaim(scratch, { workspace, missing });
}

function writeClaim(scratch: string, claim: Pick<Claim, "workspace" | "missing" | "isEnding">): void {
  const { pid } = process;
  const whole: Claim = { pid, started: startOf(pid) ?? "", namespace: namespaceOf(), ...claim };
  // Renamed into place: others read it at any time, and half a claim is none.
  writeFileSync(join(scratch, `${FILE}.new`), JSON.stringify(whole), { mode: 0o600 });
  renameSync(join(scratch, `${FILE}.new`), join(scratch, FILE));
}

export interface MountPointsOptions {
  readonly scratch: string;
  readonly workspace: string;
  /** Guarded paths that are not there (`missingGuarded`), asked for when nobody is taking any away. */
  readonly missing: () => readonly string[];
}

/**
 * Claims the mount points that cells leave in a workspace; what it returns takes them away, unless another session is at
 * work there. The kernel lets go of a mount whose mount point is removed, in every cell: the guard would be gone with
 * it. So each session says first that it comes or goes, and looks for the others only then; the last one clears up for all.
 * What it returns is called when the cells are closed, and removes `scratch`.
 */
export async function holdMountPoints(options: MountPointsOptions): Promise<() => void> {
  const { scratch, workspace } = options;
  claimScratch(scratch, workspace, []);
  for (let look = 0; look < ENDING_LOOKS_MAX; look++) {
    if (!neighboursOf(scratch, workspace).some(({ isEnding }) => isEnding)) break;
    await wait(ENDING_LOOK_MS);
  }
  // What stands empty now because of another session is not missing, and would be left by the last to go.
  const inherited = neighboursOf(scratch, workspace).flatMap(({ missing }) => missing);
  const missing = [...new Set([...options.missing(), ...inherited])].filter((path) =>
    path.startsWith(`${workspace}/`),
  );
  refuseReadOnly(workspace, missing);
  claimScratch(scratch, workspace, missing);
  return () => {
    // Closing the cells took the folder away. Made anew it is ours alone: where somebody else was quicker, this throws.
    if (!existsSync(scratch)) mkdirSync(scratch, { mode: 0o700 });
    writeClaim(scratch, { workspace, missing, isEnding: true });
    const others = neighboursOf(scratch, workspace).filter(({ isEnding }) => isEnding !== true);
    if (others.length === 0) removeMountPoints(workspace, missing);
    rmSync(scratch, { recursive: true, force: true });
  };
}

/**
 * Without its mount points a cell could not be made, and bubblewrap says no more than which one it was. To leave the
 * guards out would not do: whoever owns the folder can make it writable from inside.
 */
function refuseReadOnly(workspace: string, missing: readonly string[]): void {
  const needed = missing.find((path) => !existsSync(path) && existsSync(dirname(path)));
  if (needed === undefined) return;
  try {
    accessSync(dirname(needed), constants.W_OK);
  } catch (cause) {
    if (!["EACCES", "EROFS"].includes(systemCodeOf(cause) ?? "")) return; // what else it is, making the cell says
    throw new CloisterError(`${dirname(needed)} cannot be written to`, {
      code: "workspace-read-only",
      next:
        `make it writable, or work in a copy: cp -r ${workspace} ~/; while a cell runs, something empty stands in the ` +
        `place of ${basename(needed)} there, so that nothing in the cell can make it`,
      cause,
    });
  }
}

/** Claims of others in the same workspace whose owner is alive. */
function neighboursOf(scratch: string, workspace: string): Claim[] {
  return claimsBeside(scratch).flatMap(({ folder, claim }) =>
    folder !== scratch && claim?.workspace === workspace && isAlive(claim) ? [claim] : [],
  );
}

function claimsBeside(
  scratch: string,
): readonly { readonly folder: string; readonly claim: Claim | undefined }[] {
  const base = dirname(scratch);
  const uid = lstatSync(scratch).uid;
  return namesIn(base)
    .filter((name) => name.startsWith("cloister-"))
    .map((name) => ({ folder: join(base, name), claim: readClaim(join(base, name), uid) }));
}

/** Looks beside `scratch` for folders of the same user whose owner has ended. What cannot be removed stays. */
export function sweepScratches(scratch: string): void {
  const claims = claimsBeside(scratch);
  // In a workspace where a session is at work, an empty folder may be what its cells are mounted on.
  const isBusy = (workspace: string, except?: string): boolean =>
    claims.some(({ folder, claim }) => folder !== except && claim?.workspace === workspace && isAlive(claim));
  let swept = 0;
  for (const { folder, claim } of claims) {
    if (claim === undefined || isAlive(claim) || folder === scratch) continue;
    // Left for a later start, which reads in it what is to be taken away.
    if (isBusy(claim.workspace, scratch) || swept >= SWEPT_MAX) continue;
    swept += 1;
    if (!isBusy(claim.workspace)) {
      removeMountPoints(claim.workspace, claim.missing);
    }
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      /* the kernel's own folder of an overlay has no permissions; the temporary folder's owner clears it away */
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, ENTRIES_MAX);
  } catch {
    return []; // one that may be written and not listed
  }
}

/** Only of a folder that is the user's own: in a temporary folder anybody can leave a file of that name. */
function readClaim(folder: string, uid: number): Claim | undefined {
  try {
    const stats = lstatSync(folder);
    const file = join(folder, FILE);
    const own = lstatSync(file);
    if (!stats.isDirectory() || stats.uid !== uid || (stats.mode & 0o022) !== 0) return undefined;
    if (!own.isFile() || own.uid !== uid || own.size > FILE_BYTES_MAX) return undefined;
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isRecord(value) || typeof value["pid"] !== "number" || !Array.isArray(value["missing"])) {
      return undefined;
    }
    return value as unknown as Claim;
  } catch {
    return undefined; // no claim, or one that was being written when its owner died
  }
}

function isAlive({ pid, started, namespace }: Claim): boolean {
  // Of a process elsewhere nothing can be seen from here; its own neighbours clear up after it.
  if (namespace !== undefined && namespace !== namespaceOf()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (isRecord(error) && error["code"] === "ESRCH") return false;
  }
  const now = startOf(pid);
  return now === undefined || started === "" || now === started;
}

/** pid_namespaces(7). */
function namespaceOf(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined; // no /proc
  }
}

/** Field 22 of proc_pid_stat(5). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // no such process, or no /proc
  }
}
