/**
 * The cell of macOS, which is less than that of Linux: one profile for the kernel's Seatbelt, given to sandbox-exec(1).
 * Processes share the host's network stack, so loopback is denied rather than empty; there are no own process numbers,
 * and file names outside can be seen to exist. `docs/guide/cell.md` says so to its users.
 */
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import { guardedNames } from "./guarded-names.ts";
import { ignoreFiles } from "./ignore.ts";
import { hiddenIn, type CellView, type Launch } from "./view.ts";

/**
 * What to start, through `/usr/bin/sandbox-exec`.
 * @throws CloisterError `cell-view` for what Seatbelt cannot hold
 */
export function seatbeltCommand(view: CellView, launch: Launch, temporary: string): string[] {
  const cannot = [
    view.limits === undefined ? "" : "limits",
    view.networkNamespace === undefined ? "" : "a network namespace",
    view.workspaceFrom === undefined ? "" : "an overlay",
  ].filter((what) => what !== "");
  if (cannot.length > 0) {
    throw new CloisterError(`macOS cannot hold ${cannot.join(" or ")}`, {
      code: "cell-view",
      next: "run without it, or on Linux",
    });
  }
  return ["/usr/bin/sandbox-exec", "-p", seatbeltProfile(view, temporary), ...launch.argv];
}

const systemFolders = [
  "/usr",
  "/bin",
  "/sbin",
  "/System",
  "/Library/Developer",
  "/Library/Frameworks",
  "/opt/homebrew",
];
const systemFiles = [
  ...["/private/etc/localtime", "/private/etc/ssl", "/private/etc/hosts", "/private/etc/passwd"],
  ...["/private/etc/group", "/private/etc/protocols", "/private/etc/services", "/private/etc/shells"],
  ...["/private/var/db/timezone", "/private/var/db/dyld", "/private/var/select"],
  ...["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/fd", "/dev/tty"],
];

/** The text of a profile, in the Scheme of `sandbox-exec`: the last rule that fits decides. */
export function seatbeltProfile(view: CellView, temporary: string): string {
  const writable = [view.workspace, ...(view.writable ?? []), temporary];
  const hidden = hiddenIn(view);
  const names = [
    ...guardedNames.map(({ name }) => name),
    ...ignoreFiles,
    ...gitNames.map((name) => join(".git", name)),
  ];
  const guarded = [view.workspace, ...(view.writable ?? [])].flatMap((root) =>
    names.map((name) => join(root, name)),
  );
  return [
    "(version 1)",
    "(deny default)",
    // Programs outside could be started by these: the launcher, Apple Events, and `open`.
    "(deny appleevent-send)",
    "(deny lsopen)",
    "(deny job-creation)",
    "(allow process-exec process-fork)",
    "(allow signal (target same-sandbox))",
    "(allow process-info* (target same-sandbox))",
    "(allow sysctl-read)",
    "(allow file-read-metadata)",
    allow("file-read*", [...systemFolders, ...systemFiles, ...view.readable, ...writable]),
    '(allow file-read* (literal "/"))',
    allow("file-write*", [...writable, "/dev/null", "/dev/tty", "/dev/zero"]),
    '(allow file-ioctl (literal "/dev/tty"))',
    // No name service either: mDNSResponder would carry names out on behalf of whoever asks it.
    "(deny network*)",
    '(deny mach-lookup (global-name "com.apple.mDNSResponder") (global-name "com.apple.dnssd.service"))',
    ...view.sockets.map(
      ({ outside }) => `(allow network-outbound (remote unix-socket (path-literal ${quote(outside)})))`,
    ),
    ...(view.unixSockets === "inside" ? unixInside(temporary) : []),
    deny("file-write*", guarded),
    // A repository can be made where there was none only by way of these names.
    String.raw`(deny file-write* (regex #"/\.git/(hooks|config|info|modules|worktrees|commondir)"))`,
    "(deny file-write-setugid)",
    ...(hidden.length === 0 ? [] : [deny("file-read* file-write*", hidden)]),
    "",
  ].join("\n");
}

const gitNames = ["hooks", "config", "config.worktree", "info", "modules", "worktrees", "commondir"];

/** Those of the host elsewhere stay out of reach: only what lies in our own temporary folder. */
function unixInside(temporary: string): string[] {
  return [
    "(allow system-socket (socket-domain AF_UNIX))",
    `(allow network-bind (local unix-socket (subpath ${quote(temporary)})))`,
    `(allow network-outbound (remote unix-socket (subpath ${quote(temporary)})))`,
  ];
}

function allow(what: string, paths: readonly string[]): string {
  return `(allow ${what} ${paths.map((path) => `(subpath ${quote(path)})`).join(" ")})`;
}

function deny(what: string, paths: readonly string[]): string {
  return `(deny ${what} ${paths.map((path) => `(subpath ${quote(path)})`).join(" ")})`;
}

/** A path is data: a quote in its name must not end the string and start a rule. */
function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`)}"`;
}
