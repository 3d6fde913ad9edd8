/** Runs the product as a user does: its own process, a home of its own, a project in a folder. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  parseRehearsalScript,
  startRehearsal,
  type Rehearsal,
  type RehearsalTurn,
} from "@cloister/backend/rehearsal";
import type { JsonObject } from "@cloister/base";
import { readEntries } from "@cloister/ledger";

export const mainFile: string = join(import.meta.dirname, "../packages/cli/src/main.ts");

export interface Place extends Disposable {
  readonly base: string;
  readonly home: string;
  readonly project: string;
  readonly ledger: string;
  entries(): Promise<JsonObject[]>;
}

/** A project with these files, and an empty home. */
export function createPlace(files: Readonly<Record<string, string>> = {}): Place {
  const base = mkdtempSync(join(tmpdir(), "cloister-e2e-"));
  const home = join(base, "home");
  const project = join(base, "project");
  for (const [path, content] of Object.entries({ "README.md": "A project.\n", ...files })) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), content);
  }
  mkdirSync(join(home, ".ssh"), { recursive: true });
  writeFileSync(join(home, ".ssh", "id_ed25519"), "HOME-CANARY");
  const ledger = join(home, ".cloister", "ledger");
  return {
    base,
    home,
    project,
    ledger,
    entries: async () => (await Array.fromAsync(readEntries(ledger))).map(({ body }) => body),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of our own source file. */
  readonly entry?: string;
  readonly onStart?: (child: ChildProcess) => void | Promise<void>;
  /** Put before the command, such as strace and its options. */
  readonly wrapper?: readonly string[];
}

export interface RunOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Against a hang only: on a busy machine a run of seconds takes minutes, and that is no failure. */
const RUN_MS_MAX = 300_000;

export async function cloister(
  place: Place,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunOutcome> {
  const command = [...(options.wrapper ?? []), process.execPath, options.entry ?? mainFile, ...args];
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd: place.project,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: place.home,
      TMPDIR: tmpdir(),
      LANG: "en_US.UTF-8",
      // Hundreds of processes read the same source files: Node keeps what it made of them.
      NODE_COMPILE_CACHE: join(tmpdir(), "cloister-compile-cache"),
      ...options.environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: RUN_MS_MAX,
    killSignal: "SIGKILL",
  });
  const onStart = options.onStart?.(child);
  child.stdin.on("error", () => {
    /* it ended before it read its input */
  });
  child.stdin.end(options.input ?? "");
  const [stdout, stderr, [code, signal]] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.on("close", (...end) => resolve(end)),
    ),
  ]);
  await onStart;
  return { code, signal, stdout, stderr };
}

export function rehearse(turns: readonly RehearsalTurn[], more: JsonObject = {}): Promise<Rehearsal> {
  return startRehearsal(parseRehearsalScript({ ...more, turns }, "the test's script"));
}

/** What the server received, as text. */
export function bodies(rehearsal: Rehearsal): string[] {
  return rehearsal.requests.map(({ body }) => body.toString("utf8"));
}

/** Together a minute and more: what comes late on a busy machine has come. */
const LOOKS_MAX = 1300;
const LOOK_MS = 10;
/** What has not come in a second is looked for less often, so that looking does not make the machine busier. */
const SOON_LOOKS = 100;
const LATE_LOOK_MS = 50;

/** Resolves with what the probe finds, once it finds something. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await probe();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, looks < SOON_LOOKS ? LOOK_MS : LATE_LOOK_MS));
  }
  throw new Error(`gave up waiting for ${what}`);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString("utf8");
}

/** Processes of agents, by the home that is this place's alone. */
export function agentsOf({ home }: Place): number[] {
  const read = (pid: string, name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "utf8");
    } catch {
      return ""; // it has ended, or is somebody else's
    }
  };
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && read(pid, "cmdline").includes("agent-process"))
    .filter((pid) => read(pid, "environ").includes(`HOME=${home}\0`))
    .map(Number);
}
