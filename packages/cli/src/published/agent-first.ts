/** `agent-first.js`: starts the agent's program in its cell, with the compiled code that the keeper shows it there. */
import { dirname, join } from "node:path";
import { runCompiled } from "./compiled.ts";

runCompiled(join(dirname(import.meta.filename), "agent.js"), process.argv[3]);
