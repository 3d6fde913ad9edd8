/**
 * A cell as options of bubblewrap. Order matters: parents before what is mounted inside them, the
 * workspace before its guards, and nothing bound again after a guard (that would undo it).
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import { etcMounts } from "./etc.ts";
import { isWithin } from "./find.ts";
import type { Mask } from "./mask.ts";
import type { CellView } from "./view.ts";

/** Facts and files of this host that every cell of a session shares. */
export interface Host {
  readonly bwrap: string;
  /** Made-up passwd and group, an empty file: a directory only we can write. */
  readonly scratch: string;
  readonly uid: number;
  readonly gid: number;
  /** The cell's processes are root's for the host's files, though without any capability. */
  readonly isRealRoot: boolean;
  /** bubblewrap 0.8 and later; the filter forbids nested namespaces in any case. */
  readonly canDisableUserNamespaces: boolean;
}

export interface CellProcess {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The number of the descriptor from which bubblewrap reads the filter. */
  readonly filterDescriptor: number;
}

/** `masks` are in an order that holds (`planMasks`). */
export function toOptions(
  host: Host,
  view: CellView,
  masks: readonly Mask[],
  process: CellProcess,
): string[] {
  return [
    ...["--new-session", "--die-with-parent"],
    ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"],
    ...(view.networkNamespace === undefined ? ["--unshare-net"] : []),
    ...["--unshare-cgroup-try", "--hostname", "cell"],
    ...["--uid", String(host.uid), "--gid", String(host.gid), "--cap-drop", "ALL"],
    ...(host.canDisableUserNamespaces ? ["--disable-userns"] : []),
    ...systemMounts(view.system),
    ...["--ro-bind", join(host.scratch, `etc-${view.system}`), "/etc"],
    ...(view.system === "whole" ? etcMounts("/etc") : []),
    ...deviceMounts(view),
    ...["--proc", "/proc"],
    ...kernelMounts(host),
    ...temporaryMounts(view),
    ...folderMounts(view),
    ...masks.flatMap((mask) => maskMount(host, view, mask)),
    ...["--chdir", process.directory],
    ...[
      "--clearenv",
      ...Object.entries(process.environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ],
    ...["--seccomp", String(process.filterDescriptor)],
    ...["--dir", WHOLE],
  ];
}

const WHOLE = "/.cell";

/**
 * On the command line, after `--args`. The options come through a pipe, and if we are killed while we write them
 * bubblewrap takes what has come for all: a cell without its last mounts, and without a filter. So the last of them
 * makes a folder that these ask for.
 */
export const onceWholeOptions: readonly string[] = ["--chmod", "0555", WHOLE, "--remount-ro", "/"];

function systemMounts(system: CellView["system"]): string[] {
  const whole = system === "whole";
  const mounts = whole ? ["--ro-bind", "/usr", "/usr"] : libraryFolders.flatMap(readOnlyIfThere);
  for (const path of whole ? ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] : ["/lib", "/lib32", "/lib64"]) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    // On merged-/usr systems these are links into /usr; elsewhere real folders.
    mounts.push(
      ...(stats.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path]),
    );
  }
  return mounts;
}

const libraryFolders = ["/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/share/zoneinfo"];

/** @throws CloisterError `cell-view` */
function deviceMounts({ devices = [], limits }: CellView): string[] {
  const wrong = devices.find((path) => !/^\/dev\/[^.]/.test(path) || path.includes("/../"));
  if (wrong !== undefined) throw badView(wrong, "is not a device file below /dev");
  return [
    ...["--dev", "/dev", ...sized(limits), "--tmpfs", "/dev/shm"],
    ...devices.flatMap((path) => ["--dev-bind", path, path]),
    ...["--remount-ro", "/dev"],
  ];
}

/** Memory by another name: files in these count against nothing else where no control group holds the cell. */
function sized(limits: CellView["limits"]): string[] {
  return limits?.memoryBytes === undefined ? [] : ["--size", String(limits.memoryBytes)];
}

function temporaryMounts({ home, limits }: CellView): string[] {
  const size = sized(limits);
  const folder = (path: string, mode: string): string[] => ["--perms", mode, ...size, "--tmpfs", path];
  return [
    ...folder("/tmp", "1777"),
    ...folder("/var/tmp", "1777"),
    ...folder("/run", "0755"),
    ...folder(home, "0700"),
  ];
}

/** Parents first, so that what is named inside another keeps its own rights. */
function folderMounts(view: CellView): string[] {
  const binds = new Map<string, string[]>();
  for (const path of view.readable) binds.set(path, ["--ro-bind", path, path]);
  for (const path of view.writable ?? []) binds.set(path, ["--bind", path, path]);
  for (const { outside, inside } of view.sockets) binds.set(inside, ["--bind", outside, inside]);
  binds.set(view.workspace, ["--bind", view.workspaceFrom ?? view.workspace, view.workspace]);
  const paths = [...binds.keys()].toSorted();
  const wrong = paths.find((path) =>
    ["/", "/proc", "/dev"].some((own) => path === own || isBelow(path, own)),
  );
  if (wrong !== undefined) throw badView(wrong, "cannot be shown as a whole, or belongs to the cell itself");
  return paths.flatMap((path) => binds.get(path) ?? []);
}

function isBelow(path: string, folder: string): boolean {
  return folder !== "/" && isWithin(path, folder) && !path.startsWith("/dev/shm/");
}

function badView(path: string, why: string): CloisterError {
  return new CloisterError(`${path} ${why}`, { code: "cell-view", next: "name the folders that are needed" });
}

// The kernel's settings stay unwritable even for a launcher whose real user is root: in a user namespace, without
// one capability, root still *owns* these files, and core_pattern alone is code as real root.
function kernelMounts({ isRealRoot, scratch }: Host): string[] {
  // Memory and timers of the kernel, and the names of the keys that whoever started us holds.
  const ofRoot = ["kcore", "timer_list", "slabinfo", "vmallocinfo", "pagetypeinfo", "kallsyms"];
  const pages = ["kpageflags", "kpagecount", "kpagecgroup"];
  const covered = (isRealRoot ? ["keys", ...ofRoot, ...pages] : ["keys"]).map((name) => `/proc/${name}`);
  // To anybody but root these are closed by their owner; each mount costs every command 0.2 ms.
  const more = ["/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"];
  return [
    ...readOnlyIfThere("/proc/sys"),
    ...(isRealRoot ? more.flatMap(readOnlyIfThere) : []),
    ...covered.flatMap((path) => (existsSync(path) ? ["--ro-bind", join(scratch, "hidden"), path] : [])),
  ];
}

function maskMount(host: Host, view: CellView, { kind, path }: Mask): string[] {
  switch (kind) {
    case "pin":
      return ["--bind", sourceOf(view, path), path];
    case "read-only":
      return ["--ro-bind", sourceOf(view, path), path];
    case "empty-directory":
      return view.system === "libraries" ? laterMount(view, path) : ["--perms", "0555", "--tmpfs", path];
    case "hidden-directory":
      return ["--perms", "0000", "--tmpfs", path];
    case "empty-file":
      return ["--ro-bind", join(host.scratch, "empty"), path];
    case "hidden-file":
      return ["--ro-bind", join(host.scratch, "hidden"), path];
  }
}

/**
 * What is written into an empty folder of ours is gone with the cell, so it need not be read-only: that costs six times as
 * much. But the agent's cell lasts a whole session, in which a person may make the folder, or allow the agent to: it
 * sees what is there by then. `--remount-ro` fails where nothing was mounted.
 */
function laterMount(view: CellView, path: string): string[] {
  return ["--dir", path, "--ro-bind-try", sourceOf(view, path), path, "--remount-ro", path];
}

/** In an overlay a path of the workspace is the overlay's: the file below it would let changes through. */
function sourceOf({ workspace, workspaceFrom }: CellView, path: string): string {
  if (workspaceFrom === undefined || !isWithin(path, workspace)) return path;
  return workspaceFrom + path.slice(workspace.length);
}

function readOnlyIfThere(path: string): string[] {
  return existsSync(path) ? ["--ro-bind", path, path] : [];
}
