// `node tools/bench/agent.ts`: what a task costs with `cloister -p`, beside a floor and, when asked, peers.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CloisterError, formatError } from "@cloister/base";
import { cloisterContestants, floorContestant, peerContestants, type Contestant } from "./contestants.ts";
import { measure, type Measurement } from "./measure.ts";
import { wholeNumber } from "./numbers.ts";
import { installPeers, peersIn } from "./peers.ts";
import {
  describeMachine,
  formatMachine,
  formatTable,
  median,
  megabytes,
  ratio,
  type Machine,
} from "./report.ts";
import { firstScenario, lastWords, scenarios, type Scenario, type ScenarioName } from "./scenario.ts";
import { openStage, type Asked } from "./stage.ts";
import { readGaps, readTraffic, type Gaps, type Traffic } from "./traffic.ts";

interface Options {
  readonly root: string;
  /** Another checkout, to see in one run what a change cost or saved. */
  readonly against: string | undefined;
  readonly rounds: number;
  readonly secondsMax: number;
  /** The folder where they are installed; without it nobody else takes part. */
  readonly peers: string | undefined;
}

/** Medians over the rounds; memory from one run of its own. */
interface Result {
  readonly scenario: ScenarioName;
  readonly contestant: string;
  readonly rounds: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly cpuMsRange: readonly [number, number];
  readonly largestBytes: number;
  readonly treeBytes: number;
  readonly traffic: Traffic;
  /** Medians over the rounds. */
  readonly gaps: Gaps;
}

interface Outcome {
  readonly machine: Machine;
  readonly results: readonly Result[];
}

const RUN_MS_MAX = 240_000;
const ROUNDS_MAX = 100;
/** Whoever takes longer for a scenario plays it once, memory watched, and its figures are of that run. */
const SLOW_MS = 12_000;
/** Of a peer: one loses the output of a short command now and then. */
const ATTEMPTS_MAX = 3;

async function bench(options: Options, scratch: string): Promise<Outcome> {
  const machine = describeMachine(new Date());
  const contestants = await gather(options, scratch);
  // A first turn fills what programs keep between runs, such as compiled code, and its figures are thrown away.
  for (const contestant of contestants) await tryToPlay(firstScenario, contestant, false);
  const watched = await playRound(contestants, true);
  const slow = new Set(watched.filter(({ wallMs }) => wallMs > SLOW_MS).map(keyOf));
  const timed: Run[] = [];
  const startedAt = performance.now();
  let rounds = 0;
  while (rounds < options.rounds) {
    // Each round starts with somebody else, so that nobody always follows the same one.
    const from = rounds % contestants.length;
    timed.push(
      ...(await playRound([...contestants.slice(from), ...contestants.slice(0, from)], false, slow)),
    );
    rounds += 1;
    const elapsed = (performance.now() - startedAt) / 1000;
    if (elapsed + elapsed / rounds > options.secondsMax) break;
  }
  const results = scenarios.flatMap(({ name }) =>
    contestants.map((who) => summarise(name, who.name, timed, watched)),
  );
  return { machine, results };
}

async function gather(options: Options, scratch: string): Promise<Contestant[]> {
  const own = await cloisterContestants(options.root, scratch);
  const other =
    options.against === undefined ? [] : await cloisterContestants(options.against, scratch, " (against)");
  const peers = options.peers === undefined ? [] : peerContestants(scratch, peersIn(options.peers));
  const [published] = own;
  if (published === undefined) return peers;
  return [floorContestant(scratch, await firstRequest(published, scratch)), ...own, ...other, ...peers];
}

/** Plays one turn to the product, and keeps what it sent. */
async function firstRequest(contestant: Contestant, scratch: string): Promise<string> {
  const { asked } = await play(firstScenario, contestant, false);
  const file = join(scratch, "request.json");
  writeFileSync(file, JSON.stringify(asked[0]?.body));
  return file;
}

interface Run extends Measurement {
  readonly scenario: ScenarioName;
  readonly contestant: string;
  readonly asked: readonly Asked[];
}

/** Everybody plays everything once. */
async function playRound(
  contestants: readonly Contestant[],
  memory: boolean,
  without: ReadonlySet<string> = new Set(),
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const scenario of scenarios) {
    for (const contestant of contestants) {
      if (without.has(keyOf({ scenario: scenario.name, contestant: contestant.name }))) continue;
      const run = await tryToPlay(scenario, contestant, memory);
      if (run !== undefined) runs.push(run);
    }
  }
  return runs;
}

/** Undefined for a peer that did not do what was scripted, however often it was asked. */
async function tryToPlay(
  scenario: Scenario,
  contestant: Contestant,
  memory: boolean,
): Promise<Run | undefined> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      return await play(scenario, contestant, memory);
    } catch (error) {
      if (contestant.isPeer !== true) throw error;
      console.error(formatError(error));
    }
  }
  return undefined;
}

function keyOf({ scenario, contestant }: Pick<Run, "scenario" | "contestant">): string {
  return `${scenario} ${contestant}`;
}

/** @throws CloisterError `bench-run-failed` when it did not do what was scripted */
async function play({ name, turns }: Scenario, contestant: Contestant, memory: boolean): Promise<Run> {
  const stage = await openStage(name, contestant.project);
  try {
    const run = await measure(contestant.prepare(stage.url), { timeoutMs: RUN_MS_MAX, memory });
    const { asked, complaints } = stage;
    if (
      run.exitCode !== 0 ||
      !run.stdout.includes(lastWords) ||
      complaints.length > 0 ||
      asked.length < turns
    ) {
      const how = `exit code ${run.exitCode}, ${asked.length} of ${turns} requests`;
      const said = [...complaints, run.stderr, run.stdout].join("\n");
      throw failed(`${contestant.name} did not finish ${name} (${how})`, said.slice(0, 2000));
    }
    return { ...run, scenario: name, contestant: contestant.name, asked };
  } finally {
    await stage.close();
  }
}

function summarise(
  scenario: ScenarioName,
  contestant: string,
  timed: readonly Run[],
  watched: readonly Run[],
): Result {
  const own = (runs: readonly Run[]): Run[] =>
    runs.filter((run) => run.scenario === scenario && run.contestant === contestant);
  const [watchedRun] = own(watched);
  const runs = own(timed.some((run) => keyOf(run) === keyOf({ scenario, contestant })) ? timed : watched);
  const cpu = runs.map(({ cpuMs }) => cpuMs);
  const gaps = runs.map(({ asked }) => readGaps(asked));
  const gap = (key: keyof Gaps): number => Math.round(median(gaps.map((one) => one[key])) * 10) / 10;
  return {
    scenario,
    contestant,
    rounds: runs.length,
    wallMs: Math.round(median(runs.map(({ wallMs }) => wallMs))),
    cpuMs: Math.round(median(cpu)),
    cpuMsRange: [Math.min(...cpu), Math.max(...cpu)],
    largestBytes: watchedRun?.memory?.largestBytes ?? Number.NaN,
    treeBytes: watchedRun?.memory?.treeBytes ?? Number.NaN,
    traffic: readTraffic(watchedRun?.asked ?? []),
    gaps: { medianMs: gap("medianMs"), firstMs: gap("firstMs"), lastMs: gap("lastMs") },
  };
}

function formatResults({ machine, results }: Outcome): string {
  const tables = scenarios.map(({ name, title, turns }) => {
    const rows = results.filter(({ scenario }) => scenario === name);
    const [floor] = rows;
    const head = ["", "CPU", "CPU ms", "range", "wall ms", "largest MB", "all MB"];
    const more = turns > 1 ? ["gap ms", "first 20", "last 20", "prefix min", "median"] : ["prompt tokens"];
    const cells = rows.map((row) =>
      [
        row.contestant,
        ratio(row.cpuMs, floor?.cpuMs ?? Number.NaN),
        String(row.cpuMs),
        row.cpuMsRange.join("–"),
        String(row.wallMs),
        megabytes(row.largestBytes),
        megabytes(row.treeBytes),
      ].concat(turns > 1 ? manyTurns(row) : [String(row.traffic.promptTokens)]),
    );
    return `${name}: ${title} (medians of ${floor?.rounds ?? 0} rounds)\n\n${formatTable([...head, ...more], cells)}\n`;
  });
  return `${formatMachine(machine)}\n\n${tables.join("\n")}`;
}

function manyTurns({ gaps, traffic }: Result): string[] {
  const times = [gaps.medianMs, gaps.firstMs, gaps.lastMs].map((ms) => ms.toFixed(1));
  return [
    ...times,
    ...[traffic.prefixMin, traffic.prefixMedian].map((share) => `${(share * 100).toFixed(1)} %`),
  ];
}

function failed(message: string, detail: string): CloisterError {
  return new CloisterError(`${message}\n${detail.slice(-2000)}`, {
    code: "bench-run-failed",
    next: "figures of agents that did not do the work mean nothing; mend that first",
  });
}

/** Peers look up hosts unasked: this script once more, where there is only loopback. */
function againWithoutNetwork(peers: string): Promise<number> {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const loopbackUp = 'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"';
  const again = [process.execPath, ...process.argv.slice(1), "--peers-in", peers];
  const child = spawn("unshare", [...user, "--net", "sh", "-c", loopbackUp, "sh", ...again], {
    stdio: "inherit",
  });
  return new Promise((done, refuse) => {
    child.on("error", refuse);
    child.on("close", (code) => done(code ?? 1));
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      peers: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "120" },
      against: { type: "string" },
      "peers-in": { type: "string" },
    },
  });
  const scratch = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  try {
    const installed = values["peers-in"];
    if (values.peers && installed === undefined) {
      const folder = join(scratch, "peers");
      await installPeers(folder, ["pi", "qwen", "opencode"]);
      process.exitCode = await againWithoutNetwork(folder);
    } else {
      const outcome = await bench(
        {
          root: resolve(import.meta.dirname, "../.."),
          against: values.against === undefined ? undefined : resolve(values.against),
          rounds: wholeNumber(values.rounds, ROUNDS_MAX),
          secondsMax: wholeNumber(values.seconds, 3600),
          peers: installed,
        },
        scratch,
      );
      console.log(values.json ? JSON.stringify(outcome, null, 2) : formatResults(outcome));
    }
  } catch (error) {
    console.error(formatError(error));
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
