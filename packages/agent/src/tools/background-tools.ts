/** What the model does with commands in the background: look, write, stop. */
import type { Background, Job } from "../processes.ts";
import { BACKGROUND_MAX, describeEnd } from "./background.ts";
import { compileBounded } from "./bounded-regexp.ts";
import { cutMiddle } from "./cut.ts";
import { isKey, keyBytes, keyNames } from "./keys.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";

const OUTPUT_CHARS_MAX = 30_000;
const WAIT_MS_MAX = 60_000;
const ANSWER_MS_MAX = 3000;
const INPUT_CHARS_MAX = 100_000;
const KEYS_MAX = 100;
const PATTERN_CHARS_MAX = 1000;

const idSchema = { type: "string", description: "Such as bash_1" } as const;

/** For `run_in_background` of Bash, and with a terminal for `BashTerminal`. */
export async function startInBackground(
  command: string,
  { hasTerminal }: { readonly hasTerminal: boolean },
  { background }: ToolWorld,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (command.trim() === "") return refusal("The command is empty.");
  if (background === undefined) return refusal("Nothing can run in the background here. Run it with Bash.");
  const started = await background.start(command, { hasTerminal });
  if (started.kind === "refused") return refusal(`The command was not run: ${started.why}`);
  const { id } = started.job;
  const output = await background.look(id, 0, signal);
  const job = background.find(id) ?? started.job;
  const isOver = job.end !== undefined;
  const head = isOver
    ? `${id} ${describeEnd(job)}.`
    : `Started as ${id}. Use BashOutput to look, BashInput to write to it, KillBash to stop it; you are told when it ends. ` +
      "Other commands cannot reach its ports: what talks to a server has to be in the same command that starts it.";
  const isGood = job.end === undefined || job.end.exitCode === 0;
  return { ...shownAs(head, output), ok: isGood };
}

export const bashTerminalTool: Tool<{ readonly command: string }> = {
  name: "BashTerminal",
  effect: "run",
  description:
    "Run a shell command in the background in a terminal of 100 columns and 30 rows, for programs that ask for one: REPLs, debuggers, prompts. Drive it with BashInput.",
  parameters: {
    type: "object",
    properties: { command: { type: "string" } },
    required: ["command"],
    additionalProperties: false,
  },
  run: ({ command }, world, signal) => startInBackground(command, { hasTerminal: true }, world, signal),
};

type OutputArgs = { readonly id: string; readonly filter?: string; readonly wait_ms?: number };

export const bashOutputTool: Tool<OutputArgs> = {
  name: "BashOutput",
  effect: "read",
  isPolling: true,
  description:
    "What a command in the background printed since the last look, and how it is; of a terminal, its screen.",
  parameters: {
    type: "object",
    properties: {
      id: idSchema,
      filter: {
        type: "string",
        description: "Regular expression; only lines that match. The others are gone, too",
      },
      wait_ms: { type: "integer", description: `Wait so long for output or its end; at most ${WAIT_MS_MAX}` },
    },
    required: ["id"],
    additionalProperties: false,
  },
  run: async ({ id, filter, wait_ms: waitMs = 0 }, world, signal) => {
    const found = findJob(id, world);
    if (found.kind === "none") return found.refusal;
    const pattern = filter === undefined || filter === "" ? undefined : compileFilter(filter);
    if (pattern?.kind === "refused") return refusal(`The filter cannot be used: ${pattern.why}`);
    const output = await found.background.look(id, Math.min(waitMs, WAIT_MS_MAX), signal);
    return report(found.background.find(id) ?? found.job, filtered(output, pattern?.value));
  },
};

type InputArgs = { readonly id: string; readonly text?: string; readonly keys?: string };

export const bashInputTool: Tool<InputArgs> = {
  name: "BashInput",
  effect: "run",
  description:
    "Write to a command in the background: first the text as it is, then the keys. Shows what it answers.",
  parameters: {
    type: "object",
    properties: {
      id: idSchema,
      text: { type: "string" },
      keys: { type: "string", description: `Separated by spaces: ${keyNames}` },
    },
    required: ["id"],
    additionalProperties: false,
  },
  run: async ({ id, text = "", keys = "" }, world, signal) => {
    const found = findJob(id, world);
    if (found.kind === "none") return found.refusal;
    const { job } = found;
    if (job.end !== undefined) return refusal(`${id} ${describeEnd(job)}.`);
    const names = keys.split(/[\s,]+/).filter((name) => name !== "");
    const wrong = names.find((name) => !isKey(name));
    if (wrong !== undefined) return refusal(`There is no key "${wrong}". There are: ${keyNames}.`);
    if (text.length > INPUT_CHARS_MAX || names.length > KEYS_MAX) {
      return refusal(`At most ${INPUT_CHARS_MAX} characters and ${KEYS_MAX} keys at a time.`);
    }
    if (text === "" && names.length === 0) return refusal("There is nothing to write: give text or keys.");
    return await writeTo(found, { text, names }, signal);
  },
};

export const killBashTool: Tool<{ readonly id: string }> = {
  name: "KillBash",
  effect: "own",
  description: "Stop a command in the background, with all that it started.",
  parameters: {
    type: "object",
    properties: { id: idSchema },
    required: ["id"],
    additionalProperties: false,
  },
  run: async ({ id }, world, signal) => {
    const found = findJob(id, world);
    if (found.kind === "none") return found.refusal;
    const { background, job } = found;
    if (job.end !== undefined) return { ok: true, text: `${id} ${describeEnd(job)} already.`, sources: [] };
    await background.kill(id);
    return report(background.find(id) ?? job, await background.look(id, 0, signal));
  },
};

interface Input {
  readonly text: string;
  readonly names: readonly string[];
}

async function writeTo(
  { background, job }: Found,
  { text, names }: Input,
  signal: AbortSignal,
): Promise<ToolResult> {
  const { id, hasTerminal } = job;
  // In a pipe there are no keys: a line feed is one, and the end of the input is said otherwise.
  const isEnd = !hasTerminal && names.at(-1) === "ctrl-d";
  const pressed = isEnd ? names.slice(0, -1) : names;
  if (!hasTerminal && pressed.some((name) => name !== "enter")) {
    return refusal(
      `${id} has no terminal: it takes text, enter, and a last ctrl-d. Use BashTerminal for one, KillBash to stop it.`,
    );
  }
  const typed = hasTerminal ? text.replaceAll(/\r?\n/g, "\r") : text;
  const bytes = Buffer.from(typed + pressed.map((name) => (hasTerminal ? keyBytes(name) : "\n")).join(""));
  if (isEnd) {
    if (bytes.length > 0) await background.write(id, bytes, 0, signal);
    background.endInput(id);
  } else await background.write(id, bytes, ANSWER_MS_MAX, signal);
  return report(background.find(id) ?? job, await background.look(id, isEnd ? ANSWER_MS_MAX : 0, signal));
}

interface Found {
  readonly background: Background;
  readonly job: Job;
}

function findJob(
  id: string,
  { background }: ToolWorld,
): ({ readonly kind: "found" } & Found) | { readonly kind: "none"; readonly refusal: ToolResult } {
  const job = background?.find(id);
  if (background !== undefined && job !== undefined) return { kind: "found", background, job };
  const ids = background?.ids() ?? [];
  const there =
    ids.length === 0 ? "None was started." : `There are: ${ids.slice(-BACKGROUND_MAX).join(", ")}.`;
  return { kind: "none", refusal: refusal(`No command in the background has that id. ${there}`) };
}

function report(job: Job, output: string): ToolResult {
  return shownAs(`[${job.id} ${describeEnd(job)}]`, output === "" ? "(nothing new)" : output);
}

function shownAs(head: string, output: string): ToolResult {
  const text = output.trim() === "" ? head : `${head}\n${cutMiddle(output.trimEnd(), OUTPUT_CHARS_MAX)}`;
  return { ok: true, text, sources: [], source: "command" };
}

function compileFilter(source: string): ReturnType<typeof compileBounded> {
  if (source.length > PATTERN_CHARS_MAX) return { kind: "refused", why: "it is too long" };
  return compileBounded(source, { spansLines: false });
}

function filtered(output: string, pattern: RegExp | undefined): string {
  if (pattern === undefined) return output;
  const lines = output.split("\n").filter((line) => line.search(pattern) >= 0);
  return lines.join("\n");
}
