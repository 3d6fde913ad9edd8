/** What the cells of a session are made of, beside the host's own folders: filters, empty files, a copy of `/etc`. */
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareEtc } from "./etc.ts";
import { openKeptEtc } from "./kept-etc.ts";
import { assembleFilter } from "./seccomp.ts";
import { toArchitecture } from "./syscalls.ts";
import type { CellView } from "./view.ts";

export interface ScratchOptions {
  readonly scratch: string;
  readonly architecture: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** The user's own folder, for what is the same in every session. Without it, it is made in each. */
  readonly cache?: string;
}

export interface Scratch {
  /** Copies the `/etc` of these cells, once: a session without a command needs only that of the agent. */
  readonly openEtc: (system: CellView["system"]) => void;
  readonly remove: () => void;
}

/** Inside, nobody is root: not even by name. */
export function insideId(id: number): number {
  return id === 0 ? 1000 : id;
}

export function prepareScratch(options: ScratchOptions): Scratch {
  const { scratch, user } = options;
  const architecture = toArchitecture(options.architecture);
  const uid = insideId(user.uid);
  const gid = insideId(user.gid);
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const files: Record<string, string | Buffer> = {
    empty: "",
    hidden: "",
    filter: assembleFilter({ architecture, unixSockets: false }),
    "filter-unix": assembleFilter({ architecture, unixSockets: true }),
  };
  const names: Record<string, string> = {
    passwd: `user:x:${uid}:${gid}:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
    group: `user:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: "127.0.0.1 localhost cell\n::1 localhost cell\n",
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(scratch, name), content, { mode: 0o444 });
  }
  chmodSync(join(scratch, "hidden"), 0);
  const opened = new Set<CellView["system"]>();
  const openEtc = (system: CellView["system"]): void => {
    if (opened.has(system)) return;
    const etc = join(scratch, `etc-${system}`);
    const kept = options.cache === undefined ? undefined : keptEtc(join(options.cache, "etc"), system);
    if (kept === undefined) makeEtc(etc, system);
    else symlinkSync(kept, etc);
    opened.add(system);
  };
  const keptEtc = (folder: string, system: CellView["system"]): string | undefined => {
    // Another user, whom cells of a root keeper start as, cannot reach into its home.
    if (process.getuid?.() !== user.uid) return undefined;
    try {
      return openKeptEtc({ folder, system, from: "/etc", files: names });
    } catch {
      return undefined; // a home that cannot be written, or a full disk: it is made in the session's own folder
    }
  };
  const makeEtc = (etc: string, system: CellView["system"]): void => {
    prepareEtc({ system, from: "/etc", to: etc });
    for (const [name, content] of Object.entries(names)) {
      writeFileSync(join(etc, name), content, { mode: 0o444 });
    }
  };
  const probed = join(scratch, "probe");
  mkdirSync(probed, { mode: 0o700 });
  // The demoted launcher must reach these files, and may write none of them but the probe's workspace.
  if (process.getuid?.() === 0 && user.uid !== 0) {
    chmodSync(scratch, 0o711);
    chownSync(probed, user.uid, user.gid);
  }
  return { openEtc, remove: () => rmSync(scratch, { recursive: true, force: true }) };
}
