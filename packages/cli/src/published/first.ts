#!/usr/bin/env node
/** `cloister.js`, the first file that is published: small, so that a Node that is too old can still read it and say so. */
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { CompiledCode, SessionKind } from "../environment.ts";
import type { start } from "../main.ts";
import { compileAhead, keepCode, programId, readKept, runProgram } from "./compiled.ts";

if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(`cloister needs Node 24 or newer; this is ${process.versions.node}.`);
  console.error("next: install a newer Node.");
  process.exit(69);
}

/** How many times more work than the one before a session must have done for its code to be kept instead. */
const RENEWED_BY = 4;

// In the user's own folder: Node's default is one in the shared temporary folder, where somebody else could lay code
// for us to run. Libraries that stand apart are kept by Node itself.
const cache = join(homedir(), ".cloister", "cache");
const programs = dirname(import.meta.filename);
const owner = process.geteuid?.();

enableCompileCache(cache);
runKeeper(join(programs, "keeper.js"), join(programs, "agent.js"));

function runKeeper(keeper: string, agent: string): void {
  const fileFor = (kind: SessionKind | "agent", id: string): string => join(cache, `${kind}-${id}.code`);
  const args = process.argv.slice(2);
  const kind = args.includes("-p") || args.includes("--print") ? "task" : "screen";
  let id = "";
  let keptTurns = 0;
  const program = runProgram(keeper, (own) => {
    id = own;
    const kept = readKept(fileFor(kind, id), owner);
    if (kept !== undefined) keptTurns = kept.turns;
    return (kept ?? readKept(fileFor(kind === "task" ? "screen" : "task", id), owner))?.code;
  });
  const compiled: CompiledCode = {
    agent: () => fileFor("agent", programId(agent)),
    keep: (turns) => {
      if (turns < RENEWED_BY * keptTurns) return;
      keepCode(fileFor(kind, id), { code: program.compiledCode(), turns });
      // The agent's program has no home to keep anything in, and its word is not trusted: it is compiled here, unrun.
      const forAgent = fileFor("agent", programId(agent));
      if (readKept(forAgent, owner) === undefined) keepCode(forAgent, { code: compileAhead(agent), turns });
    },
  };
  const { start: startKeeper } = program.exports as { readonly start: typeof start };
  void startKeeper(compiled);
}
