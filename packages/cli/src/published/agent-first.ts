/** `agent-first.js`: starts the agent's program in its cell, with the compiled code that the keeper shows it there. */
import { dirname, join } from "node:path";
import { readKept, runProgram } from "./compiled.ts";

const [, , , kept] = process.argv;
runProgram(join(dirname(import.meta.filename), "agent.js"), () =>
  kept === undefined ? undefined : readKept(kept)?.code,
);
