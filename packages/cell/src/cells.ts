/** Opens the means to make cells on this host, once per session; each command then gets a cell of its own. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Writable } from "node:stream";
import { CloisterError } from "@cloister/base";
import { onceWholeOptions, toOptions, type Host } from "./bubblewrap.ts";
import type { Census, Finding } from "./census.ts";
import { inheritedDescriptors } from "./descriptors.ts";
import { prepareEtc } from "./etc.ts";
import { openGround, type Ground } from "./ground.ts";
import {
  findControlGroups,
  forbidCoreDumps,
  limitedCommand,
  openControlGroup,
  type ControlGroup,
} from "./limits.ts";
import { planMasks, toHidden, type Mask, type Plan } from "./mask.ts";
import { adopt, openPipes, type Pipe, type Pipes, type StreamOf } from "./pipes.ts";
import { probe } from "./probe.ts";
import { seatbeltCommand } from "./seatbelt.ts";
import { assembleFilter } from "./seccomp.ts";
import { toArchitecture } from "./syscalls.ts";
import { hiddenIn, type CellView, type Launch, type Tier } from "./view.ts";

export interface CellsOptions {
  /** `none` starts plain processes: shown to the user and recorded by the caller, never chosen silently. */
  readonly tier: Tier;
  /** A new, empty directory of the caller's that nobody else can write; removed by `close`. */
  readonly scratch: string;
  readonly architecture: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** The least that will do. A `tier` below it is refused, whoever asked for it. */
  readonly tierMin?: Tier;
  /** What a command left that mounts cannot forbid, and what of it was put aside: told when the command has ended. */
  readonly onFinding?: (finding: Finding) => void;
  /** Where bubblewrap may be; the system's own first, for only that has a profile on Ubuntu. */
  readonly bwrapPaths?: readonly string[];
  /** With it commands get pipes that they can open by name, as `/dev/stderr`; without it they get sockets. */
  readonly streamOf?: StreamOf;
}

export interface Cells {
  readonly tier: Tier;
  /** Starts a process with stdin, stdout and stderr piped. Killing it kills everything it started. */
  spawn(view: CellView, launch: Launch): ChildProcess;
  close(): void;
}

export const bwrapPathsDefault: readonly string[] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/**
 * @throws CloisterError `cell-unavailable` with the reason and what to install. There is no weaker fallback: the
 * caller asks for it by name or does without. `cell-tier` for a tier below the least.
 */
export async function openCells(options: CellsOptions): Promise<Cells> {
  const { tier, tierMin = "none" } = options;
  if (strength[tier] < strength[tierMin]) {
    throw new CloisterError(`a cell of the tier ${tier} is less than the ${tierMin} that is required`, {
      code: "cell-tier",
      next: `use --tier ${tierMin}, or ask whoever set the required tier`,
    });
  }
  switch (tier) {
    case "none":
      return openPlainProcesses(options);
    case "seatbelt":
      return openSeatbelt(options);
    case "bubblewrap":
      return openBubblewrap(options);
  }
}

const strength: Readonly<Record<Tier, number>> = { none: 0, seatbelt: 1, bubblewrap: 2 };

async function openBubblewrap(options: CellsOptions): Promise<Cells> {
  const scratch = prepareScratch(options);
  forbidCoreDumps();
  const { streamOf } = options;
  const pipes = streamOf && (await openPipes(join(options.scratch, "pipes"), streamOf));
  const open = (host: Host): Session => ({
    host,
    pipes,
    options,
    grounds: new Map(),
    groups: undefined,
    leftGroups: new Set(),
    started: 0,
  });
  const host = await probe({
    bwrapPaths: options.bwrapPaths ?? bwrapPathsDefault,
    scratch: options.scratch,
    uid: insideId(options.user.uid),
    gid: insideId(options.user.gid),
    isRealRoot: isRealRoot(options),
    launch: (candidate, view, launch) => spawnCell(open(candidate), view, launch),
  });
  const session = open(host);
  return {
    tier: "bubblewrap",
    spawn: (view, launch) => spawnCell(session, view, launch),
    close: () => {
      for (const { ground, first } of session.grounds.values()) {
        report(session, ground.sweep(first, { aside: false, whole: true }));
      }
      for (const group of session.leftGroups) group.remove();
      scratch.remove();
    },
  };
}

/** What the cells of one session share. */
interface Session {
  readonly host: Host;
  readonly pipes: Pipes | undefined;
  readonly options: CellsOptions;
  readonly grounds: Map<string, { readonly ground: Ground; readonly first: Census }>;
  /** Looked for when the first limit is asked for. */
  groups: ReturnType<typeof findControlGroups> | "none" | undefined;
  /** Control groups whose processes were not all gone when their command ended. */
  readonly leftGroups: Set<ControlGroup>;
  started: number;
}

function groundOf(session: Session, root: string): Ground {
  const known = session.grounds.get(root);
  if (known !== undefined) return known.ground;
  const ground = openGround(root);
  session.grounds.set(root, { ground, first: ground.census() });
  return ground;
}

function report({ options }: Session, findings: readonly Finding[]): void {
  for (const finding of findings) options.onFinding?.(finding);
}

function isRealRoot({ user }: CellsOptions): boolean {
  return process.getuid?.() === 0 && user.uid === 0;
}

/** Inside, nobody is root: not even by name. */
function insideId(id: number): number {
  return id === 0 ? 1000 : id;
}

const FILTER_DESCRIPTOR = 3;
const OPTIONS_DESCRIPTOR = 4;
/** Of the pipe that `Launch.reportPipe` asks for. */
const REPORT_DESCRIPTOR = 5;

function spawnCell(session: Session, view: CellView, launch: Launch): ChildProcess {
  const { host, options } = session;
  const roots = [view.workspace, ...(view.writable ?? [])].toSorted();
  // In an overlay nothing is guarded: a person looks at the changes before they come to the workspace.
  const guarded = roots.filter((root) => view.workspaceFrom === undefined || root !== view.workspace);
  const limited = limitFor(session, view, launch.argv);
  const hasUnixSockets = view.sockets.length > 0 || view.unixSockets === "inside";
  const opened: number[] = [];
  const filter = openSync(join(options.scratch, hasUnixSockets ? "filter-unix" : "filter"), "r");
  const empty = openSync("/dev/null", "r");
  opened.push(filter, empty);
  const pipes = takePipes(session, launch);
  try {
    const given = (launch.stdio ?? allPiped).map((option, index) => pipes.get(index)?.inner ?? option);
    const stdio: StdioOptions & unknown[] = [...given, filter, "pipe"];
    if (launch.reportPipe === true) stdio[REPORT_DESCRIPTOR] = "pipe";
    // Node leaves what our parent left open to our children; each such number gets /dev/null instead.
    for (const descriptor of inheritedDescriptors()) {
      if (descriptor > OPTIONS_DESCRIPTOR) stdio[descriptor] ??= empty;
    }
    for (let i = 0; i < stdio.length; i++) stdio[i] ??= "ignore";
    // Not on the command line: that of process 1 can be read inside, and would tell of the host's folders.
    const told = ["--args", String(OPTIONS_DESCRIPTOR), ...onceWholeOptions];
    const bubblewrap = [host.bwrap, ...told, "--", ...limited.argv];
    // Entered first: a namespace that `through` makes has its own owner, and no way into another's.
    const through = [...(view.networkNamespace?.enter ?? []), ...(launch.through ?? [])];
    const [program = host.bwrap, ...args] = [...through, ...bubblewrap];
    const child = spawn(program, args, {
      stdio,
      // bubblewrap is process 1 inside, and its environment can be read there: --clearenv cleans only the command's.
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      ...demotion(options.user),
    });
    adopt(child, new Map([...pipes].map(([index, { stream }]) => [index, stream])));
    try {
      if (child.pid !== undefined) limited.group?.add(child.pid);
      // It has no child yet, and is being loaded while we look at the workspace: it waits for its options.
      const grounds = guarded.map((root) => groundOf(session, root));
      const { masks } = planFor(view, roots, grounds, session);
      const before = grounds.map((ground) => ground.census());
      const cell = { ...launch, filterDescriptor: FILTER_DESCRIPTOR };
      tell(
        child,
        toOptions(host, view, masks, cell).map((option) => `${option}\0`),
      );
      child.once("close", () => {
        for (const [index, ground] of grounds.entries()) {
          const first = before[index];
          // An agent's cell lasts a whole session, in which a person may have made such a file: it is told, not moved.
          if (first !== undefined) report(session, ground.sweep(first, { aside: view.system === "whole" }));
        }
      });
    } catch (error) {
      abandon(child);
      throw error;
    } finally {
      child.once("close", () => {
        if (limited.group?.remove() === false) session.leftGroups.add(limited.group);
      });
    }
    return child;
  } finally {
    for (const { inner } of pipes.values()) opened.push(inner);
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function tell(child: ChildProcess, options: readonly string[]): void {
  const pipe = child.stdio[OPTIONS_DESCRIPTOR];
  // Where the launcher could not be started there is none; the child's `error` says why.
  if (!(pipe instanceof Writable)) return;
  pipe.on("error", () => {
    /* bubblewrap ended before it read them; its exit says why */
  });
  pipe.end(options.join(""));
}

/** Whoever asked for it hears by an exception what was wrong, and has no child to listen to. */
function abandon(child: ChildProcess): void {
  child.on("error", () => {
    /* not even the launcher could be started */
  });
  child.kill("SIGKILL");
  for (const stream of child.stdio) stream?.destroy();
}

function takePipes({ pipes }: Session, { stdio = allPiped }: Launch): Map<number, Pipe> {
  const taken = new Map<number, Pipe>();
  for (const [index, option] of stdio.entries()) {
    const pipe = option === "pipe" ? pipes?.take(index === 0 ? "in" : "out") : undefined;
    if (pipe !== undefined) taken.set(index, pipe);
  }
  return taken;
}

function planFor(
  view: CellView,
  roots: readonly string[],
  grounds: readonly Ground[],
  session: Session,
): Plan {
  const named = hiddenIn(view)
    .map(toHidden)
    .filter((mask) => mask !== undefined);
  const files = named.filter(({ kind }) => kind === "hidden-file").map(({ path }) => path);
  const sockets = view.unixSockets === "inside" ? socketsIn(session, view, grounds) : [];
  const more = [...grounds.flatMap((ground) => ground.hardLinks(files)), ...sockets];
  const masks: Mask[] = [
    ...grounds.flatMap((ground) => ground.guards()),
    ...named,
    ...more.map((path) => ({ kind: "hidden-file", path }) as const),
  ];
  const plan = planMasks(masks, roots);
  report(
    session,
    plan.refused.map((path) => ({ kind: "mount-refused", path })),
  );
  return plan;
}

/** Sockets handed in are shown elsewhere in the cell, and stay. */
function socketsIn(session: Session, view: CellView, grounds: readonly Ground[]): string[] {
  const shown = view.readable
    .filter((path) => !path.startsWith("/usr/"))
    .map((path) => groundOf(session, path));
  const given = new Set(view.sockets.map(({ inside }) => inside));
  return [...grounds, ...shown].flatMap((ground) => ground.sockets()).filter((path) => !given.has(path));
}

function limitFor(
  session: Session,
  { limits }: CellView,
  argv: readonly string[],
): { argv: readonly string[]; group?: ControlGroup } {
  if (limits === undefined) return { argv };
  for (const group of session.leftGroups) if (group.remove()) session.leftGroups.delete(group);
  const name = basename(session.options.scratch);
  session.groups ??= findControlGroups(name) ?? "none";
  const groups = session.groups === "none" ? undefined : session.groups;
  const limited = limitedCommand(argv, limits, { groups, isRealRoot: session.host.isRealRoot });
  session.started += 1;
  const group = groups && openControlGroup(groups, `${name}-${session.started}`, limits);
  return { argv: limited, ...(group === undefined ? {} : { group }) };
}

const allPiped = ["pipe", "pipe", "pipe"] as const;

/** With a uid given, Node also drops root's supplementary groups. An ordinary user may not ask for that. */
function demotion(user: CellsOptions["user"]): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: user.uid, gid: user.gid } : {};
}

function openPlainProcesses(options: CellsOptions): Cells {
  return {
    tier: "none",
    spawn: (_view, launch) => {
      const [program, ...args] = launch.argv;
      if (program === undefined) throw new CloisterError("no command given", { code: "cell-no-command" });
      // A process group of its own, so that killing it can reach what it started.
      return spawn(program, args, {
        stdio: [...(launch.stdio ?? allPiped)],
        env: { ...launch.environment },
        cwd: launch.directory,
        detached: true,
      });
    },
    close: () => rmSync(options.scratch, { recursive: true, force: true }),
  };
}

/** macOS. The caller's fields that only Linux can hold are refused there, not dropped. */
function openSeatbelt(options: CellsOptions): Cells {
  if (process.platform !== "darwin") {
    throw new CloisterError("Seatbelt is a part of macOS", {
      code: "cell-unavailable",
      next: "use the tier bubblewrap on Linux; on Windows, run Cloister inside WSL2",
    });
  }
  return {
    tier: "seatbelt",
    spawn: (view, launch) => {
      const [program = "", ...args] = seatbeltCommand(view, launch, options.scratch);
      return spawn(program, args, {
        stdio: [...(launch.stdio ?? allPiped)],
        env: { ...launch.environment },
        cwd: launch.directory,
        detached: true,
      });
    },
    close: () => rmSync(options.scratch, { recursive: true, force: true }),
  };
}

function prepareScratch(options: CellsOptions): { remove: () => void } {
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
  for (const system of ["whole", "libraries"] as const) {
    const etc = join(scratch, `etc-${system}`);
    prepareEtc({ system, from: "/etc", to: etc });
    for (const [name, content] of Object.entries(files)) {
      const at = join(etc, basename(name));
      if (name.startsWith("etc/")) writeFileSync(at, content, { mode: 0o444 });
    }
  }
  const probed = join(scratch, "probe");
  mkdirSync(probed, { mode: 0o700 });
  // The demoted launcher must reach these files, and may write none of them but the probe's workspace.
  if (process.getuid?.() === 0 && user.uid !== 0) {
    chmodSync(scratch, 0o711);
    chownSync(probed, user.uid, user.gid);
  }
  return { remove: () => rmSync(scratch, { recursive: true, force: true }) };
}
