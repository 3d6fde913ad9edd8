/** `cloister sessions`: what was saved, to be looked at, named, taken out, put back and removed. */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { CloisterError, messageOf } from "@cloister/base";
import { checkWorkspace } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { formatChanges } from "../print/changes.ts";
import { createPaint, visible, type Paint } from "../print/style.ts";
import { exportSession } from "../sessions/export-session.ts";
import { findSession, listSessions, readWholeSession, type FoundSession } from "../sessions/find-session.ts";
import { writeHead } from "../sessions/head.ts";
import { lockSession } from "../sessions/lock.ts";
import { openSessionLog } from "../sessions/log.ts";
import { openSessionKey, sessionPlaces } from "../sessions/places.ts";
import type { RewindPlan } from "../sessions/rewind-plan.ts";
import { isOfGit } from "../sessions/git-state.ts";
import { openRewind } from "../sessions/rewind.ts";
import type { SessionsArguments } from "../sessions/session-arguments.ts";
import { dropUnused, removeSession } from "../sessions/sweep.ts";

type Of<C extends SessionsArguments["command"]> = Extract<SessionsArguments, { command: C }>;

export async function sessions(
  args: Exclude<SessionsArguments, { command: "worktrees-list" | "worktrees-remove" }>,
  environment: Environment,
): Promise<number> {
  const places = sessionPlaces(environment.home);
  const key = openSessionKey(places);
  const workspace = checkWorkspace(environment.directory, environment.home);
  const find = (which: string): FoundSession => findSession(places, key, { which, workspace });
  switch (args.command) {
    case "sessions-list":
      return list(listSessions(places, key, args.all ? undefined : workspace), args, environment);
    case "sessions-show":
      return show(find(args.which), environment);
    case "sessions-rename":
      return rename(find(args.which), args.name, environment);
    case "sessions-export":
      return exportTo(find(args.which), args, environment);
    case "sessions-delete": {
      const found = find(args.which);
      if (!removeSession(found.place.folder)) throw busy(found);
      dropUnused(dirname(found.place.folder), key);
      environment.stderr.write(`cloister: removed ${found.head.id}\n`);
      return exit.ok;
    }
    case "sessions-rewind":
      return rewind(find(args.which), args, environment);
  }
}

function list(
  found: readonly FoundSession[],
  { all, json }: Of<"sessions-list">,
  { stdout, stderr, colour }: Environment,
): number {
  if (json) {
    for (const { head } of found) stdout.write(`${JSON.stringify(head)}\n`);
    return exit.ok;
  }
  if (found.length === 0) stderr.write(`cloister: no sessions ${all ? "yet" : "in this folder"}\n`);
  const paint = createPaint(colour);
  for (const { head } of found) {
    const when = head.updated.slice(0, 16).replace("T", " ");
    const about = `${head.turns} turns  ${head.label}  ${visible(head.model)}`;
    const where = all ? `  ${visible(head.workspace)}` : "";
    const name = head.name === undefined ? "" : `${paint("bold", visible(head.name))}  `;
    stdout.write(
      `${paint("cyan", head.id)}  ${when}  ${name}${visible(head.title)}  ${paint("dim", about + where)}\n`,
    );
  }
  return exit.ok;
}

function show(found: FoundSession, { stdout, stderr, colour }: Environment): number {
  const { story, notice } = readWholeSession(found, { lenient: true });
  const paint = createPaint(colour);
  const { head } = found;
  if (notice !== undefined) stderr.write(`cloister: ${notice}\n`);
  stdout.write(`${paint("bold", visible(head.name ?? head.title))}\n`);
  stdout.write(
    `${head.id}  ${visible(head.workspace)}  ${head.label}  ${visible(head.model)}  ${head.turns} turns\n`,
  );
  for (const { number, text, at } of story.marks) {
    const line = visible(text.trim().replaceAll("\n", "⏎"));
    const short = line.length > 200 ? `${line.slice(0, 200)}…` : line;
    stdout.write(
      `${paint("cyan", String(number).padStart(4))}  ${at.slice(0, 16).replace("T", " ")}  ${short}\n`,
    );
  }
  return exit.ok;
}

function rename(found: FoundSession, name: string, { stderr }: Environment): number {
  const { place, head } = found;
  const lock = lockSession(join(place.folder, "lock"));
  if (lock === undefined) throw busy(found);
  try {
    const { read } = readWholeSession(found);
    const log = openSessionLog(place, read);
    log.append({ t: "name", name });
    log.sync();
    writeHead(place, { ...head, name, records: log.count });
    log.close();
  } finally {
    lock.close();
  }
  stderr.write(`cloister: ${head.id} is called ${visible(name)} now\n`);
  return exit.ok;
}

function exportTo(
  found: FoundSession,
  { format, out }: Of<"sessions-export">,
  { stdout, stderr }: Environment,
): number {
  const { story, notice } = readWholeSession(found, { lenient: true });
  if (notice !== undefined) stderr.write(`cloister: ${notice}\n`);
  const text = exportSession(found.head, story, format);
  if (out === undefined) {
    stdout.write(stdout.isTTY ? visible(text) : text);
    return exit.ok;
  }
  try {
    // It holds what was said and read, if no secret: for its owner alone, and never over something else.
    writeFileSync(out, text, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new CloisterError(`${out} cannot be written: ${messageOf(cause)}`, {
      code: "export-failed",
      next: "name a file that is not there yet",
      cause,
    });
  }
  return exit.ok;
}

async function rewind(
  found: FoundSession,
  args: Of<"sessions-rewind">,
  environment: Environment,
): Promise<number> {
  const { stderr, colour, clock } = environment;
  const paint = createPaint(colour && stderr.isTTY);
  using opened = await openRewind(found, { to: args.to, force: args.force, clock });
  const { planned, text } = opened;
  if (planned.kind === "none" && (args.what !== "conversation" || text === undefined)) {
    throw new CloisterError(planned.why, {
      code: "no-checkpoint",
      next: "cloister sessions show ID numbers the messages",
    });
  }
  if (planned.kind === "plan" && args.what !== "conversation") {
    stderr.write(
      opened.shown.length === 0 ? "cloister: no file differs\n" : formatChanges(opened.shown, paint),
    );
    stderr.write(describePlan(planned.plan, paint));
  }
  if (args.isDryRun) return exit.ok;
  if (!args.yes && !(await isConfirmed(args, environment, paint))) return exit.failed;
  const { done, left } = await opened.apply(args.what);
  for (const { path, why } of left) stderr.write(`cloister: left alone: ${visible(path)}: ${visible(why)}\n`);
  const files = args.what === "conversation" ? "" : `${done.length} put back; `;
  const said =
    args.what === "files"
      ? "the conversation is as it was"
      : `the conversation stands before message ${args.to}`;
  stderr.write(`cloister: ${files}${said}\n`);
  return left.length === 0 ? exit.ok : exit.failed;
}

const NAMED_MAX = 20;

function describePlan({ steps, theirs, impossible, left, isSure }: RewindPlan, paint: Paint): string {
  const lines: string[] = [];
  if (steps.some(({ path }) => isOfGit(path))) {
    lines.push(
      "git goes back too: HEAD, branches, tags and what is staged; commits stay, and git reflog names them",
    );
  }
  const name = (paths: readonly string[]): string =>
    paths.slice(0, NAMED_MAX).map(visible).join(", ") + (paths.length > NAMED_MAX ? ", …" : "");
  if (theirs.length > 0) {
    lines.push(
      paint(
        "yellow",
        `changed by somebody else since, and kept (--force puts them back too): ${name(theirs.map(({ path }) => path))}`,
      ),
    );
  }
  for (const { path, why } of impossible) {
    lines.push(paint("red", `cannot be put back: ${visible(path)}: ${why}`));
  }
  if (left.length > 0) lines.push(paint("dim", `not part of checkpoints, and left as it is: ${name(left)}`));
  if (!isSure) {
    lines.push(paint("yellow", "the session was broken off: whatever changed since counts as its own"));
  }
  return lines.map((line) => `cloister: ${line}\n`).join("");
}

/** A person who is there is asked; a script says --yes. */
async function isConfirmed(
  { to, what }: Of<"sessions-rewind">,
  { stdin, stderr }: Environment,
  paint: Paint,
): Promise<boolean> {
  if (!stdin.isTTY) {
    throw new CloisterError("nobody is here to be asked", {
      code: "usage",
      next: "--yes does it, --dry-run only shows it",
    });
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const subject = what === "both" ? "files and conversation" : what;
    const answer = await lines.question(
      paint("bold", `take ${subject} back to before message ${to}? [y/N] `),
    );
    return answer.trim().toLowerCase().startsWith("y");
  } finally {
    lines.close();
  }
}

function busy({ head }: FoundSession): CloisterError {
  return new CloisterError(`another process works on session ${head.id}`, {
    code: "session-busy",
    next: "wait for it to end",
  });
}
