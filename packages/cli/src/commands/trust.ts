/** `cloister trust`: shows what this project would run or redirect, and takes a person's word for exactly that. */
import { createInterface } from "node:readline/promises";
import { countItems, trustDigest } from "@cloister/agent/extensions";
import { checkWorkspace } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import type { TrustArguments } from "../extension/extension-arguments.ts";
import { openExtensions, type OpenedExtensions } from "../extension/open.ts";
import { formatChange, formatItem, formatLoss } from "../extension/show-trust.ts";
import { openTrustFile } from "../extension/trust-file.ts";
import { createPaint } from "../print/style.ts";
import { wordsFor } from "../words/words.ts";

export async function trust(
  args: Extract<TrustArguments, { command: "trust" }>,
  environment: Environment,
): Promise<number> {
  const workspace = checkWorkspace(environment.directory, environment.home);
  const words = wordsFor(environment.lang).trust;
  const say = (text: string): void => void environment.stdout.write(`${text}\n`);
  const file = openTrustFile(environment.home, environment.user);
  if (args.do === "forget") {
    say(file.forget(workspace) ? words.forgotten : words.nothing);
    return exit.ok;
  }
  const opened = await openExtensions(environment, workspace);
  show(opened, environment, workspace);
  const isSettled = opened.trust.kind === "nothing" || opened.trust.kind === "trusted";
  if (args.do === "show" || isSettled) return exit.ok;
  if (args.do === "ask" && !(await isAllowed(opened, environment))) {
    say(words.notAllowed);
    return exit.failed;
  }
  // What was shown is what is kept: nothing is read again between the two.
  file.write({ workspace, digest: trustDigest(opened.items), items: opened.items });
  say(words.allowed(countItems(opened.items)));
  return exit.ok;
}

function show(
  { trust: state, items, losses }: OpenedExtensions,
  environment: Environment,
  workspace: string,
): void {
  const words = wordsFor(environment.lang).trust;
  const paint = createPaint(environment.colour);
  const { stdout } = environment;
  switch (state.kind) {
    case "nothing":
      stdout.write(`${words.nothing}\n`);
      break;
    case "changed":
      stdout.write(`${words.hasChanged}\n\n`);
      for (const change of state.changes) {
        stdout.write(`${formatChange(change, { workspace, paint, words })}\n`);
      }
      break;
    case "trusted":
    case "new":
      stdout.write(`${state.kind === "trusted" ? words.trusted : words.wouldRun}\n\n`);
      for (const item of items) stdout.write(`${formatItem(item, workspace, paint)}\n`);
  }
  if (losses.length === 0) return;
  stdout.write(`${words.losses}\n`);
  for (const loss of losses) stdout.write(formatLoss(loss));
}

/** Without somebody at a terminal nobody can say yes: `--yes` is the way for scripts. */
async function isAllowed({ items }: OpenedExtensions, environment: Environment): Promise<boolean> {
  if (!environment.stdin.isTTY) return false;
  const words = wordsFor(environment.lang).trust;
  const lines = createInterface({ input: environment.stdin, output: environment.stderr });
  try {
    const answer = await lines.question(words.question(countItems(items)));
    return /^\s*(?:y|yes|是)\s*$/iu.test(answer);
  } finally {
    lines.close();
  }
}
