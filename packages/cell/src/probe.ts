/** Can a cell be had here? Found out by making one, never by version numbers: vendors back-port and forbid. */
import type { ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import type { Host } from "./bubblewrap.ts";
import type { CellView, Launch } from "./view.ts";

export interface ProbeOptions {
  readonly bwrapPaths: readonly string[];
  readonly scratch: string;
  readonly uid: number;
  readonly gid: number;
  readonly isRealRoot: boolean;
  readonly launch: (host: Host, view: CellView, launch: Launch) => ChildProcess;
}

/** @throws CloisterError `cell-unavailable` */
export async function probe(options: ProbeOptions): Promise<Host> {
  const bwrap = options.bwrapPaths.find(isExecutable);
  if (bwrap === undefined) {
    throw unavailable(
      "bubblewrap is not installed",
      "install it: apt-get install bubblewrap (dnf, pacman and zypper have it by the same name)",
    );
  }
  const workspace = join(options.scratch, "probe");
  const program = "/usr/bin/true";
  // As the agent's own cell is made. That of a command shows more of the system, and needs no more of the kernel.
  const view: CellView = { ...nothing, workspace, readable: [program], system: "libraries" };
  const launch: Launch = { argv: [program], directory: "/", environment: {} };
  const { scratch, uid, gid, isRealRoot } = options;
  const host = { bwrap, scratch, uid, gid, isRealRoot };

  const first = await outcome(options.launch({ ...host, canDisableUserNamespaces: true }, view, launch));
  if (first.ok) return { ...host, canDisableUserNamespaces: true };
  // bubblewrap before 0.8 does not know the option; the filter forbids nested namespaces all the same.
  if (first.complaint.includes("--disable-userns")) {
    const second = await outcome(options.launch({ ...host, canDisableUserNamespaces: false }, view, launch));
    if (second.ok) return { ...host, canDisableUserNamespaces: false };
    throw explain(second.complaint);
  }
  throw explain(first.complaint);
}

const nothing = { home: "/home/user", sockets: [] } as const;

const COMPLAINT_CHARS_MAX = 2000;

function outcome(child: ChildProcess): Promise<{ ok: true } | { ok: false; complaint: string }> {
  return new Promise((resolve) => {
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      if (complaint.length < COMPLAINT_CHARS_MAX) complaint += chunk.toString();
    });
    child.on("error", (error) => resolve({ ok: false, complaint: error.message }));
    child.on("close", (code) =>
      resolve(code === 0 ? { ok: true } : { ok: false, complaint: complaint.trim() }),
    );
  });
}

/** What bubblewrap says, what it means, and what to do about it. */
const explanations: readonly { readonly says: RegExp; readonly next: string }[] = [
  {
    says: /uid map|RTM_NEWADDR|No permissions to create new namespace|Creating new namespace failed/i,
    next:
      "this system keeps ordinary users from user namespaces. Ubuntu 24.04: install its AppArmor profile for bubblewrap " +
      "(apt-get install apparmor-profiles, then enable bwrap-userns-restrict). Older Debian: sysctl kernel.unprivileged_userns_clone=1. " +
      "In a container: run Cloister outside it, or allow user namespaces in its security options",
  },
  {
    says: /proc|make \/ slave|pivot_root/i,
    next: "a container without its own /proc or with masked mounts cannot hold a cell: run Cloister on the host, or give the container --security-opt systempaths=unconfined",
  },
  {
    says: /EACCES|Permission denied/i,
    next: "the user that owns the workspace cannot read a file the cell needs: install Cloister where that user can read it",
  },
];

function explain(complaint: string): CloisterError {
  const known = explanations.find(({ says }) => says.test(complaint));
  return unavailable(
    `no cell can be made here: ${complaint || "bubblewrap failed without a word"}`,
    known?.next ?? "see docs/guide/cell.md",
  );
}

function unavailable(message: string, next: string): CloisterError {
  return new CloisterError(message, {
    code: "cell-unavailable",
    next: `${next}. To go on without any confinement, ask for it by name: --cell=none`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent, or not for us: the next candidate is tried
  }
}
