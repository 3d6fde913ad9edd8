// `node tools/bench/cell.ts`: what a command costs in a cell over a bare start, the first of a session and later ones.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { CloisterError, formatError, isRecord } from "@cloister/base";
import { measure } from "./measure.ts";
import { wholeNumber } from "./numbers.ts";
import { describeMachine, formatMachine, formatTable, median } from "./report.ts";

interface Options {
  readonly rounds: number;
  readonly commands: number;
  /** Between two commands, as a model has it that reads the one and writes the other; at least. */
  readonly pauseMs: number;
  readonly peers: boolean;
}

interface Contestant {
  readonly name: string;
  /** Appended to `node cell-worker.ts FOLDER COUNT PAUSE`. */
  readonly work: readonly string[];
  readonly firstMs: number[];
  readonly laterMs: number[];
  /** Of one later command: its whole tree, and its share of the process that started it. */
  readonly cpuMs: number[];
}

const RUN_MS_MAX = 120_000;
const INSTALL_MS_MAX = 180_000;
const ROUNDS_MAX = 50;
const COMMANDS_MAX = 500;
const PAUSE_MS_MAX = 10_000;
const PEER = { package: "@anthropic-ai/sandbox-runtime", version: "0.0.78" };

async function bench(options: Options, scratch: string): Promise<readonly Contestant[]> {
  const contestants = [contestant("bare start", "bare"), contestant("bwrap, bare", "bwrap")];
  contestants.push(
    contestant("cell", "cell"),
    contestant("cell that waited", "cell-ahead"),
    contestant("cell, 100 files hidden", "cell-hiding"),
    contestant("cell that waited, 100 hidden", "cell-ahead-hiding"),
  );
  if (options.peers) {
    contestants.push(contestant(`sandbox-runtime ${PEER.version}`, "runtime", await installPeer(scratch)));
  }
  // Round 0 fills the file cache and is thrown away; then all take turns, and each round begins with another.
  for (let round = 0; round <= options.rounds; round++) {
    const first = round % contestants.length;
    for (const each of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      await play(each, options, join(scratch, `${round}-${each.work[0]}`), round > 0);
    }
  }
  return contestants;
}

function contestant(name: string, ...kind: readonly string[]): Contestant {
  return { name, work: kind, firstMs: [], laterMs: [], cpuMs: [] };
}

async function play(
  one: Contestant,
  { commands, pauseMs }: Options,
  folder: string,
  counts: boolean,
): Promise<void> {
  makeProject(folder);
  // Twice, with few and with many commands: the difference is theirs, without the start of Node and of the session.
  const [few, many] = [
    await work(one, folder, [1, pauseMs]),
    await work(one, folder, [1 + commands, pauseMs]),
  ];
  rmSync(folder, { recursive: true, force: true });
  if (!counts) return;
  one.firstMs.push(many.wallMs[0] ?? Number.NaN);
  one.laterMs.push(...many.wallMs.slice(1));
  one.cpuMs.push((many.cpuMs - few.cpuMs) / commands);
}

async function work(
  one: Contestant,
  folder: string,
  countAndPause: readonly [number, number],
): Promise<{ readonly wallMs: number[]; readonly cpuMs: number }> {
  const run = await measure(
    {
      argv: [
        process.execPath,
        join(import.meta.dirname, "cell-worker.ts"),
        folder,
        ...countAndPause.map(String),
        ...one.work,
      ],
      directory: folder,
      environment: { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home") },
    },
    { timeoutMs: RUN_MS_MAX, memory: false },
  );
  const report: unknown = run.exitCode === 0 ? JSON.parse(run.stdout) : undefined;
  if (!isRecord(report) || !Array.isArray(report["wallMs"])) {
    throw new CloisterError(`${one.name} did not do its work\n${run.stderr.slice(-2000)}`, {
      code: "bench-run-failed",
      next: "run cell-worker.ts by hand to see why",
    });
  }
  return { wallMs: report["wallMs"].map(Number), cpuMs: run.cpuMs };
}

/** A repository, as most projects are: its guards are part of what a cell costs. */
function makeProject(folder: string): void {
  for (const path of ["home", "workspace/.git/hooks", "workspace/.git/info", "workspace/.git/objects"]) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  writeFileSync(join(folder, "workspace/.git/HEAD"), "ref: refs/heads/main\n");
  writeFileSync(join(folder, "workspace/.git/config"), "[core]\n\tbare = false\n");
}

/** @throws CloisterError `bench-peers-not-installed` */
async function installPeer(scratch: string): Promise<string> {
  const folder = join(scratch, "peer");
  mkdirSync(folder);
  const manifest = { private: true, dependencies: { [PEER.package]: PEER.version } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  try {
    await promisify(execFile)("npm", args, { cwd: folder, timeout: INSTALL_MS_MAX });
  } catch (cause) {
    throw new CloisterError("npm could not install the peer", {
      code: "bench-peers-not-installed",
      next: "leave out --peers, or see whether the registry still has the version named in tools/bench/cell.ts",
      cause,
    });
  }
  return join(folder, "node_modules", PEER.package, "dist/index.js");
}

function formatResults(contestants: readonly Contestant[]): string {
  const base = contestants[0];
  const least = (values: readonly number[]): number => Math.min(...values);
  const ms = (value: number): string => value.toFixed(1);
  const rows = contestants.map(({ name, firstMs, laterMs, cpuMs }) => [
    name,
    `${ms(least(firstMs))} / ${ms(median(firstMs))}`,
    `${ms(least(laterMs))} / ${ms(median(laterMs))}`,
    `+${ms(least(laterMs) - least(base?.laterMs ?? []))}`,
    `${ms(least(cpuMs))} / ${ms(median(cpuMs))}`,
  ]);
  return formatTable(["ms, least / median", "first", "later", "later, added", "CPU, later"], rows);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      commands: { type: "string", default: "40" },
      pause: { type: "string", default: "120" },
      peers: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const scratch = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  try {
    const options = {
      rounds: wholeNumber(values.rounds, ROUNDS_MAX),
      commands: wholeNumber(values.commands, COMMANDS_MAX),
      pauseMs: wholeNumber(values.pause, PAUSE_MS_MAX),
      peers: values.peers,
    };
    const machine = describeMachine(new Date());
    const results = await bench(options, scratch);
    if (values.json) console.log(JSON.stringify({ machine, results }));
    else console.log(`${formatMachine(machine)}\n\n${formatResults(results)}`);
  } catch (error) {
    if (!(error instanceof CloisterError)) throw error;
    console.error(formatError(error));
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
