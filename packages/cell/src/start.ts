/** Starts one cell of a session. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { basename, join } from "node:path";
import { Writable } from "node:stream";
import { onceWholeOptions, toOptions, type Host } from "./bubblewrap.ts";
import { inheritedDescriptors } from "./descriptors.ts";
import { findControlGroups, limitedCommand, openControlGroup, type ControlGroup } from "./limits.ts";
import type { Grounds, Look } from "./look.ts";
import { adopt, type Pipe, type Pipes } from "./pipes.ts";
import type { CellView, Launch } from "./view.ts";

/** What the cells of one session share. */
export interface Session {
  readonly host: Host;
  readonly pipes: Pipes | undefined;
  readonly grounds: Grounds;
  /** Before the first cell of that kind. */
  readonly openEtc: (system: CellView["system"]) => void;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly memoryBytesUsual: number | undefined;
  /** Looked for when the first limit is asked for. */
  groups: ReturnType<typeof findControlGroups> | "none" | undefined;
  /** Control groups whose processes were not all gone when their command ended. */
  readonly leftGroups: Set<ControlGroup>;
  started: number;
}

const FILTER_DESCRIPTOR = 3;
const OPTIONS_DESCRIPTOR = 4;
/** Of the pipe that `Launch.reportPipe` asks for. */
export const REPORT_DESCRIPTOR = 5;

export interface Started {
  readonly child: ChildProcess;
  /** As bubblewrap was given them. */
  readonly options: readonly string[];
  readonly look: Look;
}

/** `known`: what a look just now has found; without it the look is taken while bubblewrap is being loaded. */
export function startCell(session: Session, view: CellView, launch: Launch, known?: Look): Started {
  const { host } = session;
  const limited = limitFor(session, view, launch.argv);
  const opened: number[] = [];
  const filter = openSync(join(host.scratch, filterFor(view)), "r");
  const empty = openSync("/dev/null", "r");
  opened.push(filter, empty);
  // Our own programs do not open their streams by name.
  const pipes = view.system === "whole" ? takePipes(session, launch) : new Map<number, Pipe>();
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
      ...demotion(session.user),
    });
    adopt(child, new Map([...pipes].map(([index, { stream }]) => [index, stream])));
    try {
      // It has no child yet, and is being loaded while we look at the workspace: it waits for its options.
      session.openEtc(view.system);
      const look = known ?? session.grounds.look(view);
      const options = optionsFor(session, view, look, launch);
      begin(child, options, child.pid === undefined ? undefined : limited.group?.add(child.pid));
      return { child, options, look };
    } catch (error) {
      abandon(child);
      throw error;
    } finally {
      child.once("close", () => {
        if (limited.group?.remove() === false) session.leftGroups.add(limited.group);
      });
    }
  } finally {
    for (const { inner } of pipes.values()) opened.push(inner);
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/** Tells what could not be mounted, and when the command has ended, what it left. */
export function follow({ child, look }: Started, { system }: CellView): void {
  look.tell();
  // An agent's cell lasts a whole session, in which a person may have made such a file: it is told, not moved.
  child.once("close", () => look.sweep({ aside: system === "whole" }));
}

export function optionsFor(
  { host }: Session,
  view: CellView,
  { masks }: Look,
  launch: Pick<Launch, "directory" | "environment">,
): string[] {
  return toOptions(host, view, masks, { ...launch, filterDescriptor: FILTER_DESCRIPTOR });
}

export function filterFor({ sockets, unixSockets }: CellView): string {
  return sockets.length > 0 || unixSockets === "inside" ? "filter-unix" : "filter";
}

/** Once it is in its control group: then it has its options, and starts what the group is to hold. */
function begin(child: ChildProcess, options: readonly string[], joined: Promise<void> | undefined): void {
  if (joined === undefined) return tell(child, options);
  const refuse = (error: unknown): void => fail(child, error);
  void joined.then(() => tell(child, options), refuse);
}

function tell(child: ChildProcess, options: readonly string[]): void {
  const pipe = child.stdio[OPTIONS_DESCRIPTOR];
  // Where the launcher could not be started there is none; the child's `error` says why.
  if (!(pipe instanceof Writable)) return;
  pipe.on("error", () => {
    /* bubblewrap ended before it read them; its exit says why */
  });
  pipe.end(options.map((option) => `${option}\0`).join(""));
}

/** Without the limits that were asked for it does not begin: whoever listens to it hears why. */
function fail(child: ChildProcess, error: unknown): void {
  // One that ended by itself says so.
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  if (child.listenerCount("error") > 0) child.emit("error", error);
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

function limitFor(
  session: Session,
  { limits: asked = {}, system }: CellView,
  argv: readonly string[],
): { argv: readonly string[]; group?: ControlGroup } {
  const usual = system === "whole" && asked.memoryBytes === undefined ? session.memoryBytesUsual : undefined;
  if (usual === undefined && Object.keys(asked).length === 0) return { argv };
  for (const group of session.leftGroups) if (group.remove()) session.leftGroups.delete(group);
  const name = basename(session.host.scratch);
  session.groups ??= findControlGroups(name) ?? "none";
  const groups = session.groups === "none" ? undefined : session.groups;
  // Nobody asked for it, so it is not held by processes where it cannot be held for the whole cell.
  const limits =
    usual === undefined || groups?.memory === undefined ? asked : { ...asked, memoryBytes: usual };
  const limited = limitedCommand(argv, limits, { groups, isRealRoot: session.host.isRealRoot });
  session.started += 1;
  const group = groups && openControlGroup(groups, `${name}-${session.started}`, limits);
  return { argv: limited, ...(group === undefined ? {} : { group }) };
}

export const allPiped = ["pipe", "pipe", "pipe"] as const;

/** With a uid given, Node also drops root's supplementary groups. An ordinary user may not ask for that. */
function demotion(user: Session["user"]): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: user.uid, gid: user.gid } : {};
}
