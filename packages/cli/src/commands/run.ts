/** `cloister -p`: one task, headless. */
import { join } from "node:path";
import { CloisterError, formatError } from "@cloister/base";
import type { RunArguments } from "../arguments.ts";
import { chooseEndpoint, type ChosenEndpoint } from "../endpoint.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { createPrinter } from "../print/formats.ts";
import { runSession } from "../session.ts";
import { readSettings } from "../settings.ts";

export async function run(args: RunArguments, environment: Environment): Promise<number> {
  const settings = readSettings(environment.home);
  const prompt = joinInput(args.prompt, await readInput(environment.stdin));
  if (prompt.trim() === "") {
    throw new CloisterError("there is no task", { code: "usage", next: 'cloister -p "what to do"' });
  }
  const interrupt = new AbortController();
  const ignore = environment.onInterrupt(() =>
    interrupt.abort(new CloisterError("interrupted", { code: "cancelled" })),
  );
  try {
    const wishes = {
      endpoint: args.endpoint ?? settings.endpoint,
      model: args.model ?? settings.model,
      clearance: args.clearance,
      // It was given to the endpoint beside it, and to no other.
      network: settings.network,
      usualClearance:
        args.endpoint === undefined && settings.endpoint !== undefined ? settings.clearance : undefined,
    };
    const chosen = await chooseEndpoint(wishes, environment, interrupt.signal);
    const label = args.label ?? settings.label ?? "internal";
    environment.stderr.write(describe(args, chosen, label));
    const printer = createPrinter(args.format, environment, chosen, args.tier);
    const outcome = await runSession(
      {
        workspace: environment.directory,
        prompt,
        chosen,
        tier: args.tier,
        label,
        ledger: args.ledger ?? ledgerDirectory(environment),
        turnsMax: args.turnsMax,
        onEvent: printer.event,
        onTrouble: (trouble) => environment.stderr.write(`cloister: ${formatError(trouble)}\n`),
      },
      environment,
      interrupt.signal,
    );
    printer.end(outcome);
    if (outcome.ending.outcome === "done") return exit.ok;
    return outcome.ending.outcome === "cancelled" ? exit.cancelled : exit.failed;
  } finally {
    ignore();
  }
}

export function ledgerDirectory(environment: Environment): string {
  return join(environment.home, ".cloister", "ledger");
}

/** One line before anything is sent: who will see what, and how the agent is held. */
function describe(args: RunArguments, chosen: ChosenEndpoint, label: string): string {
  const window = chosen.contextTokens === undefined ? "window unknown" : `${chosen.contextTokens} tokens`;
  const found = chosen.found ? ` (found: ${chosen.server})` : "";
  const cell = args.tier === "none" ? "NONE: the agent and its commands run unconfined" : "bubblewrap";
  return (
    `cloister: ${chosen.model} at ${chosen.endpoint.url}${found}, ${window}, cleared for ${chosen.endpoint.clearance}; ` +
    `workspace ${label}; cell ${cell}\n`
  );
}

const INPUT_BYTES_MAX = 10 * 1024 * 1024;

/** What was piped in, as extra input. A terminal is not waited for. */
async function readInput(stdin: NodeJS.ReadStream): Promise<string> {
  if (stdin.isTTY) return "";
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES_MAX) {
      throw new CloisterError("the input is longer than 10 MB", {
        code: "input-too-long",
        next: "put it into a file and name the file",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function joinInput(prompt: string, input: string): string {
  return input.trim() === "" ? prompt : `${prompt}\n\n${input}`;
}
