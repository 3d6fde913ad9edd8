/** `cloister rehearse SCRIPT`: a model server that plays a script, for tours, tests and demonstrations. */
import { readFileSync } from "node:fs";
import { parseRehearsalScript, startRehearsal } from "@cloister/backend/rehearsal";
import { CloisterError, parseJson } from "@cloister/base";
import type { Arguments } from "../arguments.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";

export async function rehearse(
  args: Extract<Arguments, { command: "rehearse" }>,
  environment: Environment,
): Promise<number> {
  const script = parseRehearsalScript(parseJson(readScript(args.script), args.script), args.script);
  const rehearsal = await startRehearsal(script, { port: args.port });
  environment.stdout.write(`${rehearsal.url}\n`);
  await new Promise<void>((resolve) => {
    const stop = environment.onInterrupt(() => {
      stop();
      resolve();
    });
  });
  await rehearsal.close();
  for (const failure of rehearsal.failures) environment.stderr.write(`rehearsal: ${failure}\n`);
  return rehearsal.failures.length === 0 ? exit.ok : exit.failed;
}

function readScript(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CloisterError(`${path} cannot be read`, {
      code: "usage",
      next: "give the path of a rehearsal script",
      cause,
    });
  }
}
