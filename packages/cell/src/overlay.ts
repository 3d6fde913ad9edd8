/**
 * A workspace as an overlay: what a command writes goes to a folder of ours, and the project stays as it is until a
 * person has looked (docs.kernel.org/filesystems/overlayfs). bubblewrap mounts no overlay before 0.11, so the mount is
 * made in a namespace around it, in which an ordinary user may do that.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { CloisterError } from "@cloister/base";
import type { Cells } from "./cells.ts";
import { guardsOf } from "./guard.ts";
import { namespaceOf } from "./namespace.ts";
import { readWriteSet, type WriteSet } from "./overlay-changes.ts";

export interface OverlayOptions {
  /** Absolute and free of symbolic links. */
  readonly workspace: string;
  /** A folder of ours that the user can pass through; the overlay's own folder is made in it. */
  readonly scratch: string;
  /** Whose namespace it is, the same as that of the cells. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Takes up the overlay that `scratch` holds from before, opened then; without it a new one is made. */
  readonly openedMs?: number;
}

/**
 * Commands share what they wrote, one after the other; two at once are not supported by the kernel.
 */
export interface Overlay {
  /** For `CellView.workspaceFrom`. */
  readonly workspaceFrom: string;
  /** For `Launch.through`. */
  readonly through: readonly string[];
  /** Where the new files are, for reading: a path of `WriteSet` leads to a file below it. */
  readonly upper: string;
  /** By the file system's clock. */
  readonly openedMs: number;
  /** What the commands so far would change. No command may run meanwhile. */
  writeSet(): Promise<WriteSet>;
  /** Mounts it once, for cells at the same time. `within`: what leads into the network namespace that they join. */
  share(within?: readonly string[]): Promise<SharedOverlay>;
  discard(): void;
}

/** One mount for all cells of a session, until it is closed: all of them see what each of them wrote. */
export interface SharedOverlay {
  /** Cells that show the overlay wherever they would show the workspace. */
  around(cells: Cells): Cells;
  /** When the last cell has ended. Only then the overlay may be mounted again, as `writeSet` does. */
  close(): Promise<void>;
}

/** @throws CloisterError `overlay-unavailable` with the reason */
export async function openOverlay(options: OverlayOptions): Promise<Overlay> {
  const base = join(options.scratch, "overlay");
  if (options.openedMs === undefined) {
    for (const name of ["", "lower", "upper", "work", "merged"]) makeFolder(join(base, name), options.user);
    // The workspace's own mode: it is that of the folder which commands see.
    chmodSync(join(base, "upper"), statSync(options.workspace).mode & 0o777);
  }
  const openedMs = options.openedMs ?? statSync(base).ctimeMs;
  const through = stage(base, options.workspace);
  const discard = (): void => remove(base);
  try {
    (await hold(through, options.user)).release();
  } catch (error) {
    if (options.openedMs === undefined) discard();
    throw error;
  }
  const workspaceFrom = join(base, "merged");
  return {
    ...{ workspaceFrom, upper: join(base, "upper"), openedMs, through, discard },
    share: async (within = []) => {
      const holder = await hold([...within, ...through], options.user, SESSION_MS_MAX);
      return toShared(holder, { workspace: options.workspace, workspaceFrom });
    },
    writeSet: async () => {
      const holder = await hold(through, options.user);
      try {
        return readWriteSet({
          upper: join(base, "upper"),
          // Seen through the holder: only in its namespace is the overlay mounted.
          merged: `/proc/${holder.pid}/root${workspaceFrom}`,
          workspace: options.workspace,
          openedMs,
          guarded: guardsOf(options.workspace)
            .filter(({ kind }) => kind !== "pin")
            .map(({ path }) => relative(options.workspace, path)),
        });
      } finally {
        holder.release();
      }
    },
  };
}

const UNSHARE = "/usr/bin/unshare";

// Names in the mount's options are relative: a folder's name may hold the characters that options are parted by.
// `userxattr`, because only those attributes are an ordinary user's.
const mountScript =
  'cd "$1" && mount --rbind "$2" lower && ' +
  "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr merged && " +
  'shift 2 && cd / && exec "$@"';

function stage(base: string, workspace: string): string[] {
  const namespaces = [UNSHARE, "--user", "--map-root-user", "--mount", "--"];
  return [...namespaces, "/bin/sh", "-c", mountScript, "sh", base, workspace];
}

const NSENTER = "/usr/bin/nsenter";

/**
 * Who enters is not in the namespaces of who holds, but has all capabilities over them: the user that made a user
 * namespace has, from outside (user_namespaces(7)).
 */
function toShared(
  holder: Holder,
  { workspace, workspaceFrom }: { readonly workspace: string; readonly workspaceFrom: string },
): SharedOverlay {
  // Process numbers are used again: were the holder gone, its number could lead into other namespaces.
  const identity = (): string => `${namespaceOf(holder.pid, "user")} ${namespaceOf(holder.pid, "mnt")}`;
  const made = identity();
  const enter = [
    NSENTER,
    "--preserve-credentials",
    "--user",
    "--mount",
    "--target",
    String(holder.pid),
    "--",
  ];
  const workspaceSeen = `/proc/${holder.pid}/root${workspaceFrom}`;
  return {
    around: (cells) => ({
      ...cells,
      spawn: (view, launch) => {
        if (view.workspace !== workspace) return cells.spawn(view, launch);
        if (holder.isGone() || identity() !== made) throw gone();
        const through = [...(launch.through ?? []), ...enter];
        return cells.spawn({ ...view, workspaceFrom, workspaceSeen }, { ...launch, through });
      },
    }),
    close: () => holder.end(),
  };
}

function gone(): CloisterError {
  return new CloisterError("the overlay of the session is gone: the process that held it has ended", {
    code: "overlay-gone",
    next: "start the session again; what was written so far is still there to be reviewed",
  });
}

interface Holder {
  readonly pid: number;
  isGone(): boolean;
  release(): void;
  /** Resolves when it is no more. */
  end(): Promise<void>;
}

/** What Node's timer can hold: far longer than any session. */
const SESSION_MS_MAX = 2 ** 31 - 1;

const COMPLAINT_CHARS_MAX = 2000;
const HOLD_MS_MAX = 10_000;

/** Mounts the overlay and keeps it mounted, in a namespace that lives until it is released. */
function hold(
  through: readonly string[],
  user: OverlayOptions["user"],
  timeoutMs: number = HOLD_MS_MAX,
): Promise<Holder> {
  const [program, ...args] = [...through, "/bin/sh", "-c", "echo ready; read -r end"] as const;
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
      cwd: "/",
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      ...(process.getuid?.() === 0 ? { uid: user.uid, gid: user.gid } : {}),
    });
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      if (complaint.length < COMPLAINT_CHARS_MAX) complaint += chunk.toString();
    });
    child.stdin?.on("error", () => {
      /* it ended by itself; its exit says why */
    });
    const closed = new Promise<void>((done) => child.once("close", () => done()));
    child.stdout?.once("data", () => {
      // It ends with us, by the end of its input; it keeps nobody from ending.
      child.unref();
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({
        pid: child.pid ?? 0,
        isGone: () => child.exitCode !== null || child.signalCode !== null,
        release: () => void child.stdin?.end(),
        end: () => {
          child.ref();
          child.stdin?.end();
          return closed;
        },
      });
    });
    child.on("error", (cause) => reject(unavailable(cause.message, cause)));
    child.on("close", () => reject(unavailable(complaint.trim())));
  });
}

const explanations: readonly { readonly says: RegExp; readonly next: string }[] = [
  { says: /ENOENT/, next: "install util-linux: it brings unshare and mount" },
  {
    says: /unshare failed|uid_map|Operation not permitted|permission denied/i,
    next: "this system keeps ordinary users from mounting overlays (user namespaces, AppArmor or a container's rules); see docs/guide/cell.md, or do without --review",
  },
  {
    says: /wrong fs type|unknown filesystem|Invalid argument|No such device/i,
    next: "the kernel (5.11 or newer, with overlayfs) or the file system of the temporary folder cannot hold an overlay; set TMPDIR to a folder on ext4, xfs, btrfs or tmpfs",
  },
];

function unavailable(complaint: string, cause?: unknown): CloisterError {
  const known = explanations.find(({ says }) => says.test(complaint));
  return new CloisterError(
    `no overlay can be laid over the workspace: ${complaint || "it failed without a word"}`,
    {
      code: "overlay-unavailable",
      next: known?.next ?? "do without --review",
      cause,
    },
  );
}

function makeFolder(path: string, user: OverlayOptions["user"]): void {
  mkdirSync(path, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(path, user.uid, user.gid);
}

function remove(base: string): void {
  if (existsSync(base)) openAll(base);
  rmSync(base, { recursive: true, force: true });
}

/** The kernel leaves a folder without any permission, and commands may too: their owner could not empty them. */
function openAll(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openAll(join(folder, entry.name));
  }
}
