/** `~/.cloister/trust.json`: what a person approved, workspace by workspace. No cell sees the folder. */
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError, isRecord, newId, parseJson } from "@cloister/base";
import { trustDigest, type TrustRecord } from "@cloister/agent/extensions";

export interface TrustFile {
  readonly path: string;
  /** @throws CloisterError `unsafe-trust`, `bad-trust` */
  read(workspace: string): TrustRecord | undefined;
  /** @throws as `read`, and errors of the file system */
  write(record: TrustRecord): void;
  /** Whether there was one. @throws as `write` */
  forget(workspace: string): boolean;
}

const WORKSPACES_MAX = 1000;

export function openTrustFile(home: string, user: { readonly uid: number }): TrustFile {
  const path = join(home, ".cloister", "trust.json");
  const readAll = (): readonly TrustRecord[] => readRecords(path, user);
  const writeAll = (records: readonly TrustRecord[]): void => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // A file that is half written would forget what was approved.
    const temporary = `${path}.${newId("new")}`;
    const text = JSON.stringify({ v: 1, workspaces: records.slice(-WORKSPACES_MAX) }, undefined, 1);
    writeFileSync(temporary, `${text}\n`, { mode: 0o600, flag: "wx" });
    renameSync(temporary, path);
  };
  const others = (workspace: string): TrustRecord[] =>
    readAll().filter((record) => record.workspace !== workspace);
  return {
    path,
    read: (workspace) => readAll().find((record) => record.workspace === workspace),
    write: (record) => writeAll([...others(record.workspace), record]),
    forget: (workspace) => {
      const left = others(workspace);
      const isThere = left.length < readAll().length;
      if (isThere) writeAll(left);
      return isThere;
    },
  };
}

function readRecords(path: string, { uid }: { readonly uid: number }): readonly TrustRecord[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const isOwn = stats.isFile() && (stats.uid === uid || stats.uid === 0) && (stats.mode & 0o022) === 0;
  if (!isOwn) {
    throw new CloisterError(`${path} could have been written by somebody else`, {
      code: "unsafe-trust",
      next: "remove it, and approve your projects anew with: cloister trust",
    });
  }
  const value = parseJson(readFileSync(path, "utf8"), path);
  const list = isRecord(value) && value["v"] === 1 ? value["workspaces"] : undefined;
  if (!Array.isArray(list) || !list.every(isTrustRecord)) {
    throw new CloisterError(`${path} is no list of approvals`, {
      code: "bad-trust",
      next: "remove it, and approve your projects anew with: cloister trust",
    });
  }
  return list;
}

/** The items are what was approved; a digest that is not theirs approves nothing. */
function isTrustRecord(value: unknown): value is TrustRecord {
  if (!isRecord(value) || !Array.isArray(value["items"])) return false;
  if (typeof value["workspace"] !== "string") return false;
  const texts = ["kind", "name", "path", "text"];
  const isWhole = value["items"].every(
    (item) => isRecord(item) && texts.every((name) => typeof item[name] === "string"),
  );
  return isWhole && value["digest"] === trustDigest(value["items"] as TrustRecord["items"]);
}
