// Runs in a namespace without a network: the scripted server, the airlock and one client after the other, and prints
// what became of each. Started by run.ts; its argument is the folder where the clients are installed.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readLines } from "@cloister/base";
import { model } from "./answers.ts";
import { clients, type Client } from "./clients.ts";
import {
  after,
  before,
  copyFile,
  finalText,
  notesFile,
  openScript,
  prompt,
  textOf,
  type Script,
} from "./script.ts";

const MAIN = join(import.meta.dirname, "../../packages/cli/src/main.ts");
const CLIENT_MS_MAX = 180_000;
const OUTPUT_CHARS_SHOWN = 3000;

interface Outcome {
  readonly client: string;
  readonly version: string;
  readonly calls: "as calls" | "as text";
  readonly requests: number;
  readonly tools: string;
  readonly read: boolean;
  readonly edit: boolean;
  readonly run: boolean;
  readonly exit: number | null;
  readonly output: string;
}

async function main(folder: string, only: string | undefined): Promise<number> {
  const strangers = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
  if (strangers.length > 0) throw new Error(`there is a network here: ${strangers.join(", ")}`);
  const wanted = clients.filter(({ name }) => only === undefined || name.toLowerCase().includes(only));
  const outcomes: Outcome[] = [];
  for (const client of wanted) {
    for (const printed of [false, true]) {
      const base = mkdtempSync(join(tmpdir(), "cloister-client-"));
      try {
        outcomes.push(await tryClient({ client, printed, installed: folder, base }));
      } finally {
        rmSync(base, { recursive: true, force: true });
      }
    }
  }
  print(outcomes);
  return outcomes.length > 0 && outcomes.every(isComplete) ? 0 : 1;
}

interface Try {
  readonly client: Client;
  /** The model prints its calls as text. */
  readonly printed: boolean;
  readonly installed: string;
  readonly base: string;
}

async function tryClient({ client, printed, installed, base }: Try): Promise<Outcome> {
  const [home, project, temporary] = [join(base, "home"), join(base, "project"), join(base, "tmp")];
  for (const folder of [home, project, temporary]) mkdirSync(folder);
  const notes = join(project, notesFile);
  writeFileSync(notes, before);
  const script = await openScript({ file: notes, printed });
  const airlock = await startAirlock(script, base);
  try {
    const start = client.prepare({ home, project, airlock: airlock.address, model, prompt });
    const program = join(installed, "node_modules", client.program);
    const environment = { PATH: pathOf(), HOME: home, TMPDIR: temporary, LANG: "en_US.UTF-8", TERM: "dumb" };
    const version = await run(program, ["--version"], { cwd: project, env: environment });
    const env = { ...environment, ...start.environment };
    const { output, exit } = await run(program, start.args, { cwd: project, env });
    const copy = join(project, copyFile);
    return {
      client: client.name,
      version: /\d+\.\d+\.\d+\S*/.exec(version.output)?.[0] ?? "?",
      calls: printed ? "as text" : "as calls",
      requests: script.requests.length,
      tools: script.called.join(" "),
      read: hasResult(script, before.trim()),
      edit: readFileSync(notes, "utf8") === after,
      run: existsSync(copy) && readFileSync(copy, "utf8") === after,
      exit,
      output,
    };
  } finally {
    await stop(airlock.process);
    await script.close();
  }
}

function hasResult({ requests }: Script, text: string): boolean {
  return requests.some(({ messages }) =>
    (Array.isArray(messages) ? messages : []).some(
      (message) =>
        (message as { role?: unknown }).role === "tool" &&
        textOf((message as { content?: unknown }).content).includes(text),
    ),
  );
}

function isComplete({ read, edit, run: ran, exit, output }: Outcome): boolean {
  return read && edit && ran && exit === 0 && output.includes(finalText);
}

async function startAirlock(
  script: Script,
  base: string,
): Promise<{ address: string; process: ChildProcess }> {
  const args = ["airlock", "--listen", "127.0.0.1:0", "--endpoint", `chat+${script.url}`, "--model", model];
  const home = join(base, "keeper");
  mkdirSync(home);
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: { PATH: pathOf(), HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = readLines(child.stdout, { lineCharsMax: 1000 });
  for await (const line of lines) return { address: line, process: child };
  throw new Error("the airlock ended without a word");
}

/** Until it is gone, so that it writes nothing more. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const isOver = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  await isOver;
}

/** The node that runs this comes first: clients written for node find it by name. */
function pathOf(): string {
  return `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
}

interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function run(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<{ output: string; exit: number | null }> {
  // Several clients are a script around the real program: all of its group is ended, or its output never closes.
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const timer = setTimeout(() => killGroup(child), CLIENT_MS_MAX);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  try {
    const exit = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return { output: Buffer.concat(chunks).toString("utf8"), exit };
  } finally {
    clearTimeout(timer);
    killGroup(child);
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    /* nobody is left in it */
  }
}

function print(outcomes: readonly Outcome[]): void {
  console.table(outcomes.map(({ output: _output, ...outcome }) => outcome));
  for (const outcome of outcomes.filter((each) => !isComplete(each))) {
    console.log(`${outcome.client} did not complete. The end of what it said:`);
    console.log(outcome.output.slice(-OUTPUT_CHARS_SHOWN));
  }
}

const [installed = "", only] = process.argv.slice(2);
process.exitCode = await main(installed, only);
