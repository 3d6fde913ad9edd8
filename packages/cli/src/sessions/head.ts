/**
 * What a list of sessions shows, beside the log and replaced as a whole at each turn's end. It also says how many
 * records the log had by then: a log that was cut off shows.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, isRecord, messageOf, systemCodeOf } from "@cloister/base";
import { seal, unseal } from "@cloister/ledger";
import { isLabel, type Label } from "@cloister/policy";
import { deriveSessionKey } from "./places.ts";
import type { LogPlace } from "./log.ts";

export interface SessionHead {
  readonly id: string;
  readonly workspace: string;
  /** The first words of the first message. */
  readonly title: string;
  /** As a person called it. */
  readonly name?: string;
  readonly created: string;
  readonly updated: string;
  /** Messages of the user, and answers of the model. */
  readonly messages: number;
  readonly turns: number;
  readonly label: Label;
  readonly model: string;
  readonly from?: string;
  /** Records in the log at that time. */
  readonly records: number;
}

/** @throws CloisterError `session-write-failed` */
export function writeHead({ folder, id, key }: LogPlace, head: SessionHead): void {
  const path = join(folder, "head");
  const draft = `${path}.new`;
  const sealed = seal(deriveSessionKey(key, `head ${id}`), JSON.stringify(head), `head ${id}`);
  try {
    writeFileSync(draft, sealed, { mode: 0o600 });
    renameSync(draft, path);
  } catch (cause) {
    throw new CloisterError(`the session could not be saved: ${messageOf(cause)}`, {
      code: "session-write-failed",
      next: "make room on the disk; its log is whole, and --continue goes on with it",
      cause,
    });
  }
}

/** Undefined where there is none, or none that can be read: the log itself says all of it too. */
export function readHead({ folder, id, key }: LogPlace): SessionHead | undefined {
  try {
    const sealed = readFileSync(join(folder, "head"));
    const text = unseal(deriveSessionKey(key, `head ${id}`), sealed, `head ${id}`).toString("utf8");
    const value: unknown = JSON.parse(text);
    return isRecord(value) && isLabel(String(value["label"])) ? (value as unknown as SessionHead) : undefined;
  } catch (error) {
    // Another system's error than a missing file, such as no permission, is for whoever asked to see.
    const code = systemCodeOf(error);
    if (code === "EACCES" || code === "EIO") throw error;
    return undefined;
  }
}
