/** `cloister cell review`: what sessions wrote into their overlays and nobody has decided about yet. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "@cloister/airlock";
import { CloisterError, formatError } from "@cloister/base";
import { openOverlay } from "@cloister/cell";
import { openLedger } from "@cloister/ledger";
import type { CellReviewArguments } from "../cell-arguments.ts";
import { recordReview } from "../cell-record.ts";
import { review } from "../cell-review.ts";
import { findReview, listReviews, reviewsFolder } from "../cell-reviews.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openBinding } from "../policy/binding.ts";
import { visible } from "../print/style.ts";
import { readSettings } from "../settings.ts";
import { ledgerDirectory } from "./run.ts";

export async function cellReview(args: CellReviewArguments, environment: Environment): Promise<number> {
  if (args.do === "list") return list(environment);
  const { home, user, clock, stderr } = environment;
  const kept = findReview(home, args.id);
  const { session, workspace, openedMs } = kept;
  if (args.do === "discard") {
    // Without a mount: it must be possible when the project is long gone.
    const folder = join(reviewsFolder(home), session);
    const overlay = existsSync(workspace)
      ? await openOverlay({ workspace, scratch: folder, user, openedMs })
      : undefined;
    overlay?.discard();
    rmSync(folder, { recursive: true, force: true });
    stderr.write(`cloister: what ${session} wrote is thrown away\n`);
    return exit.ok;
  }
  if (!existsSync(workspace)) {
    throw new CloisterError(`the project ${workspace} is not there any more`, {
      code: "bad-workspace",
      next: `put it back, or cloister cell review discard ${session}`,
    });
  }
  const binding = await openBinding(environment);
  const settings = readSettings(home);
  const scratch = join(reviewsFolder(home), session);
  const overlay = await openOverlay({ workspace, scratch, user, openedMs });
  const ledger = await openLedger({ directory: args.ledger ?? ledgerDirectory(environment), clock });
  try {
    const onTrouble = (trouble: unknown): void => void stderr.write(`cloister: ${formatError(trouble)}\n`);
    // Only to seal what is shown as the session itself would have.
    const { seals } = openSession({
      client: { name: "cloister-cell", version: environment.version, evidence: "started" },
      workspaceLabel: binding.label(settings.label),
      ...{ workspace, ledger, clock, onTrouble },
    });
    const isWhole = await review(
      {
        ...{ overlay, workspace, user, how: args.do, guarded: args.promoteGuarded, keepsRest: true },
        seal: (text) => seals.seal(text).text,
        onDecision: (decision) =>
          args.do === "show" ? Promise.resolve() : recordReview(ledger, { session }, decision),
      },
      environment,
    );
    if (args.do === "show") return exit.ok;
    // What was promoted is the same above and below now, and no change any more.
    const left = (await overlay.writeSet()).changes;
    if (left.length === 0) {
      overlay.discard();
      rmSync(scratch, { recursive: true, force: true });
      return exit.ok;
    }
    stderr.write(
      `cloister: the rest is still aside: cloister cell review show ${session}` +
        `${left.some(({ caution }) => caution !== undefined) ? " (--promote-guarded takes over what would run by itself)" : ""}\n`,
    );
    return isWhole ? exit.ok : exit.failed;
  } finally {
    await ledger.close();
  }
}

function list({ home, stdout, stderr }: Environment): number {
  const kept = listReviews(home);
  if (kept.length === 0) stderr.write("cloister: nothing is left aside\n");
  for (const { session, workspace, startedMs } of kept) {
    stdout.write(
      `${session}  ${new Date(startedMs).toISOString()}  ${visible(workspace).replaceAll("\n", "⏎")}\n`,
    );
  }
  return exit.ok;
}
