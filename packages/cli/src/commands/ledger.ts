/** `cloister ledger verify | show | exposure`: what was recorded, and whether it still is what was recorded. */
import { existsSync, readFileSync } from "node:fs";
import { CloisterError } from "@cloister/base";
import { exposureReport, openSide, readEntries, verifyLedger } from "@cloister/ledger";
import type { Arguments } from "../arguments.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { formatEntry } from "../print/entry.ts";
import { formatExposure } from "../print/exposure.ts";
import { createPaint } from "../print/style.ts";
import { ledgerDirectory } from "./run.ts";

/** Exit code 0 only for a ledger that is whole; 65 when it was altered. */
export async function verify(
  args: Extract<Arguments, { command: "ledger-verify" }>,
  environment: Environment,
): Promise<number> {
  const directory = existing(args.ledger ?? ledgerDirectory(environment));
  const key = args.key === undefined ? {} : { verifierKey: readKey(args.key) };
  const result = await verifyLedger({ directory, ...key });
  const paint = createPaint(environment.colour);
  if (result.kind === "broken") {
    const where = result.entry === undefined ? "" : ` at entry ${result.entry}`;
    environment.stdout.write(
      `${paint("red", `ALTERED${where}`)}: ${result.cause}\n  ${result.segment}, line ${result.line}, in ${directory}\n`,
    );
    return exit.broken;
  }
  const notes = [
    ...(result.unsealed > 0 ? [`${result.unsealed} newest entries await their checkpoint`] : []),
    ...(result.torn ? ["the last line was cut short by a crash; it was never acknowledged"] : []),
  ];
  environment.stdout.write(
    `${paint("green", "INTACT")}: ${result.entries} entries, ${result.checkpoints} signed checkpoints\n` +
      `  log   ${result.origin}\n  root  ${result.root}\n` +
      (result.entries > 0 ? `  from  ${result.from} to ${result.to}\n` : "") +
      notes.map((note) => `  note  ${note}\n`).join("") +
      (args.key === undefined
        ? "  key   the log's own log/key.pub; give --key with a copy kept elsewhere to prove more\n"
        : ""),
  );
  return exit.ok;
}

export async function show(
  args: Extract<Arguments, { command: "ledger-show" }>,
  environment: Environment,
): Promise<number> {
  const directory = existing(args.ledger ?? ledgerDirectory(environment));
  const side = openSide(directory);
  const paint = createPaint(environment.colour);
  try {
    for await (const entry of readEntries(directory)) {
      environment.stdout.write(
        args.json
          ? `${JSON.stringify({ index: entry.index, ...entry.body })}\n`
          : formatEntry(entry, side, paint),
      );
    }
  } finally {
    side.close();
  }
  return exit.ok;
}

export async function exposure(
  args: Extract<Arguments, { command: "ledger-exposure" }>,
  environment: Environment,
): Promise<number> {
  const directory = existing(args.ledger ?? ledgerDirectory(environment));
  const report = await exposureReport({
    directory,
    ...(args.session === undefined ? {} : { session: args.session }),
  });
  const text = args.json
    ? `${JSON.stringify(report, null, 2)}\n`
    : formatExposure(report, createPaint(environment.colour));
  environment.stdout.write(text);
  return exit.ok;
}

function existing(directory: string): string {
  if (existsSync(directory)) return directory;
  throw new CloisterError(`there is no ledger in ${directory}`, {
    code: "no-ledger",
    next: "name its directory with --ledger, or run a task first",
  });
}

/** The key itself, or a file that holds it. */
function readKey(text: string): string {
  return existsSync(text) ? readFileSync(text, "utf8").trim() : text;
}
