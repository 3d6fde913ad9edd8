// The escape suite from the command line.
//   node e2e/escape/run.ts [--as-user] [--control] [--only NAME]… [--launcher COMMAND…]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CloisterError, formatError } from "@cloister/base";
import { hiddenPaths, openCells, type Cells } from "@cloister/cell";
import { createCellLauncher, createCommandLauncher, type Launcher } from "./launchers.ts";
import { probes } from "./probes.ts";
import { runProbes, type Verdict } from "./suite.ts";
import { openWitnesses } from "./witnesses.ts";

export interface EscapeReport {
  readonly launcher: string;
  readonly user: string;
  readonly verdicts: readonly Verdict[];
}

export type Around =
  | { readonly kind: "cell" }
  /** Somebody else's sandbox: a command that the probe's is appended to. */
  | { readonly kind: "launcher"; readonly words: readonly string[] }
  /** Nothing: it shows which probes would see an escape. Never as root. */
  | { readonly kind: "control" };

const AT_ONCE = 6;
const productFile = join(import.meta.dirname, "../../packages/cli/src/main.ts");

export async function runEscapes(around: Around, only: readonly string[] = []): Promise<EscapeReport> {
  const user = userInfo();
  if (around.kind === "control" && user.uid === 0) {
    throw new CloisterError("nothing is run without a cell as root", {
      code: "usage",
      next: "give --as-user too, or be an ordinary user",
    });
  }
  const parent = realpathSync(mkdtempSync(join(tmpdir(), "cloister-escape-")));
  const witnesses = await openWitnesses(`banner-${randomBytes(12).toString("hex")}`);
  let cells: Cells | undefined;
  try {
    if (around.kind === "cell") {
      const scratch = join(parent, "cells");
      cells = await openCells({ tier: "bubblewrap", scratch, architecture: process.arch, user });
    }
    const launcher = launcherOf(around, cells);
    const chosen =
      only.length === 0 ? probes : probes.filter(({ name }) => only.some((part) => name.includes(part)));
    const options = { parent, witnesses, launcher, architecture: process.arch, atOnce: AT_ONCE };
    return { launcher: launcher.name, user: user.username, verdicts: await runProbes(chosen, options) };
  } finally {
    cells?.close();
    witnesses.close();
    rmSync(parent, { recursive: true, force: true });
  }
}

function launcherOf(around: Around, cells: Cells | undefined): Launcher {
  if (around.kind === "launcher") return createCommandLauncher(around.words);
  if (cells === undefined) return createCommandLauncher([]);
  const product = createCommandLauncher(["{node}", productFile, "cell", "--"]);
  return createCellLauncher(
    cells,
    (workspace) => hiddenPaths(workspace).paths.map(({ path }) => path),
    product,
  );
}

/** The whole suite again, in a process of an ordinary user. */
export async function runAsUser(
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  const temporary = mkdtempSync("/tmp/cloister-escape-user-");
  chownSync(temporary, NOBODY, NOBODY);
  const home = join(temporary, "home");
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  try {
    const child = spawn(process.execPath, [import.meta.filename, ...args], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (ended) => resolve(ended ?? 1));
    });
    return { code, stdout };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const NOBODY = 65_534;

export function formatReport({ launcher, user, verdicts }: EscapeReport): string {
  const rows = verdicts.map(({ probe, kind, evidence }) => {
    const verdict = kind === "escaped" && probe.known !== undefined ? "known" : kind;
    return `${verdict.padEnd(8)} ${probe.group.padEnd(14)} ${probe.name.padEnd(28)} ${probe.attempt}${evidence === "" ? "" : ` [${evidence.replaceAll("\n", " ")}]`}`;
  });
  const count = (kind: string): number => rows.filter((row) => row.startsWith(kind)).length;
  return [
    `around: ${launcher}`,
    `user:   ${user}`,
    "",
    ...rows,
    "",
    `${rows.length} probes: ${count("held")} held, ${count("escaped")} escaped, ${count("known")} known, ${count("not-run")} not run`,
    "",
  ].join("\n");
}

/** Escapes that nobody has signed for. */
export function escapes({ verdicts }: EscapeReport): readonly Verdict[] {
  return verdicts.filter(({ kind, probe }) => kind === "escaped" && probe.known === undefined);
}

async function main(): Promise<number> {
  const given = process.argv.slice(2);
  const at = given.indexOf("--launcher");
  const words = at < 0 ? undefined : given.slice(at + 1);
  const { values } = parseArgs({
    args: at < 0 ? given : given.slice(0, at),
    options: {
      "as-user": { type: "boolean", default: false },
      control: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  if (values["as-user"] && process.getuid?.() === 0) {
    const { code, stdout } = await runAsUser(given.filter((word) => word !== "--as-user"));
    process.stdout.write(stdout);
    return code;
  }
  const around: Around =
    words !== undefined ? { kind: "launcher", words } : { kind: values.control ? "control" : "cell" };
  const report = await runEscapes(around, values.only);
  process.stdout.write(formatReport(report));
  if (around.kind === "control") return 0;
  return escapes(report).length === 0 && report.verdicts.every(({ kind }) => kind !== "not-run") ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof CloisterError)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = 2;
  }
}
