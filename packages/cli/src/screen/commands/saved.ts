/** This session among the saved ones: found, named, written to a file. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { CloisterError, messageOf } from "@cloister/base";
import type { Desk } from "@cloister/console";
import { checkWorkspace } from "../../command-cell.ts";
import type { Environment } from "../../environment.ts";
import { exportSession, type ExportFormat } from "../../sessions/export-session.ts";
import {
  findSession,
  listSessions,
  readWholeSession,
  type FoundSession,
} from "../../sessions/find-session.ts";
import { openSessionKey, sessionPlaces } from "../../sessions/places.ts";
import { capture } from "../capture.ts";
import { goingOnWith } from "../going-on.ts";
import { openedOf, say, type ScreenWorld } from "./world.ts";

/** The latest first. */
export function savedHere({ home, directory }: Environment): readonly FoundSession[] {
  const places = sessionPlaces(home);
  return listSessions(places, openSessionKey(places), checkWorkspace(directory, home));
}

/** The one on the screen; undefined as long as nothing was said in it, or nothing is saved. */
export function savedNow(world: ScreenWorld): FoundSession | undefined {
  const { home, directory } = world.environment;
  const places = sessionPlaces(home);
  const { id } = openedOf(world);
  try {
    const workspace = checkWorkspace(directory, home);
    const found = findSession(places, openSessionKey(places), { which: id, workspace });
    return found.head.messages > 0 ? found : undefined;
  } catch (error) {
    if (error instanceof CloisterError && error.code === "no-session") return undefined;
    throw error;
  }
}

/** The name is a record of the session's log, and who works on it holds its lock: it is written in between. */
export async function rename(world: ScreenWorld, desk: Desk, name: string): Promise<void> {
  const { words, environment } = world;
  if (name === "") return say(desk, words.rename.usage);
  const found = savedNow(world);
  if (found === undefined) return say(desk, words.notSaved);
  const { sessions } = await import("../../commands/sessions.ts");
  world.moveOn(async () => {
    const order = { command: "sessions-rename", which: found.head.id, name } as const;
    await capture(environment, (captured) => sessions(order, captured));
    say(desk, words.rename.done(name), "good");
    return { session: goingOnWith(found.head.id) };
  });
}

const formats: readonly ExportFormat[] = ["md", "html", "json"];

/** `md FILE`, each of which may be left out. Never over something else. */
export function exportHere(world: ScreenWorld, desk: Desk, rest: string): void {
  const { words, environment } = world;
  const [first = "md", ...others] = rest.split(/\s+/u).filter(Boolean);
  const format = formats.find((each) => each === first);
  if (format === undefined) return say(desk, words.export.usage);
  const found = savedNow(world);
  if (found === undefined) return say(desk, words.notSaved);
  const { story } = readWholeSession(found, { lenient: true });
  const name = others.length > 0 ? others.join(" ") : `cloister-${found.head.id}.${format}`;
  const path = resolve(environment.directory, name);
  try {
    writeFileSync(path, exportSession(found.head, story, format), { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new CloisterError(`${path} cannot be written: ${messageOf(cause)}`, {
      code: "export-failed",
      next: "name a file that is not there yet",
      cause,
    });
  }
  say(desk, words.export.written(path), "good");
}
