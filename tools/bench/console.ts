/**
 * What the terminal screen costs: first paint, the echo of a key, 5,000 tokens, memory, and a processor left alone when
 * nothing happens. In a pseudo-terminal of `script` (util-linux), with a scripted model on loopback.
 *
 *   node tools/bench/console.ts [--entry FILE]
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRehearsalScript, startRehearsal } from "@cloister/backend/rehearsal";

const TOKENS = 5000;
const KEYS = 20;
const WAIT_MS = 30_000;
const IDLE_MS = 3000;
const SETTLE_MS = 2000;
const TICKS_PER_SECOND = 100;

interface Seen {
  readonly child: ChildProcessWithoutNullStreams;
  readonly started: number;
  text: string;
  wake: () => void;
}

const entry =
  process.argv[2] === "--entry" && process.argv[3] !== undefined
    ? process.argv[3]
    : join(import.meta.dirname, "../../packages/cli/bin/cloister.js");

const base = mkdtempSync(join(tmpdir(), "cloister-bench-"));
mkdirSync(join(base, "home"));
mkdirSync(join(base, "project"));
writeFileSync(join(base, "project", "README.md"), "A project.\n");
const words = Array.from({ length: TOKENS }, (_, index) => (index % 60 === 59 ? "end.\n\n" : "word ")).join(
  "",
);
const rehearsal = await startRehearsal(
  parseRehearsalScript({ turns: [{ text: words }] }, "the bench's script"),
);
try {
  const paints = [];
  for (let round = 0; round < 5; round++) {
    const seen = open(["--endpoint", rehearsal.url]);
    const ms = await until(seen, "What shall be done?");
    const pid = childOf(seen.child.pid ?? 0);
    paints.push({ ms, cpu: cpuMs(pid) });
    // A proper end: it keeps its compiled code for the next start.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    seen.child.stdin.write("\u0003");
    await until(seen, "again");
    seen.child.stdin.write("\u0003");
    await until(seen, "ledger exposure");
    await new Promise((resolve) => seen.child.once("exit", resolve));
  }
  const best = paints.slice(1);
  say("first paint: ms, ms of processor (best of 4, after one in a fresh home)", [
    Math.min(...best.map(({ ms }) => ms)),
    Math.min(...best.map(({ cpu }) => cpu)),
  ]);

  const seen = open(["--endpoint", rehearsal.url]);
  await until(seen, "internal");
  const pid = childOf(seen.child.pid ?? 0);
  const echoes = [];
  for (let key = 0; key < KEYS; key++) {
    const letter = String.fromCharCode(97 + key);
    seen.text = "";
    const before = performance.now();
    seen.child.stdin.write(letter);
    await until(seen, letter);
    echoes.push(performance.now() - before);
  }
  say("echo of a key, ms (best, median)", [Math.min(...echoes), median(echoes)]);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const idle = cpuMs(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  say(`processor while idle, ms in ${IDLE_MS / 1000} s`, [cpuMs(pid) - idle]);
  const before = { at: performance.now(), cpu: cpuMs(pid) };
  seen.text = "";
  seen.child.stdin.write("\r");
  await until(seen, "✓");
  say(`${TOKENS} tokens: ms until shown, ms of processor, kB to the terminal`, [
    performance.now() - before.at,
    cpuMs(pid) - before.cpu,
    seen.text.length / 1000,
  ]);
  say("memory at its highest, MB", [peakMb(pid)]);
  seen.child.kill("SIGKILL");
} finally {
  await rehearsal.close();
  rmSync(base, { recursive: true, force: true });
}

function open(args: readonly string[]): Seen {
  const line = [process.execPath, entry, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", `stty cols 120 rows 40; exec ${line}`, "/dev/null"], {
    cwd: join(base, "project"),
    env: { PATH: process.env["PATH"], HOME: join(base, "home"), TERM: "xterm-256color", LANG: "en_US.UTF-8" },
  });
  const seen: Seen = { child, started: performance.now(), text: "", wake: () => {} };
  child.stdout.on("data", (chunk: Buffer) => {
    seen.text += chunk.toString();
    seen.wake();
  });
  child.on("exit", () => seen.wake());
  return seen;
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

/** The process in the terminal; `script` stands before it. */
function childOf(pid: number): number {
  const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return Number(child);
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function peakMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function say(what: string, values: readonly number[]): void {
  process.stdout.write(`${what}: ${values.map((value) => value.toFixed(1)).join(", ")}\n`);
}
