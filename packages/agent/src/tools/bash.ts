import { stripVTControlCharacters } from "node:util";
import { startInBackground } from "./background-tools.ts";
import { cutMiddle } from "./cut.ts";
import { refusal } from "./tool.ts";
import type { CommandOutcome, Tool, ToolResult, ToolWorld } from "./tool.ts";

const TIMEOUT_MS_DEFAULT = 120_000;
const TIMEOUT_MS_MAX = 600_000;
const OUTPUT_CHARS_MAX = 30_000;

export type BashArgs = {
  readonly command: string;
  readonly timeout?: number;
  readonly description?: string;
  readonly run_in_background?: boolean;
};

export const bashTool: Tool<BashArgs> = {
  name: "Bash",
  effect: "run",
  description: "Run a shell command in the workspace: a fresh shell each time, no network, no input.",
  parameters: {
    type: "object",
    properties: {
      command: { type: "string" },
      timeout: { type: "integer", description: "ms, default 120000, max 600000" },
      description: { type: "string" },
      run_in_background: { type: "boolean" },
    },
    required: ["command"],
    additionalProperties: false,
  },
  run: runCommand,
};

async function runCommand(args: BashArgs, world: ToolWorld, signal: AbortSignal): Promise<ToolResult> {
  if (args.command.trim() === "") return refusal("The command is empty.");
  if (args.run_in_background === true) {
    return await startInBackground(args.command, { hasTerminal: false }, world, signal);
  }
  const wanted = args.timeout === undefined || args.timeout === 0 ? TIMEOUT_MS_DEFAULT : args.timeout;
  const timeoutMs = Math.min(wanted, TIMEOUT_MS_MAX);
  const outcome = await world.run(
    { shell: args.command },
    { timeoutMs, signal, ...(world.progress === undefined ? {} : { onOutput: world.progress }) },
  );
  if (outcome.refused !== undefined) return refusal(`The command was not run: ${outcome.refused}`);
  const output = cutMiddle(stripVTControlCharacters(outcome.output).toWellFormed(), OUTPUT_CHARS_MAX);
  const notes = [
    ...(outcome.cutBytes > 0 ? [`[${outcome.cutBytes} bytes of output left out]`] : []),
    ...describeEnd(outcome, timeoutMs),
  ];
  const parts = output === "" ? notes : [output.endsWith("\n") ? output.slice(0, -1) : output, ...notes];
  const ok = outcome.exitCode === 0 && !outcome.timedOut;
  return { ok, text: parts.length === 0 ? "(no output)" : parts.join("\n"), sources: [] };
}

function describeEnd(outcome: CommandOutcome, timeoutMs: number): string[] {
  if (outcome.timedOut) {
    const next = timeoutMs < TIMEOUT_MS_MAX ? `a larger timeout (up to ${TIMEOUT_MS_MAX}) or ` : "";
    return [`stopped: still running after ${timeoutMs} ms; use ${next}a smaller command`];
  }
  if (outcome.signal !== undefined) return [`killed by ${outcome.signal}`];
  if (outcome.exitCode === undefined) return ["ended without an exit code"];
  return outcome.exitCode === 0 ? [] : [`exit code ${outcome.exitCode}`];
}
