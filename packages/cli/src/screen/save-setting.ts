/** What a person chose on the screen, kept for the next time: one value in their own settings, and nothing else. */
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError, newId, systemCodeOf, type Json } from "@cloister/base";
import { readSettings } from "../settings.ts";
import { setInJson } from "./edit-json.ts";

const PRIVATE = 0o600;

/**
 * Gives the settings' path. Whole or not at all, and the file's own mode is kept. A link is followed, so that settings that are kept elsewhere
 * stay there. @throws CloisterError `bad-settings` for a file that is wrong already, `settings-not-saved`
 */
export function saveSetting(home: string, at: readonly string[], value: Json): string {
  const named = join(home, ".cloister", "settings.json");
  // What is wrong in it is said with its place, and nothing is written into it.
  readSettings(home);
  let draft: string | undefined;
  try {
    mkdirSync(dirname(named), { recursive: true, mode: 0o700 });
    const path = whereIs(named);
    const text = path === undefined ? "{}\n" : readFileSync(path, "utf8");
    const target = path ?? named;
    const mode = path === undefined ? PRIVATE : statSync(path).mode & 0o777;
    draft = `${target}.${newId("draft")}.tmp`;
    writeFileSync(draft, setInJson(text, at, value), { mode, flag: "wx" });
    renameSync(draft, target);
    return named;
  } catch (cause) {
    if (draft !== undefined) rmSync(draft, { force: true });
    if (cause instanceof CloisterError) throw cause;
    throw new CloisterError(`${named} could not be written`, {
      code: "settings-not-saved",
      next: `set "${at.join(".")}" to ${JSON.stringify(value)} there yourself`,
      cause,
    });
  }
}

/** Undefined: there is none yet. */
function whereIs(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
