/**
 * A workspace as an overlay: what a command writes goes to a folder of ours, and the project stays as it is until a
 * person has looked (docs.kernel.org/filesystems/overlayfs). bubblewrap mounts no overlay before 0.11, so the mount is
 * made in a namespace around it, in which an ordinary user may do that.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { CloisterError } from "@cloister/base";
import { guardsOf } from "./guard.ts";
import { readWriteSet, type WriteSet } from "./overlay-changes.ts";

export interface OverlayOptions {
  /** Absolute and free of symbolic links. */
  readonly workspace: string;
  /** A folder of ours that the user can pass through; the overlay's own folder is made in it. */
  readonly scratch: string;
  /** Whose namespace it is, the same as that of the cells. */
  readonly user: { readonly uid: number; readonly gid: number };
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
  /** What the commands so far would change. No command may run meanwhile. */
  writeSet(): Promise<WriteSet>;
  discard(): void;
}

/** @throws CloisterError `overlay-unavailable` with the reason */
export async function openOverlay(options: OverlayOptions): Promise<Overlay> {
  const base = join(options.scratch, "overlay");
  for (const name of ["", "lower", "upper", "work", "merged"]) makeFolder(join(base, name), options.user);
  // The workspace's own mode: it is that of the folder which commands see.
  chmodSync(join(base, "upper"), statSync(options.workspace).mode & 0o777);
  const openedMs = statSync(base).ctimeMs;
  const through = stage(base, options.workspace);
  const discard = (): void => remove(base);
  try {
    (await hold(through, options.user)).release();
  } catch (error) {
    discard();
    throw error;
  }
  return {
    workspaceFrom: join(base, "merged"),
    upper: join(base, "upper"),
    through,
    discard,
    writeSet: async () => {
      const holder = await hold(through, options.user);
      try {
        return readWriteSet({
          upper: join(base, "upper"),
          // Seen through the holder: only in its namespace is the overlay mounted.
          merged: `/proc/${holder.pid}/root${join(base, "merged")}`,
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

interface Holder {
  readonly pid: number;
  release(): void;
}

const COMPLAINT_CHARS_MAX = 2000;
const HOLD_MS_MAX = 10_000;

/** Mounts the overlay and keeps it mounted, in a namespace that lives until it is released. */
function hold(through: readonly string[], user: OverlayOptions["user"]): Promise<Holder> {
  const [program, ...args] = [...through, "/bin/sh", "-c", "echo ready; read -r end"] as const;
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
      cwd: "/",
      timeout: HOLD_MS_MAX,
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
    child.stdout?.once("data", () =>
      resolve({ pid: child.pid ?? 0, release: () => void child.stdin?.end() }),
    );
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
