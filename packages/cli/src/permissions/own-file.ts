/**
 * What a person said "always" to: `~/.cloister/permissions.yaml`. Their own file, outside of every workspace, so that
 * nothing in a cell can write it; each workspace has a part of its own in it.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError, isRecord, systemCodeOf } from "@cloister/base";
import { joinRules, noRules, parseRules, type PermissionRules, type RuleLists } from "@cloister/policy";
import type { StandingWord } from "@cloister/airlock";
import type { Document } from "yaml";

const FILE_BYTES_MAX = 1024 * 1024;
const WORDS_MAX = 1000;
const kinds = ["deny", "ask", "allow"] as const;

export function ownFilePath(home: string): string {
  return join(home, ".cloister", "permissions.yaml");
}

/**
 * The rules for every workspace, and for this one; each with its line.
 * @throws CloisterError `bad-permissions`: a rule that forbids and is lost protects nobody
 */
export async function readOwnFile(home: string, workspace: string): Promise<PermissionRules> {
  const path = ownFilePath(home);
  const text = readText(path);
  if (text === undefined) return noRules;
  const { LineCounter, isNode, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.2", uniqueKeys: true, lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) throw bad(path, error.message);
  const lineOf = (way: readonly (string | number)[]): number => {
    const node: unknown = document.getIn(way, true);
    return isNode(node) && Array.isArray(node.range) ? lines.linePos(node.range[0]).line : 1;
  };
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const whole = isRecord(value) ? value : {};
  checkNames(path, whole, ["version", "workspaces", ...kinds]);
  const all = isRecord(whole["workspaces"]) ? whole["workspaces"] : {};
  const own = isRecord(all[workspace]) ? all[workspace] : {};
  checkNames(path, own, ["exact", ...kinds]);
  const found: PermissionRules[] = [];
  for (const [block, way] of [
    [whole, []],
    [own, ["workspaces", workspace]],
  ] as const) {
    for (const list of kinds) {
      for (const [at, rule] of textsIn(path, block[list]).entries()) {
        const origin = `${path}:${lineOf([...way, list, at])}`;
        const lists: RuleLists = { [list]: [rule] };
        const { rules, problems } = parseRules(lists, { origin, isTrusted: true, root: workspace });
        const [problem] = problems;
        if (problem !== undefined) throw bad(origin, `"${problem.text}" is no such rule: ${problem.why}`);
        found.push(rules);
      }
    }
  }
  return joinRules(...found, { ...noRules, approved: new Set(digestsIn(own["exact"])) });
}

/**
 * Adds a word for this workspace, and leaves the rest of the file as it is.
 * @throws CloisterError `bad-permissions`, and what the file system throws
 */
export async function addToOwnFile(home: string, workspace: string, word: StandingWord): Promise<void> {
  const path = ownFilePath(home);
  const { parseDocument } = await import("yaml");
  const document: Document = parseDocument(readText(path) ?? "version: 1\n", { version: "1.2" });
  const [error] = document.errors;
  if (error !== undefined) throw bad(path, error.message);
  switch (word.kind) {
    case "rules":
      for (const rule of word.rules) add(document, ["workspaces", workspace, "allow"], rule);
      break;
    case "call":
      add(document, ["workspaces", workspace, "exact"], { call: word.text, sha256: word.hash });
      break;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Whole or not at all: a torn file would stop the next start.
  const beside = `${path}.${process.pid}.new`;
  writeFileSync(beside, document.toString({ lineWidth: 0 }), { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, path);
}

function add(document: Document, way: readonly string[], item: unknown): void {
  const present: unknown = document.getIn(way);
  const items: unknown = present === undefined ? [] : document.toJS();
  const list = way.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), items);
  const known: readonly unknown[] = Array.isArray(list) ? list : [];
  if (known.some((each) => JSON.stringify(each) === JSON.stringify(item))) return;
  if (known.length >= WORDS_MAX) throw bad(way.join(" "), `it holds ${WORDS_MAX} entries already`);
  if (known.length > 0) document.addIn(way, document.createNode(item));
  else document.setIn(way, document.createNode([item]));
}

/** @returns undefined where there is no such file */
function readText(path: string): string | undefined {
  try {
    const { mode, size } = statSync(path);
    if ((mode & 0o022) !== 0) throw bad(path, "others may write it", "chmod 600 it, once you have read it");
    if (size > FILE_BYTES_MAX) throw bad(path, `it is larger than ${FILE_BYTES_MAX} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error instanceof CloisterError ? error : bad(path, "it cannot be read");
  }
}

function checkNames(path: string, block: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const strange = Object.keys(block).find((name) => !known.includes(name));
  if (strange !== undefined) throw bad(path, `there is no "${strange}" in it; there are ${known.join(", ")}`);
}

function textsIn(path: string, value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const isList = value === undefined || value === null || Array.isArray(value);
  const texts = items.filter((item) => typeof item === "string");
  if (!isList || texts.length < items.length) throw bad(path, "rules must be a list of texts");
  return texts;
}

function digestsIn(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.flatMap((item) =>
    isRecord(item) && typeof item["sha256"] === "string" ? [item["sha256"]] : [],
  );
}

function bad(path: string, why: string, next = "mend it, or take the entry out"): CloisterError {
  return new CloisterError(`${path}: ${why}`, { code: "bad-permissions", next });
}
