// `node tools/bench/airlock.ts`: what a request costs on its way through `cloister airlock`, in time and in CPU.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CloisterError, formatError } from "@cloister/base";
import { airlockDoor, portkeyDoor, straightDoor, type Door } from "./doors.ts";
import { ask, type Timing } from "./load.ts";
import { wholeNumber } from "./numbers.ts";
import { installPeers, peersIn } from "./peers.ts";
import { readTree } from "./processes.ts";
import {
  describeMachine,
  formatMachine,
  formatTable,
  megabytes,
  percentile,
  ratio,
  type Machine,
} from "./report.ts";
import type { Body, Shape } from "./requests.ts";
import { startServer } from "./servers.ts";

interface Options {
  readonly root: string;
  readonly against: string | undefined;
  readonly requests: number;
  readonly clients: number;
  readonly tokens: number;
  readonly paceMs: number;
  readonly peers: boolean;
}

interface Result {
  readonly door: string;
  readonly shape: Shape;
  readonly body: Body;
  readonly firstTokenMs: { readonly p50: number; readonly p99: number };
  readonly wholeMs: { readonly p50: number; readonly p99: number };
  /** Of the door's own process. */
  readonly cpuMsPerRequest: number;
  readonly peakBytes: number;
}

interface Outcome {
  readonly machine: Machine;
  readonly load: Pick<Options, "requests" | "clients" | "tokens" | "paceMs">;
  readonly results: readonly Result[];
}

const ROUNDS = 3;
const REQUESTS_MAX = 2000;
const bodies: readonly Body[] = ["small", "large", "large, cold"];

async function bench(options: Options, scratch: string, tell: (place: string) => void): Promise<Outcome> {
  const machine = describeMachine(new Date());
  await using stack = new AsyncDisposableStack();
  const model = await startServer({
    argv: [
      process.execPath,
      join(import.meta.dirname, "model.ts"),
      String(options.tokens),
      String(options.paceMs),
    ],
    directory: scratch,
    environment: { HOME: scratch },
  });
  stack.defer(async () => void (await model.stop()));
  const doors = [straightDoor(model.url), await airlockDoor(options.root, scratch, model.url)];
  if (options.against !== undefined) {
    doors.push(await airlockDoor(options.against, scratch, model.url, "-against"));
  }
  if (options.peers) {
    const folder = join(scratch, "peers");
    await installPeers(folder, ["portkey"]);
    doors.push(await portkeyDoor(peersIn(folder), scratch, model.url));
  }
  for (const { server } of doors) stack.defer(async () => void (await server?.stop()));

  const cases = bodies.flatMap((body) =>
    doors.flatMap((door) => door.shapes.map((shape): Case => ({ door, shape, body, timings: [], cpuMs: 0 }))),
  );
  // Round 0 lets everybody's code become warm; then all take turns, so that a busy minute falls on all of them.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const one of cases) {
      tell(`asking ${one.door.name}, ${one.shape}, ${one.body}, round ${round}`);
      await inTime(play(one, options, round), `${one.door.name}, ${one.shape}, ${one.body}`);
    }
  }
  return { machine, load: options, results: cases.map((one) => summarise(one)) };
}

interface Case {
  readonly door: Door;
  readonly shape: Shape;
  readonly body: Body;
  readonly timings: Timing[];
  cpuMs: number;
}

// Enough for the compiler to be done with what runs in every request.
const WARMING_REQUESTS = 200;
const CASE_MS_MAX = 10 * 60_000;

/** A door that never answers ends the run with its name, instead of keeping it for ever. */
async function inTime(work: Promise<void>, what: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new CloisterError(`${what}: no end after ${CASE_MS_MAX / 60_000} minutes`, {
      code: "bench-run-failed",
      next: "ask that door by hand, and look at what it says",
    });
    timer = setTimeout(() => reject(error), CASE_MS_MAX);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function play(one: Case, options: Options, round: number): Promise<void> {
  const { clients, tokens } = options;
  const requests = round === 0 ? WARMING_REQUESTS : Math.ceil(options.requests / ROUNDS);
  const before = cpuOf(one.door);
  const timings = await ask(one.door.target, {
    shape: one.shape,
    body: one.body,
    requests,
    clients,
    tokens,
    seed: round,
  });
  if (round === 0) return;
  one.timings.push(...timings);
  // Each client's first request is not timed, but its CPU is in the sum.
  one.cpuMs += ((cpuOf(one.door) - before) * timings.length) / (timings.length + clients);
}

function cpuOf({ server }: Door): number {
  return server === undefined ? 0 : readTree(server.pid).cpuMs;
}

function summarise({ door, shape, body, timings, cpuMs }: Case): Result {
  const spread = (values: readonly number[]): Result["wholeMs"] => ({
    p50: percentile(values, 50),
    p99: percentile(values, 99),
  });
  return {
    door: door.name,
    shape,
    body,
    firstTokenMs: spread(timings.map(({ firstTokenMs }) => firstTokenMs)),
    wholeMs: spread(timings.map(({ wholeMs }) => wholeMs)),
    cpuMsPerRequest: door.server === undefined ? 0 : cpuMs / timings.length,
    peakBytes: door.server === undefined ? 0 : readTree(door.server.pid).largestPeakBytes,
  };
}

function formatResults({ machine, load, results }: Outcome): string {
  const tables = bodies.map((body) => {
    const rows = results.filter((result) => result.body === body);
    const direct = rows[0];
    const own = rows.find(({ door, shape }) => door === "airlock" && shape === "chat");
    const added = (value: number, base = Number.NaN): string => (value - base).toFixed(1);
    const cells = rows
      .slice(1)
      .map((row) => [
        `${row.door}, ${row.shape}`,
        ratio(row.cpuMsPerRequest, own?.cpuMsPerRequest ?? Number.NaN),
        row.cpuMsPerRequest.toFixed(1),
        added(row.firstTokenMs.p50, direct?.firstTokenMs.p50),
        added(row.firstTokenMs.p99, direct?.firstTokenMs.p99),
        added(row.wholeMs.p50, direct?.wholeMs.p50),
        added(row.wholeMs.p99, direct?.wholeMs.p99),
        megabytes(row.peakBytes),
      ]);
    const base = `direct: first token ${direct?.firstTokenMs.p50.toFixed(1)} ms, whole answer ${direct?.wholeMs.p50.toFixed(1)} ms`;
    const head = ["", "CPU", "CPU ms", "+first p50", "+first p99", "+whole p50", "+whole p99", "peak MB"];
    return `${body} (${base})\n\n${formatTable(head, cells)}\n`;
  });
  const { requests, clients, tokens, paceMs } = load;
  const what = `${requests} requests per case from ${clients} clients, ${tokens} tokens each, ${paceMs} ms apart`;
  return `${formatMachine(machine)}\n${what}\n\n${tables.join("\n")}`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      peers: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      requests: { type: "string", default: "90" },
      clients: { type: "string", default: "2" },
      tokens: { type: "string", default: "100" },
      pace: { type: "string", default: "1" },
      against: { type: "string" },
    },
  });
  const scratch = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  // A promise that nobody can keep any more ends Node without a word: then say where it stood.
  let place = "starting";
  let isTold = false;
  process.on("exit", () => {
    if (!isTold) console.error(`no result: the run ended while ${place}`);
  });
  try {
    const outcome = await bench(
      {
        root: resolve(import.meta.dirname, "../.."),
        against: values.against === undefined ? undefined : resolve(values.against),
        requests: wholeNumber(values.requests, REQUESTS_MAX),
        clients: wholeNumber(values.clients, 100),
        tokens: wholeNumber(values.tokens, 9999),
        paceMs: wholeNumber(values.pace, 1000),
        peers: values.peers,
      },
      scratch,
      (now) => (place = now),
    );
    isTold = true;
    console.log(values.json ? JSON.stringify(outcome, null, 2) : formatResults(outcome));
  } catch (error) {
    isTold = true;
    console.error(`${formatError(error)}\n(while ${place})`);
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
