/**
 * A cell as options of bubblewrap. Order matters: parents before what is mounted inside them, the
 * workspace before its guards, and nothing bound again after a guard (that would undo it).
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { guardsOf, type Guard } from "./guard.ts";
import { refuseLinks } from "./paths.ts";
import type { CellView } from "./view.ts";

/** Facts and files of this host that every cell of a session shares. */
export interface Host {
  readonly bwrap: string;
  /** Made-up passwd and group, an empty file: a directory only we can write. */
  readonly scratch: string;
  readonly uid: number;
  readonly gid: number;
  /** bubblewrap 0.8 and later; the filter forbids nested namespaces in any case. */
  readonly canDisableUserNamespaces: boolean;
}

export interface CellProcess {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The number of the descriptor from which bubblewrap reads the filter. */
  readonly filterDescriptor: number;
}

export function toOptions(host: Host, view: CellView, process: CellProcess): string[] {
  return [
    ...["--new-session", "--die-with-parent"],
    ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net"],
    ...["--unshare-cgroup-try", "--hostname", "cell"],
    ...["--uid", String(host.uid), "--gid", String(host.gid), "--cap-drop", "ALL"],
    ...(host.canDisableUserNamespaces ? ["--disable-userns"] : []),
    ...systemMounts(view.system),
    ...etcMounts(host, view.system),
    ...["--dev", "/dev", "--tmpfs", "/dev/shm", "--remount-ro", "/dev", "--proc", "/proc"],
    ...kernelMounts(),
    ...["--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs", "/var/tmp"],
    ...["--perms", "0755", "--tmpfs", "/run", "--perms", "0700", "--tmpfs", view.home],
    ...view.readable.toSorted().flatMap((path) => ["--ro-bind", path, path]),
    ...view.sockets.flatMap(({ outside, inside }) => ["--bind", outside, inside]),
    ...["--bind", view.workspace, view.workspace],
    ...guardsOf(view.workspace).flatMap((guard) => guardMount(host, guard)),
    ...["--remount-ro", "/", "--chdir", process.directory],
    ...[
      "--clearenv",
      ...Object.entries(process.environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ],
    ...["--seccomp", String(process.filterDescriptor)],
  ];
}

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

// What programs read in /etc to find libraries, names, certificates and the time of day. No other file is there.
const etcNames = [
  ...["alternatives", "bash.bashrc", "ca-certificates.conf", "debian_version", "default/locale", "fonts"],
  ...["gai.conf", "gitconfig", "host.conf", "inputrc", "java-17-openjdk", "java-21-openjdk", "ld.so.cache"],
  ...["ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "login.defs", "magic", "mime.types"],
  ...["nsswitch.conf", "os-release", "pki", "protocols", "python3", "rpc", "services", "shells"],
  ...["ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone", "xdg"],
];

function etcMounts(host: Host, system: CellView["system"]): string[] {
  const names = system === "whole" ? etcNames : ["ld.so.cache", "localtime", "ssl/openssl.cnf"];
  return [
    ...names.flatMap((name) => readOnlyIfThere(`/etc/${name}`)),
    ...["passwd", "group", "hosts"].flatMap((name) => [
      "--ro-bind",
      join(host.scratch, name),
      `/etc/${name}`,
    ]),
  ];
}

// The kernel's settings stay unwritable even for a launcher whose real user is root: in a user namespace, without
// one capability, root still *owns* these files, and core_pattern alone is code as real root.
function kernelMounts(): string[] {
  return ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"].flatMap(
    readOnlyIfThere,
  );
}

function guardMount(host: Host, guard: Guard): string[] {
  refuseLinks(guard.path);
  switch (guard.kind) {
    case "pin":
      return ["--bind", guard.path, guard.path];
    case "read-only":
      return ["--ro-bind", guard.path, guard.path];
    case "empty-directory":
      return ["--perms", "0555", "--tmpfs", guard.path, "--remount-ro", guard.path];
    case "empty-file":
      return ["--ro-bind", join(host.scratch, "empty"), guard.path];
  }
}

function readOnlyIfThere(path: string): string[] {
  return existsSync(path) ? ["--ro-bind", path, path] : [];
}

/** The folders of PATH that exist inside, in their order. */
export function visiblePath(view: CellView, path: readonly string[]): string[] {
  const roots = ["/usr", "/bin", "/sbin", view.workspace, ...view.readable];
  return path.filter((folder) => roots.some((root) => folder === root || isInside(folder, root)));
}

function isInside(path: string, root: string): boolean {
  for (let at = dirname(path); at !== "/" && at !== "."; at = dirname(at)) if (at === root) return true;
  return false;
}
