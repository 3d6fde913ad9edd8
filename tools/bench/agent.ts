// `node tools/bench/agent.ts`: what a task costs with `cloister -p`, beside a floor and, when asked, a peer.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startRehearsal } from "@cloister/backend/rehearsal";
import { CloisterError, formatError } from "@cloister/base";
import { cloisterContestants, floorContestant, piContestant, type Contestant } from "./contestants.ts";
import { measure, type Measurement } from "./measure.ts";
import { wholeNumber } from "./numbers.ts";
import { installPeers } from "./peers.ts";
import {
  describeMachine,
  formatMachine,
  formatTable,
  median,
  megabytes,
  ratio,
  type Machine,
} from "./report.ts";
import {
  lastWords,
  scenarios,
  scriptFor,
  type Scenario,
  type ScenarioName,
  type ToolDialect,
} from "./scenario.ts";
import { startServer, type Server } from "./servers.ts";

interface Options {
  readonly root: string;
  /** Another checkout, to see in one run what a change cost or saved. */
  readonly against: string | undefined;
  readonly rounds: number;
  readonly secondsMax: number;
  readonly peers: boolean;
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
}

interface Outcome {
  readonly machine: Machine;
  readonly results: readonly Result[];
}

const RUN_MS_MAX = 60_000;
const ROUNDS_MAX = 100;

async function bench(options: Options, scratch: string): Promise<Outcome> {
  const machine = describeMachine(new Date());
  const contestants = await gather(options, scratch);
  await using stages = await openStages(options.root, scratch, contestants);
  // The first round fills what programs keep between runs, such as compiled code, and its figures are thrown away.
  await playRound(contestants, stages, false);
  const watched = await playRound(contestants, stages, true);
  const timed: Run[] = [];
  const startedAt = performance.now();
  let rounds = 0;
  while (rounds < options.rounds) {
    // Each round starts with somebody else, so that nobody always follows the same one.
    const from = rounds % contestants.length;
    timed.push(
      ...(await playRound([...contestants.slice(from), ...contestants.slice(0, from)], stages, false)),
    );
    rounds += 1;
    const elapsed = (performance.now() - startedAt) / 1000;
    if (elapsed + elapsed / rounds > options.secondsMax) break;
  }
  await stages.check();
  const results = scenarios.flatMap(({ name }) =>
    contestants.map((who) => summarise(name, who.name, timed, watched)),
  );
  return { machine, results };
}

async function gather(options: Options, scratch: string): Promise<Contestant[]> {
  const own = await cloisterContestants(options.root, scratch);
  const other =
    options.against === undefined ? [] : await cloisterContestants(options.against, scratch, " (against)");
  const peers = options.peers ? [piContestant(scratch, await installPeers(scratch))] : [];
  const [published] = own;
  if (published === undefined) return peers;
  return [floorContestant(scratch, await firstRequest(published, scratch)), ...own, ...other, ...peers];
}

/** Plays one turn to the product, and keeps what it sent. */
async function firstRequest(contestant: Contestant, scratch: string): Promise<string> {
  const rehearsal = await startRehearsal(scriptFor("S1", contestant.dialect));
  try {
    const { stderr } = await measure(contestant.prepare(rehearsal.url), {
      timeoutMs: RUN_MS_MAX,
      memory: false,
    });
    const [request] = rehearsal.requests;
    if (request === undefined) throw failed(`${contestant.name} sent no request`, stderr);
    const file = join(scratch, "request.json");
    writeFileSync(file, request.body);
    return file;
  } finally {
    await rehearsal.close();
  }
}

interface Stages extends AsyncDisposable {
  urlOf(scenario: Scenario, dialect: ToolDialect): string;
  /** Ends all of them. @throws CloisterError `bench-run-failed` when an agent asked for anything unexpected */
  check(): Promise<void>;
}

/** One model server for each scenario and dialect. */
async function openStages(
  root: string,
  scratch: string,
  contestants: readonly Contestant[],
): Promise<Stages> {
  const servers = new Map<string, Server>();
  const main = join(root, "packages/cli/src/main.ts");
  for (const dialect of new Set(contestants.map((contestant) => contestant.dialect))) {
    for (const { name } of scenarios) {
      const script = join(scratch, `${name}-${dialect}.json`);
      writeFileSync(script, JSON.stringify(scriptFor(name, dialect)));
      const argv = [process.execPath, main, "rehearse", script];
      const environment = { HOME: scratch, PATH: process.env["PATH"] ?? "" };
      servers.set(`${name}-${dialect}`, await startServer({ argv, directory: scratch, environment }));
    }
  }
  const stopAll = async (): Promise<string[]> => {
    const stopped = [...servers.values()].map((server) => server.stop());
    servers.clear();
    return Promise.all(stopped);
  };
  return {
    urlOf: (scenario, dialect) => servers.get(`${scenario.name}-${dialect}`)?.url ?? "",
    check: async () => {
      const complaints = (await stopAll()).filter((complaint) => complaint !== "");
      if (complaints.length > 0) throw failed("an agent did not do what was scripted", complaints.join("\n"));
    },
    [Symbol.asyncDispose]: async () => {
      await stopAll();
    },
  };
}

interface Run extends Measurement {
  readonly scenario: ScenarioName;
  readonly contestant: string;
}

/** Everybody plays everything once. */
async function playRound(
  contestants: readonly Contestant[],
  stages: Stages,
  memory: boolean,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const scenario of scenarios) {
    for (const contestant of contestants) {
      const command = contestant.prepare(stages.urlOf(scenario, contestant.dialect));
      const run = await measure(command, { timeoutMs: RUN_MS_MAX, memory });
      if (run.exitCode !== 0 || !run.stdout.includes(lastWords)) {
        throw failed(
          `${contestant.name} did not finish ${scenario.name} (exit code ${run.exitCode})`,
          run.stderr,
        );
      }
      runs.push({ ...run, scenario: scenario.name, contestant: contestant.name });
    }
  }
  return runs;
}

function summarise(
  scenario: ScenarioName,
  contestant: string,
  timed: readonly Run[],
  watched: readonly Run[],
): Result {
  const own = (runs: readonly Run[]): Run[] =>
    runs.filter((run) => run.scenario === scenario && run.contestant === contestant);
  const runs = own(timed);
  const cpu = runs.map(({ cpuMs }) => cpuMs);
  const memory = own(watched)[0]?.memory;
  return {
    scenario,
    contestant,
    rounds: runs.length,
    wallMs: Math.round(median(runs.map(({ wallMs }) => wallMs))),
    cpuMs: Math.round(median(cpu)),
    cpuMsRange: [Math.min(...cpu), Math.max(...cpu)],
    largestBytes: memory?.largestBytes ?? Number.NaN,
    treeBytes: memory?.treeBytes ?? Number.NaN,
  };
}

function formatResults({ machine, results }: Outcome): string {
  const tables = scenarios.map(({ name, title, turns }) => {
    const rows = results.filter(({ scenario }) => scenario === name);
    const [floor] = rows;
    const head = ["", "CPU", "wall", "CPU ms", "range", "per turn", "wall ms", "largest MB", "all MB"];
    const cells = rows.map((row) => [
      row.contestant,
      ratio(row.cpuMs, floor?.cpuMs ?? Number.NaN),
      ratio(row.wallMs, floor?.wallMs ?? Number.NaN),
      String(row.cpuMs),
      row.cpuMsRange.join("–"),
      (row.cpuMs / turns).toFixed(1),
      String(row.wallMs),
      megabytes(row.largestBytes),
      megabytes(row.treeBytes),
    ]);
    return `${name}: ${title} (medians of ${floor?.rounds ?? 0} rounds)\n\n${formatTable(head, cells)}\n`;
  });
  return `${formatMachine(machine)}\n\n${tables.join("\n")}`;
}

function failed(message: string, detail: string): CloisterError {
  return new CloisterError(`${message}\n${detail.slice(-2000)}`, {
    code: "bench-run-failed",
    next: "figures of agents that did not do the work mean nothing; mend that first",
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
    },
  });
  const scratch = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  try {
    const outcome = await bench(
      {
        root: resolve(import.meta.dirname, "../.."),
        against: values.against === undefined ? undefined : resolve(values.against),
        rounds: wholeNumber(values.rounds, ROUNDS_MAX),
        secondsMax: wholeNumber(values.seconds, 3600),
        peers: values.peers,
      },
      scratch,
    );
    console.log(values.json ? JSON.stringify(outcome, null, 2) : formatResults(outcome));
  } catch (error) {
    console.error(formatError(error));
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
