/** What the cells of a session are made of, beside the host's own folders: filters, empty files, a copy of `/etc`. */
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { prepareEtc } from "./etc.ts";
import { assembleFilter } from "./seccomp.ts";
import { toArchitecture } from "./syscalls.ts";
import type { CellView } from "./view.ts";

export interface ScratchOptions {
  readonly scratch: string;
  readonly architecture: string;
  readonly user: { readonly uid: number; readonly gid: number };
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
    "etc/passwd": `user:x:${uid}:${gid}:user:/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
    "etc/group": `user:x:${gid}:\nnogroup:x:65534:\n`,
    "etc/hosts": "127.0.0.1 localhost cell\n::1 localhost cell\n",
  };
  for (const [name, content] of Object.entries(files)) {
    if (!name.startsWith("etc/")) writeFileSync(join(scratch, name), content, { mode: 0o444 });
  }
  chmodSync(join(scratch, "hidden"), 0);
  const opened = new Set<CellView["system"]>();
  const openEtc = (system: CellView["system"]): void => {
    if (opened.has(system)) return;
    const etc = join(scratch, `etc-${system}`);
    prepareEtc({ system, from: "/etc", to: etc });
    for (const [name, content] of Object.entries(files)) {
      const at = join(etc, basename(name));
      if (name.startsWith("etc/")) writeFileSync(at, content, { mode: 0o444 });
    }
    opened.add(system);
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
