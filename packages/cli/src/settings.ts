/** What the user set once for all sessions: `~/.cloister/settings.json`. A project cannot change any of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, isRecord, parseJson, systemCodeOf } from "@cloister/base";
import { isLabel, labels, type Label } from "@cloister/policy";

export interface Settings {
  readonly endpoint?: string;
  readonly model?: string;
  readonly clearance?: Label;
  readonly label?: Label;
}

const known = ["endpoint", "model", "clearance", "label"];

/** @throws CloisterError `bad-settings` naming the field: a setting that is misread in silence protects nobody. */
export function readSettings(home: string): Settings {
  const path = join(home, ".cloister", "settings.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return {};
    throw bad(path, "it cannot be read", error);
  }
  const value = parseJson(text, path);
  if (!isRecord(value)) throw bad(path, "it must hold an object");
  for (const [name, setting] of Object.entries(value)) {
    if (!known.includes(name)) {
      throw bad(path, `there is no setting "${name}"; there are ${known.join(", ")}`);
    }
    if (typeof setting !== "string") throw bad(path, `"${name}" must be a string`);
    if ((name === "clearance" || name === "label") && !isLabel(setting)) {
      throw bad(path, `"${name}" must be one of ${labels.join(", ")}`);
    }
  }
  return value;
}

function bad(path: string, why: string, cause?: unknown): CloisterError {
  return new CloisterError(`${path}: ${why}`, {
    code: "bad-settings",
    next: "mend the file, or remove it",
    cause,
  });
}
