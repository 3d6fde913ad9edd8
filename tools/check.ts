// `npm run check`: format, lint with types, tidy and unit tests, at the same time.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { messageOf } from "@cloister/base";

interface Part {
  readonly name: string;
  /** A script that Node runs, and its arguments; never a shell's text. */
  readonly argv: readonly string[];
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** Against a hang only: on a busy machine seconds of work take minutes. */
const PART_TIMEOUT_MS = 900_000;
const OUTPUT_CHARS_MAX = 4_000_000;

/** Runs every part to its end, whatever the others do. Prints one line per part, and all that a failed part said. */
async function check(root: string): Promise<boolean> {
  const bin = (name: string): string => join(root, "node_modules", name, "bin", name);
  const parts: readonly Part[] = [
    { name: "format", argv: [bin("oxfmt"), "--check"] },
    { name: "lint", argv: [bin("oxlint"), "--type-aware", "--type-check", "--deny-warnings"] },
    {
      // Tidy is one of these tests: tools/tidy.test.ts.
      name: "unit",
      argv: ["--test", "--test-isolation=none", "packages/*/src/**/*.test.ts", "tools/**/*.test.ts"],
    },
  ];
  const passed = await Promise.all(parts.map((part) => report(part, root)));
  return passed.every(Boolean);
}

async function report(part: Part, root: string): Promise<boolean> {
  const startedAt = performance.now();
  const { ok, output } = await run(part, root);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${ok ? "ok    " : "FAILED"} ${part.name.padEnd(6)} ${seconds.padStart(5)} s`);
  if (!ok) console.log(output);
  return ok;
}

function run(part: Part, root: string): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(process.execPath, part.argv, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PART_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    let output = "";
    // The end of the output says what failed, so the beginning is what gives way.
    const collect = (text: string): void => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", (error) => {
      done({ ok: false, output: messageOf(error) });
    });
    child.on("close", (code, signal) => {
      if (signal !== null) collect(`\nended by ${signal}; the limit is ${PART_TIMEOUT_MS / 1000} s\n`);
      done({ ok: code === 0, output });
    });
  });
}

if (import.meta.main) {
  const ok = await check(resolve(import.meta.dirname, ".."));
  process.exitCode = ok ? 0 : 1;
}
