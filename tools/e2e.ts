// `npm run e2e [-- FILE…]`: the tests that start processes, servers and terminals. Most of their time is waiting, so groups of
// files run side by side, each group in one process.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";

interface Outcome {
  readonly files: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly isOk: boolean;
  readonly output: string;
  readonly seconds: number;
}

const AT_ONCE_MAX = 4;
/** A process for each file would spend more on loading than on testing. */
const FILES_TOGETHER = 6;
/** Of one group. The longest plays twenty-seven attacks. */
const GROUP_MS_MAX = 900_000;
/** Of a runner that does not even answer the first signal, because a test never lets go of its thread. */
const END_MS_MAX = 20_000;
const OUTPUT_CHARS_MAX = 8_000_000;
/** Minutes long, so they begin first and stand alone. */
const LONG =
  /\/(?:attack-classes-\w+|attacks|escape|policy|session-kill|crash|foreign-configs-\w+|behaviour|sdk)\.test\.ts$/;

async function main(root: string, wanted: readonly string[]): Promise<boolean> {
  const files =
    wanted.length > 0 ? wanted : globSync(["packages/*/test/**/*.test.ts", "e2e/*.test.ts"], { cwd: root });
  const groups = groupsOf(files.toSorted());
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  const waiting = [...groups];
  const worker = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const outcome = await run(group, root);
      outcomes.push(outcome);
      report(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, availableParallelism()) }, worker));
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((all, one) => all + of(one), 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const broken = outcomes.filter(({ isOk }) => !isOk);
  console.log(
    `${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed, ${files.length} files, ${seconds} s`,
  );
  for (const { files: named } of broken) console.log(`FAILED in ${named.join(" ")}`);
  return broken.length === 0;
}

function groupsOf(files: readonly string[]): readonly (readonly string[])[] {
  const long = files.filter((file) => LONG.test(`/${file}`));
  const short = files.filter((file) => !long.includes(file));
  const groups = long.map((file): readonly string[] => [file]);
  for (let at = 0; at < short.length; at += FILES_TOGETHER) groups.push(short.slice(at, at + FILES_TOGETHER));
  return groups;
}

function run(files: readonly string[], root: string): Promise<Outcome> {
  return new Promise((done) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, ["--test", "--test-isolation=none", ...files], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stubborn: NodeJS.Timeout | undefined;
    const late = setTimeout(() => {
      // By this one the runner still tells which test it was.
      child.kill("SIGTERM");
      stubborn = setTimeout(() => child.kill("SIGKILL"), END_MS_MAX);
    }, GROUP_MS_MAX);
    let output = "";
    // The end says what failed, so the beginning is what gives way.
    const collect = (text: string): void => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    const end = (isOk: boolean): void => {
      clearTimeout(late);
      clearTimeout(stubborn);
      const count = (word: string): number =>
        Number(new RegExp(`^ℹ ${word} (\\d+)$`, "mu").exec(output)?.[1] ?? 0);
      const seconds = (performance.now() - startedAt) / 1000;
      done({ files, passed: count("pass"), failed: count("fail"), isOk, output, seconds });
    };
    child.on("error", (error) => {
      collect(String(error));
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}

function report({ files, passed, isOk, output, seconds }: Outcome): void {
  const names = files.map((file) => file.replace(/^packages\//u, "").replace(/\.test\.ts$/u, "")).join(" ");
  console.log(
    `${isOk ? "ok    " : "FAILED"} ${seconds.toFixed(0).padStart(4)} s  ${String(passed).padStart(3)} passed  ${names}`,
  );
  if (!isOk) console.log(output);
}

if (import.meta.main) {
  const isOk = await main(resolve(import.meta.dirname, ".."), process.argv.slice(2));
  process.exitCode = isOk ? 0 : 1;
}
