#!/usr/bin/env node
/** `cloister.js`, the first file that is published: small, so that a Node that is too old can still read it and say so. */
import { existsSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { start } from "../main.ts";
import { compileAhead, programId, runProgram } from "./compiled.ts";
import { keepCode } from "./kept-code.ts";
import { freeYoungSpace, holdYoungSpace } from "./young-space.ts";

if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(`cloister needs Node 24 or newer; this is ${process.versions.node}.`);
  console.error("next: install a newer Node.");
  process.exit(69);
}

// In the user's own folder: Node's default is one in the shared temporary folder, where somebody else could lay code
// for us to run. Libraries that stand apart are kept by Node itself. A home may be somebody else's too, as with
// `sudo -E`; then nothing is kept: what we run, write or clear away there could be anybody's.
const cache = join(homedir(), ".cloister", "cache");
const programs = dirname(import.meta.filename);
const agent = join(programs, "agent.js");
const kind = kindOf(process.argv.slice(2));

const isOwn = statSync(homedir(), { throwIfNoEntry: false })?.uid === process.geteuid?.();
if (isOwn) enableCompileCache(cache);
// Before all others who wait for the end: they keep code.
if (kind === "screen") process.once("exit", freeYoungSpace);
const keeper = runProgram(
  join(programs, "keeper.js"),
  (id) => (isOwn ? toFile(kind, id) : undefined),
  process.geteuid?.(),
) as {
  readonly start: typeof start;
};
if (kind === "screen") holdYoungSpace();
// Its program is read and digested for the name: only where an agent is started.
void keeper.start(() => {
  const kept = keptAgent();
  return isOwn && existsSync(kept) ? kept : undefined;
});
process.once("exit", () => {
  // The agent's program has no home to keep anything in, and its word is not trusted: it is compiled here, unrun.
  if (isOwn && kind !== "other" && !existsSync(keptAgent())) keepCode(keptAgent(), compileAhead(agent));
});

function keptAgent(): string {
  return toFile("agent", programId(agent));
}

/** Runs of one kind need the same code; what others need would only cost them its reading. */
function kindOf(args: readonly string[]): "screen" | "task" | "other" {
  if (args.some((each) => /^(?:-p|--print)/.test(each))) return "task";
  const [first = "-"] = args;
  return first.startsWith("-") && !["--version", "-v", "--help", "-h"].includes(first) ? "screen" : "other";
}

function toFile(of: string, id: string): string {
  return join(cache, "code", `${of}-${id}`);
}
