/**
 * That a cell could be made here is remembered, with all that it depended on: to make one only to see cost each session
 * as much as a command. If it has become untrue, the session's first cell fails; nothing runs without one.
 */
import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isRecord, newId } from "@cloister/base";
import type { Host } from "./bubblewrap.ts";
import { probe, type ProbeOptions } from "./probe.ts";

/** `file` is the user's own. @throws CloisterError `cell-unavailable` */
export async function probeOnce(options: ProbeOptions, file: string): Promise<Host> {
  const known = readKnown(file);
  const { scratch, uid, gid, isRealRoot } = options;
  // The file could be somebody else's after all: no program is started because it is named there.
  const isOurs = known !== undefined && options.bwrapPaths.includes(known.bwrap);
  if (isOurs && known.facts === factsOf(known.bwrap, options)) {
    const { bwrap, canDisableUserNamespaces } = known;
    return { bwrap, scratch, uid, gid, isRealRoot, canDisableUserNamespaces };
  }
  const host = await probe(options);
  const facts = factsOf(host.bwrap, options);
  if (facts !== undefined) {
    write(file, { facts, bwrap: host.bwrap, canDisableUserNamespaces: host.canDisableUserNamespaces });
  }
  return host;
}

/** For whoever could not make one after all: the next session looks again, and says why. */
export function forgetProbe(file: string): void {
  rmSync(file, { force: true });
}

interface Known {
  readonly facts: string;
  readonly bwrap: string;
  readonly canDisableUserNamespaces: boolean;
}

function readKnown(file: string): Known | undefined {
  try {
    const known: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isRecord(known) || typeof known["facts"] !== "string" || typeof known["bwrap"] !== "string") {
      return undefined;
    }
    const canDisableUserNamespaces = known["canDisableUserNamespaces"] === true;
    return { facts: known["facts"], bwrap: known["bwrap"], canDisableUserNamespaces };
  } catch {
    return undefined; // not yet, or half of it
  }
}

function write(file: string, known: Known): void {
  const half = `${file}.${newId("half")}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(half, JSON.stringify(known), { mode: 0o600 });
    renameSync(half, file);
  } catch {
    // A home that cannot be written: the next session looks as well.
  }
}

/** What decides it, as far as it can be seen: the boot, the program, who asks, and what the system lets them do. */
function factsOf(bwrap: string, options: ProbeOptions): string | undefined {
  const { uid, gid, isRealRoot, bwrapPaths } = options;
  try {
    const { ino, size, ctimeNs } = statSync(bwrap, { bigint: true });
    const status = readFileSync("/proc/self/status", "utf8");
    return JSON.stringify([
      readFileSync("/proc/sys/kernel/random/boot_id", "utf8"),
      ...[bwrapPaths, bwrap, String(ino), String(size), String(ctimeNs)],
      ...[uid, gid, isRealRoot, process.getuid?.(), readlinkSync("/proc/self/ns/user")],
      status.match(/^(?:Cap\w+|NoNewPrivs|Seccomp):.*$/gm),
      readOrEmpty("/proc/self/attr/current"),
      readOrEmpty("/proc/sys/kernel/unprivileged_userns_clone"),
      readOrEmpty("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
      readOrEmpty("/proc/sys/user/max_user_namespaces"),
    ]);
  } catch {
    return undefined; // no bubblewrap any more, or no /proc: then nothing is remembered
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // this kernel has no such setting
  }
}
