/** `cloister cell -- COMMAND…`: any command of yours in the cell that the agent's commands get. */
import { accessSync, constants, rmSync } from "node:fs";
import { join } from "node:path";
import { streamOf } from "@cloister/airlock";
import { CloisterError, formatError } from "@cloister/base";
import {
  missingGuarded,
  openCells,
  openOverlay,
  type CellView,
  type Finding,
  type Launch,
  type Tier,
} from "@cloister/cell";
import { openLedger } from "@cloister/ledger";
import type { CellRunArguments, Review } from "../cell-arguments.ts";
import { attach, type Attached } from "../cell-attach.ts";
import { mayUseProxy, openCellDial } from "../cell-dial.ts";
import { openDoor } from "../cell-door.ts";
import { openObservation } from "../cell-observation.ts";
import { openRecord } from "../cell-record.ts";
import { review } from "../cell-review.ts";
import { formatFinding, holdFindings, recordFinding } from "../cell-findings.ts";
import { hidingCut, openHiddenFiles } from "../cell-hidden.ts";
import { holdMountPoints, sweepScratches } from "../cell-scratch.ts";
import { applyWishes, joinWishes } from "../cell-wishes.ts";
import { checkWorkspace, commandCell, makeScratch, userFor, type CommandCell } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { createPaint } from "../print/style.ts";
import { openBinding } from "../policy/binding.ts";
import { readSettings } from "../settings.ts";
import { ledgerDirectory } from "./run.ts";

/** The command's own exit code; 128 + N when signal N ended it, 124 when its time ran out. */
export async function cell(args: CellRunArguments, environment: Environment): Promise<number> {
  const binding = await openBinding(environment);
  const settings = readSettings(environment.home);
  const tier = binding.tier(args.tier ?? settings.cell?.tier);
  const workspace = checkWorkspace(args.workspace ?? environment.directory, environment.home);
  const wishes = binding.wishes(joinWishes(settings.cell?.wishes ?? {}, args.wishes), workspace);
  const user = userFor(workspace, environment);
  const commands = commandCell(workspace, environment);
  const wished = applyWishes(commands.view, wishes);
  const hidden = openHiddenFiles(wished, wishes);
  const view = { ...wished, hidden: hidden.paths };
  const cut = hidden.cut();
  if (cut !== undefined) environment.stderr.write(`cloister: ${formatError(hidingCut(cut))}\n`);
  if (tier === "none") environment.stderr.write(warning(environment));
  else findProgram(args.argv, commands);

  const scratch = makeScratch(environment.temporary);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(scratch, { recursive: true, force: true }));
  const asked = args.review ?? settings.cell?.review;
  const isReviewed = binding.flag("cell.review", asked === undefined ? undefined : true) ?? false;
  // A single command's changes are decided about at once.
  const how = isReviewed ? (asked === undefined || asked === "keep" ? "ask" : asked) : undefined;
  if (how !== undefined) checkReview(how, tier, environment);
  sweepScratches(scratch);
  const missing = (): string[] => (tier === "none" || how !== undefined ? [] : missingGuarded(workspace));
  stack.defer(await holdMountPoints({ scratch, workspace, missing }));
  const observation =
    args.observe === undefined ? undefined : openObservation(args.observe, tier, environment);
  const findings: Finding[] = [];
  const held = holdFindings();
  const [cells, ledger] = await Promise.all([
    openCells({
      tier,
      scratch,
      architecture: environment.architecture,
      user,
      streamOf,
      onFinding: (finding) => {
        findings.push(finding);
        held.tell(finding);
      },
    }),
    openLedger({ directory: args.ledger ?? ledgerDirectory(environment), clock: environment.clock }),
  ]);
  stack.defer(() => ledger.close());
  stack.defer(() => held.settled());
  stack.defer(() => cells.close());

  const onTrouble = (trouble: unknown): void =>
    void environment.stderr.write(`cloister: ${formatError(trouble)}\n`);
  const overlay = how === undefined ? undefined : await openOverlay({ workspace, scratch, user });
  if (overlay !== undefined) stack.defer(() => overlay.discard());
  const record = await openRecord({
    argv: args.argv,
    workspace,
    tier,
    label: binding.label(settings.label),
    version: environment.version,
    ledger,
    clock: environment.clock,
    onTrouble,
  });
  stack.defer(() => record.close());
  held.open((finding) =>
    recordFinding(ledger, { id: record.session.id, workspace }, finding).catch(onTrouble),
  );
  const doors = { allow: wishes.allow ?? [], publish: args.publish };
  const dial = openCellDial(settings.network, mayUseProxy(binding));
  const door = await openDoor({ ...doors, tier, record, user, environment, dial });
  stack.defer(() => door?.close());
  const launch: Launch = {
    argv: args.argv,
    directory: workspace,
    environment: { ...commands.environment, ...terminalOf(environment), ...door?.environment },
    // The tracer comes first: it sees all that the others start.
    through: [...(observation?.through ?? []), ...(overlay?.through ?? [])],
    reportPipe: observation !== undefined,
  };
  const seen: CellView = {
    ...view,
    ...(overlay === undefined ? {} : { workspaceFrom: overlay.workspaceFrom }),
    ...(door === undefined ? {} : { networkNamespace: door.namespace }),
  };
  const onReport = observation === undefined ? {} : { onReport: observation.follow };
  const attaching = { cells, view: seen, launch, timeoutMs: args.timeoutMs, ...onReport };
  const attached = await attach(attaching, environment);
  await record.end(attached);
  environment.stderr.write(formatFindings(findings, environment));
  const code = codeOf(attached, args, environment);
  if (overlay === undefined || how === undefined) return code;

  const options = { overlay, workspace, user, how, guarded: args.promoteGuarded, seal: record.seal };
  const isWhole = await review({ ...options, onDecision: record.review }, environment);
  return code === 0 && !isWhole ? exit.failed : code;
}

/** @throws CloisterError `usage`, before anything runs */
function checkReview(how: Review, tier: Tier, { stdin, stderr }: Environment): void {
  if (tier === "none") {
    throw new CloisterError("without a cell nothing stands between the command and the workspace", {
      code: "usage",
      next: "do without --review, or without --tier none",
    });
  }
  if (how === "ask" && !(stdin.isTTY && stderr.isTTY)) {
    throw new CloisterError("--review asks, and there is no terminal to ask on", {
      code: "usage",
      next: "say what is to become of the changes: --review=promote, --review=discard or --review=show",
    });
  }
}

function codeOf(attached: Attached, args: CellRunArguments, environment: Environment): number {
  if (!attached.timedOut) return attached.exitCode;
  environment.stderr.write(
    `cloister: ended after ${(args.timeoutMs ?? 0) / 1000} s, as --timeout asks [cell-timeout]\n`,
  );
  return exit.timedOut;
}

/** bubblewrap would end with 1 and a line of its own; shells say 127 for a command that is not there. */
function findProgram(argv: readonly string[], { path }: CommandCell): void {
  const name = argv[0] ?? "";
  if (name.includes("/")) return;
  const isThere = path.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
  if (isThere) return;
  throw new CloisterError(`${name} is not a program that the cell shows`, {
    code: "command-not-found",
    next: "the cell has the programs of /usr and of your PATH; show another folder with --read DIR and name the program by its path",
  });
}

/** Programs that draw need to know what they draw on; without a terminal they are told that there is none. */
function terminalOf({ stdout, terminal }: Environment): Readonly<Record<string, string>> {
  return stdout.isTTY && terminal !== undefined ? { TERM: terminal } : {};
}

/** What a command left that would run, or lead somewhere, when a person comes by. */
function formatFindings(findings: readonly Finding[], { stderr, colour }: Environment): string {
  const paint = createPaint(colour && stderr.isTTY);
  const shown = findings.slice(0, FINDINGS_SHOWN_MAX);
  const lines = shown.map((finding) => `cloister: ${paint("yellow", formatFinding(finding))}\n`);
  const more = findings.length - lines.length;
  return lines.join("") + (more > 0 ? `cloister: and ${more} more findings\n` : "");
}

const FINDINGS_SHOWN_MAX = 20;

function warning({ stderr, colour }: Environment): string {
  const paint = createPaint(colour && stderr.isTTY);
  return `cloister: ${paint(["bold", "red"], "cell NONE")}: the command runs unconfined, with your rights and network\n`;
}
