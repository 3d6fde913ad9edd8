/**
 * What a terminal screen costs: first paint, the echo of a key, 5,000 tokens, memory, and a processor left alone when
 * nothing happens. In a pseudo-terminal of `script` (util-linux), with a scripted model on loopback.
 *
 *   node tools/bench/console.ts [--entry FILE] [--rounds 5] [--peers] [--peers-in FOLDER]
 *
 * `--peers` installs the versions named in peers.ts into a folder that is thrown away; `--peers-in` takes one that is
 * there. Nothing of theirs is used otherwise.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseRehearsalScript, startRehearsal } from "@cloister/backend/rehearsal";
import { installPeers } from "./peers.ts";
import { cloisterScreen, peerScreens, type Screen } from "./screens.ts";

const TOKENS = 5000;
const KEYS = 20;
const WAIT_MS = 60_000;
const IDLE_MS = 3000;
const SETTLE_MS = 2000;
const LEAVE_MS = 3000;
const TICKS_PER_SECOND = 100;
/** Nobody's screen has it by itself. */
const LETTER = "¤";
const LAST = "THE-END";

interface Seen {
  readonly child: ChildProcessWithoutNullStreams;
  readonly started: number;
  text: string;
  wake: () => void;
}

interface Figures {
  readonly paints: { ms: number; cpu: number }[];
  echo: number[];
  idle: number;
  tokens: { readonly ms: number; readonly cpu: number; readonly kb: number };
  memory: { readonly largest: number; readonly all: number };
}

const { values } = parseArgs({
  options: {
    entry: { type: "string", default: join(import.meta.dirname, "../../packages/cli/bin/cloister.js") },
    rounds: { type: "string", default: "5" },
    peers: { type: "boolean", default: false },
    "peers-in": { type: "string" },
  },
});
const rounds = Math.max(1, Number(values.rounds));
const base = mkdtempSync(join(tmpdir(), "cloister-bench-"));
const words = Array.from({ length: TOKENS }, (_, index) => (index % 60 === 59 ? "end.\n\n" : "word ")).join(
  "",
);
const script = { turns: [{ text: `${words}\n\n${LAST}` }] };
const rehearsal = await startRehearsal(parseRehearsalScript(script, "the bench's script"));
try {
  const screens = [cloisterScreen("cloister", values.entry, rehearsal.url)];
  if (values.peers || values["peers-in"] !== undefined) {
    const folder = values["peers-in"] ?? join(base, "peers");
    if (values["peers-in"] === undefined) await installPeers(folder, ["pi", "qwen"]);
    screens.push(...peerScreens(folder, homeOf("peers"), rehearsal.url));
  }
  say(
    "first paint, ms",
    "CPU",
    "echo, ms",
    "idle CPU in 3 s",
    `${TOKENS} tokens, ms`,
    "CPU",
    "kB",
    "MB, largest",
    "MB, all",
  );
  for (const screen of screens) report(screen, await measure(screen));
} finally {
  await rehearsal.close();
  rmSync(base, { recursive: true, force: true });
}

/** One start in a fresh home is thrown away: afterwards everybody has kept what they keep. */
async function measure(screen: Screen): Promise<Figures> {
  const paints = [];
  for (let round = 0; round <= rounds; round++) {
    const seen = open(screen);
    const ms = await until(seen, screen.ready);
    paints.push({ ms, cpu: cpuMs(seen) });
    await sleep(1000);
    await leave(seen);
  }
  const seen = open(screen);
  await until(seen, screen.settled);
  await sleep(SETTLE_MS);
  const echo = [];
  for (let key = 0; key < KEYS; key++) {
    seen.text = "";
    const before = performance.now();
    seen.child.stdin.write(LETTER);
    await until(seen, LETTER);
    echo.push(performance.now() - before);
    await sleep(50);
  }
  await sleep(SETTLE_MS);
  const rested = cpuMs(seen);
  await sleep(IDLE_MS);
  const idle = cpuMs(seen) - rested;
  const before = { at: performance.now(), cpu: cpuMs(seen) };
  seen.text = "";
  seen.child.stdin.write("\r");
  await until(seen, LAST);
  const ms = performance.now() - before.at;
  const tokens = { ms, cpu: cpuMs(seen) - before.cpu, kb: seen.text.length / 1000 };
  const peaks = treeOf(seen).map(peakMb);
  const memory = { largest: Math.max(...peaks), all: peaks.reduce((sum, each) => sum + each, 0) };
  await leave(seen);
  return { paints: paints.slice(1), echo, idle, tokens, memory };
}

function report(screen: Screen, { paints, echo, idle, tokens, memory }: Figures): void {
  const least = (numbers: readonly number[]): string => Math.min(...numbers).toFixed(0);
  say(
    screen.name,
    `${least(paints.map(({ ms }) => ms))} / ${median(paints.map(({ ms }) => ms)).toFixed(0)}`,
    `${least(paints.map(({ cpu }) => cpu))} / ${median(paints.map(({ cpu }) => cpu)).toFixed(0)}`,
    `${Math.min(...echo).toFixed(1)} / ${median(echo).toFixed(1)}`,
    idle.toFixed(0),
    tokens.ms.toFixed(0),
    tokens.cpu.toFixed(0),
    tokens.kb.toFixed(0),
    memory.largest.toFixed(0),
    memory.all.toFixed(0),
  );
}

/** A row of a Markdown table; the first one is its head. */
function say(...cells: readonly string[]): void {
  const isHead = cells[0]?.startsWith("first paint") === true;
  const row = isHead ? ["least / median", ...cells] : cells;
  process.stdout.write(`| ${row.join(" | ")} |\n`);
  if (isHead) process.stdout.write(`|${row.map((_, at) => (at === 0 ? "---|" : "--:|")).join("")}\n`);
}

function homeOf(name: string): string {
  const home = join(base, name, "home");
  mkdirSync(home, { recursive: true });
  mkdirSync(join(base, name, "project"), { recursive: true });
  writeFileSync(join(base, name, "project", "README.md"), "A project.\n");
  return home;
}

function open({ argv, environment, name }: Screen): Seen {
  const place = name === "cloister" ? name : "peers";
  const home = homeOf(place);
  const line = argv.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", `stty cols 120 rows 40; exec ${line}`, "/dev/null"], {
    cwd: join(base, place, "project"),
    env: {
      ...{ PATH: process.env["PATH"], HOME: home, TERM: "xterm-256color", LANG: "en_US.UTF-8" },
      ...environment,
    },
  });
  const seen: Seen = { child, started: performance.now(), text: "", wake: () => {} };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen.text += text;
    seen.wake();
  });
  child.on("exit", () => seen.wake());
  return seen;
}

/** As a person does, so that what is kept for the next start is kept; whoever stays is ended. */
async function leave({ child }: Seen): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for (let times = 0; times < 3; times++) {
    child.stdin.write("\u0003");
    await Promise.race([gone, sleep(400)]);
  }
  await Promise.race([gone, sleep(LEAVE_MS)]);
  if (child.exitCode === null) child.kill("SIGKILL");
}

/** Milliseconds since it was started. */
async function until(seen: Seen, what: string): Promise<number> {
  const timer = setTimeout(() => seen.child.kill("SIGKILL"), WAIT_MS);
  while (!seen.text.includes(what)) {
    if (seen.child.exitCode !== null || seen.child.signalCode !== null) {
      throw new Error(`it ended before it showed ${what}:\n${seen.text}`);
    }
    await new Promise<void>((resolve) => {
      seen.wake = resolve;
    });
  }
  clearTimeout(timer);
  return performance.now() - seen.started;
}

/** What runs in the terminal, with all that it started; `script` itself stands before it. */
function treeOf({ child }: Seen): number[] {
  const found: number[] = [];
  const left = childrenOf(child.pid ?? 0);
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    found.push(pid);
    left.push(...childrenOf(pid));
  }
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return []; // it has just ended
  }
}

function cpuMs(seen: Seen): number {
  return treeOf(seen).reduce((sum, pid) => sum + ticksOf(pid) * (1000 / TICKS_PER_SECOND), 0);
}

function ticksOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0; // it has just ended
  }
}

function peakMb(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
  } catch {
    return 0; // it has just ended
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
