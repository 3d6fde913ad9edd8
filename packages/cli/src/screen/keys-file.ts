/** A person's own keys: `~/.cloister/keys.json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, messageOf, parseJson, systemCodeOf } from "@cloister/base";
import { readBindings, type Bindings } from "@cloister/console";
import { placeInJson } from "../json-place.ts";

export interface OwnKeys {
  readonly bindings: Bindings;
  /** For the person, once there is a screen. */
  readonly trouble: CloisterError | undefined;
}

/** A table that is partly wrong holds for the rest: a screen without its keys helps nobody to mend it. */
export function readKeys(home: string): OwnKeys {
  const path = join(home, ".cloister", "keys.json");
  try {
    const { bindings, problems } = readBindings(parseJson(readFileSync(path, "utf8"), path));
    return { bindings, trouble: problems.length === 0 ? undefined : bad(`${path}: ${problems.join("; ")}`) };
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return { bindings: {}, trouble: undefined };
    const isBroken = error instanceof CloisterError && error.code === "bad-json";
    const why = isBroken ? `it is not valid JSON${placeInJson(error)}` : messageOf(error);
    return { bindings: {}, trouble: bad(`${path}: ${why}`) };
  }
}

function bad(message: string): CloisterError {
  return new CloisterError(message, { code: "bad-keys", next: "mend the file; /help lists the keys" });
}
