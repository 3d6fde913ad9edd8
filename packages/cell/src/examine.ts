/** What this host can hold, found out by trying, for a person who wants a cell and does not get one. */
import { spawn } from "node:child_process";
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, formatError, messageOf } from "@cloister/base";
import { bwrapPathsDefault, openCells, type Cells, type CellsOptions } from "./cells.ts";
import { findControlGroups } from "./limits.ts";
import { runInCell } from "./run.ts";
import type { CellView, Tier } from "./view.ts";

export interface HostCheck {
  /** Stable, kebab-case. */
  readonly name: string;
  readonly ok: boolean;
  /** False for what makes a cell more convenient, not tighter. */
  readonly isRequired: boolean;
  /** What was seen, for a person. */
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

export interface HostExamination {
  /** The strongest that can be had here. */
  readonly tier: Tier;
  readonly checks: readonly HostCheck[];
}

export interface ExamineOptions extends Omit<CellsOptions, "tier" | "tierMin" | "onFinding"> {
  /** `process.platform`. */
  readonly platform: string;
}

/**
 * Makes a few cells in `scratch`, which it removes. Each check looks at behaviour; versions are shown and decide
 * nothing, for distributions port mends back and forbid things by configuration. Never throws for what a host lacks.
 */
export async function examineHost(options: ExamineOptions): Promise<HostExamination> {
  if (options.platform !== "linux") return otherSystem(options.platform);
  const bwrap = (options.bwrapPaths ?? bwrapPathsDefault).find((path) =>
    lstatSync(path, { throwIfNoEntry: false }),
  );
  const before = [await bubblewrapCheck(bwrap), await namespaceCheck(), ...kernelChecks()];
  let cells: Cells;
  try {
    cells = await openCells({ ...options, tier: "bubblewrap" });
  } catch (error) {
    const fix = error instanceof CloisterError ? error.next : undefined;
    const detail = error instanceof CloisterError ? error.message : formatError(error);
    const failed = {
      name: "cell",
      ok: false,
      isRequired: true,
      detail,
      ...(fix === undefined ? {} : { fix }),
    };
    return { tier: "none", checks: [...before, failed] };
  }
  try {
    const inside = await insideChecks(cells, options);
    const checks = [...before, ...inside, ...(await optionalChecks(options))];
    const isWhole = inside.every(({ ok, isRequired }) => ok || !isRequired);
    return { tier: isWhole ? "bubblewrap" : "none", checks };
  } finally {
    cells.close();
  }
}

function otherSystem(platform: string): HostExamination {
  if (platform === "darwin") {
    return {
      tier: "seatbelt",
      checks: [
        check("system", true, "macOS: Seatbelt holds files and network, with less isolation than Linux", {
          fix: "for the whole cell, work in a Linux virtual machine",
        }),
      ],
    };
  }
  const fix = platform === "win32" ? "run Cloister inside WSL2" : "run Cloister on Linux";
  return { tier: "none", checks: [check("system", false, `no cell can be made on ${platform}`, { fix })] };
}

async function bubblewrapCheck(bwrap: string | undefined): Promise<HostCheck> {
  const fix = "apt-get install bubblewrap (dnf, pacman, zypper and apk have it by the same name)";
  if (bwrap === undefined) return check("bubblewrap", false, "bubblewrap is not installed", { fix });
  const said = await run([bwrap, "--version"]);
  return check("bubblewrap", said.ok, `${bwrap}: ${said.output.trim() || "does not start"}`, { fix });
}

async function namespaceCheck(): Promise<HostCheck> {
  const tried = await run(["/usr/bin/unshare", "--user", "--map-root-user", "--net", "/usr/bin/true"]);
  // bubblewrap may have a profile that unshare has not, so this explains a failure and decides nothing.
  const detail = tried.ok
    ? "user namespaces can be made, with capabilities in them"
    : `unshare cannot make a user namespace: ${tried.output.trim()}`;
  return check("user-namespaces", tried.ok, detail, { isRequired: false, fix: namespaceFix() });
}

function namespaceFix(): string {
  if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() === "1") {
    return "Ubuntu: apt-get install apparmor-profiles, then put its bwrap-userns-restrict profile in /etc/apparmor.d";
  }
  if (read("/proc/sys/kernel/unprivileged_userns_clone").trim() === "0") {
    return "sysctl kernel.unprivileged_userns_clone=1";
  }
  if (read("/proc/sys/user/max_user_namespaces").trim() === "0") {
    return "sysctl user.max_user_namespaces=15000";
  }
  return "in a container: allow user namespaces in its security options, or run Cloister on the host";
}

function kernelChecks(): HostCheck[] {
  const release = read("/proc/sys/kernel/osrelease").trim();
  const isWsl1 = /microsoft/i.test(release) && !/wsl2/i.test(release);
  const restricted = read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() === "1";
  const masked = /^\S+ \/proc\/\S+ (?:tmpfs|proc) /m.test(read("/proc/self/mounts"));
  const injects = read("/proc/sys/dev/tty/legacy_tiocsti").trim();
  return [
    check("kernel", !isWsl1, `Linux ${release}${isWsl1 ? " (WSL1)" : ""}`, {
      fix: "wsl --set-version DISTRIBUTION 2",
    }),
    check(
      "apparmor",
      !restricted,
      restricted ? "AppArmor restricts user namespaces" : "AppArmor restricts nothing",
      {
        isRequired: false,
        fix: namespaceFix(),
      },
    ),
    check("proc", !masked, masked ? "parts of /proc are masked, as in a container" : "/proc is whole", {
      isRequired: false,
      fix: "in a container: --security-opt systempaths=unconfined, or run Cloister on the host",
    }),
    check(
      "terminal-injection",
      true,
      injects === "0" ? "off in this kernel" : "on in this kernel; the filter forbids it",
      {
        isRequired: false,
      },
    ),
  ];
}

/** Printed inside, one `name=value` a line. Nothing here changes anything, should the cell not hold. */
const script = `
echo "pid=$$"
echo "caps=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)"
echo "privileges=$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)"
echo "filter=$(sed -n 's/^Seccomp:[[:space:]]*//p' /proc/self/status)"
echo "interfaces=$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\\n' ,)"
if (exec 3>>/proc/sys/kernel/core_pattern) 2>/dev/null; then echo kernel=open; else echo kernel=closed; fi
if unshare --user true 2>/dev/null; then echo nested=open; else echo nested=closed; fi
`;

async function insideChecks(cells: Cells, options: ExamineOptions): Promise<HostCheck[]> {
  const workspace = join(options.scratch, "probe", "links");
  const outside = join(options.scratch, "outside");
  mkdirSync(outside);
  // Where a mount point is made by following this link, something appears in the folder outside (CVE-2026-87766).
  mkdirSync(join(workspace, ".git"), { recursive: true });
  symlinkSync(`/oldroot${outside}/made`, join(workspace, ".git", "hooks"));
  symlinkSync(`/oldroot${outside}/made`, join(workspace, ".claude"));
  if (process.getuid?.() === 0) {
    for (const path of [outside, workspace, join(workspace, ".git")]) {
      chownSync(path, options.user.uid, options.user.gid);
    }
  }
  const view: CellView = { workspace, home: "/home/user", readable: [], sockets: [], system: "whole" };
  const launch = {
    argv: ["/bin/sh", "-c", script],
    directory: workspace,
    environment: { PATH: "/usr/bin:/bin" },
  };
  const limits = { timeoutMs: 20_000, outputBytesMax: 10_000 };
  const result = await runInCell(cells, view, launch, limits, AbortSignal.timeout(20_000));
  const said = new Map(
    result.output.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const is = (name: string, key: string, wanted: string, detail: string): HostCheck =>
    check(
      name,
      said.get(key) === wanted,
      said.get(key) === wanted ? detail : `${detail}: not here (${said.get(key) ?? "no answer"})`,
      {
        fix: "do not rely on a cell on this host; please report it with the output of cell doctor",
      },
    );
  return [
    check("cell", result.exitCode === 0, result.exitCode === 0 ? "a cell was made" : result.output.trim()),
    check("processes", Number(said.get("pid")) < 10, "processes of the host are not seen inside"),
    is("capabilities", "caps", "0000000000000000", "no capability inside"),
    is("privileges", "privileges", "1", "no privileges can be gained inside"),
    is("filter", "filter", "2", "the system-call filter is loaded"),
    is("network", "interfaces", "lo,", "no network inside but an own loopback"),
    is("kernel-settings", "kernel", "closed", "settings of the kernel cannot be written inside"),
    is("nested-namespaces", "nested", "closed", "no namespace can be made inside"),
    check(
      "links",
      readdirSync(outside).length === 0,
      "planted links on the way to mount points are not followed",
    ),
  ];
}

async function optionalChecks(options: ExamineOptions): Promise<HostCheck[]> {
  const groups = findControlGroups("cloister-doctor");
  const isRealRoot = process.getuid?.() === 0 && options.user.uid === 0;
  const hasPrlimit = lstatSync("/usr/bin/prlimit", { throwIfNoEntry: false }) !== undefined;
  const processes = groups?.pids !== undefined || (hasPrlimit && !isRealRoot);
  const memory = groups?.memory === undefined ? "by process" : "of the whole cell";
  const overlay = await run([
    "/usr/bin/unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "/bin/sh",
    "-c",
    overlayTrial,
  ]);
  const nsenter = await run(["/usr/bin/nsenter", "--version"]);
  const strace = await run(["/usr/bin/strace", "--version"]);
  const optional = { isRequired: false } as const;
  return [
    check("limit-memory", groups?.memory !== undefined || hasPrlimit, `memory can be limited ${memory}`, {
      ...optional,
      fix: "install util-linux",
    }),
    check(
      "limit-processes",
      processes,
      processes ? "processes can be limited" : "processes cannot be limited for root",
      {
        ...optional,
        fix: "work as an ordinary user, or where control groups can be made",
      },
    ),
    check(
      "overlay",
      overlay.ok,
      overlay.ok ? "changes can be kept apart for review" : `no overlay: ${overlay.output.trim()}`,
      {
        ...optional,
        fix: "Linux 5.11 or later with the overlay file system",
      },
    ),
    check(
      "network-door",
      nsenter.ok,
      nsenter.ok ? "one network for many commands can be joined" : "nsenter is missing",
      {
        ...optional,
        fix: "install util-linux",
      },
    ),
    check("observe", strace.ok, strace.ok ? "what a command does can be recorded" : "strace is missing", {
      ...optional,
      fix: "apt-get install strace",
    }),
  ];
}

// In a mount namespace of its own, which ends with it.
const overlayTrial =
  "mount -t tmpfs none /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && " +
  "mount -t overlay -o userxattr,lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w none /mnt/m";

function check(
  name: string,
  ok: boolean,
  detail: string,
  more: { readonly isRequired?: boolean; readonly fix?: string } = {},
): HostCheck {
  const { isRequired = true, fix } = more;
  return { name, ok, isRequired, detail, ...(ok || fix === undefined ? {} : { fix }) };
}

const OUTPUT_CHARS_MAX = 2000;
const TRIAL_MS_MAX = 10_000;

function run([program = "", ...args]: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      cwd: "/",
      timeout: TRIAL_MS_MAX,
    });
    let output = "";
    const add = (chunk: Buffer): void => {
      if (output.length < OUTPUT_CHARS_MAX) output += chunk.toString();
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.on("error", (error) => resolve({ ok: false, output: messageOf(error) }));
    child.on("close", (code) => resolve({ ok: code === 0, output: output.split("\n")[0] ?? "" }));
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // this kernel has no such setting
  }
}
