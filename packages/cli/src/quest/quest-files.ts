/** A quest on disk: three documents that a person may edit at any time, and what was approved of them. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, isRecord, newId, parseJson, systemCodeOf } from "@cloister/base";

export type Document = "requirements" | "design" | "tasks";

/** In the order in which they are written, each after the one before was approved. */
export const documents: readonly Document[] = ["requirements", "design", "tasks"];

export interface QuestFiles {
  readonly name: string;
  readonly goal: string;
  /** Absolute. */
  readonly folder: string;
  pathOf(document: Document): string;
  /** Undefined when it was not written yet. */
  read(document: Document): string | undefined;
  write(document: Document, text: string): void;
  isApproved(document: Document): boolean;
  approve(document: Document): void;
}

const FOLDER = join(".cloister", "quests");
const NAME_CHARS_MAX = 48;

/** Begins one. A goal of the same words gets a number behind its name. */
export function createQuest(workspace: string, goal: string): QuestFiles {
  checkPlain(workspace, FOLDER);
  const base = nameFor(goal);
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    const folder = join(workspace, FOLDER, name);
    mkdirSync(join(workspace, FOLDER), { recursive: true });
    try {
      mkdirSync(folder);
    } catch (error) {
      if (systemCodeOf(error) === "EEXIST" && n < 1000) continue;
      throw error;
    }
    save(folder, { goal, approved: [] });
    return openFiles(workspace, name);
  }
}

/** @throws CloisterError `no-quest`, naming those there are */
export function openQuest(workspace: string, name: string): QuestFiles {
  const names = listQuests(workspace);
  if (names.includes(name)) {
    checkQuest(workspace, name);
    return openFiles(workspace, name);
  }
  throw new CloisterError(`there is no quest "${name}" here`, {
    code: "no-quest",
    next: names.length === 0 ? 'begin one: cloister quest "what to build"' : `there are: ${names.join(", ")}`,
  });
}

export function listQuests(workspace: string): readonly string[] {
  checkPlain(workspace, FOLDER);
  try {
    const entries = readdirSync(join(workspace, FOLDER), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** A repository may hold links, and nothing is read or written here through one. @throws CloisterError `link-in-the-way` */
function checkPlain(workspace: string, path: string): void {
  const parts = path.split("/").filter((part) => part !== "");
  for (const [index] of parts.entries()) {
    const at = join(workspace, ...parts.slice(0, index + 1));
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      throw new CloisterError(`${at} is a link`, {
        code: "link-in-the-way",
        next: "put a folder or a file of its own there: what stands behind a link is not touched",
      });
    }
  }
}

/** Again before each look and each change: what the quest's own work ran may have put a link there. */
function checkQuest(workspace: string, name: string): void {
  for (const file of ["", PROGRESS, ...documents.map((document) => `${document}.md`)]) {
    checkPlain(workspace, join(FOLDER, name, file));
  }
}

/** Letters and digits of any script, the rest as dashes. */
function nameFor(goal: string): string {
  const words = goal
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  const cut = Array.from(words).slice(0, NAME_CHARS_MAX).join("");
  return cut.replaceAll(/^-+|-+$/g, "") || "quest";
}

interface Progress {
  readonly goal: string;
  readonly approved: readonly Document[];
}

const PROGRESS = "quest.json";

function openFiles(workspace: string, name: string): QuestFiles {
  const folder = join(workspace, FOLDER, name);
  let progress = load(folder);
  const pathOf = (document: Document): string => join(folder, `${document}.md`);
  return {
    name,
    goal: progress.goal,
    folder,
    pathOf,
    read: (document) => {
      checkQuest(workspace, name);
      try {
        return readFileSync(pathOf(document), "utf8");
      } catch (error) {
        if (systemCodeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    write: (document, text) => {
      checkQuest(workspace, name);
      replaceFile(pathOf(document), text);
    },
    isApproved: (document) => progress.approved.includes(document),
    approve: (document) => {
      checkQuest(workspace, name);
      progress = { ...progress, approved: [...new Set([...progress.approved, document])] };
      save(folder, progress);
    },
  };
}

function load(folder: string): Progress {
  const path = join(folder, PROGRESS);
  const value = parseJson(readFileSync(path, "utf8"), path);
  const goal = isRecord(value) ? value["goal"] : undefined;
  const approved: unknown = isRecord(value) ? value["approved"] : undefined;
  if (typeof goal !== "string" || !Array.isArray(approved)) {
    throw new CloisterError(`${path} is not what a quest keeps`, {
      code: "bad-quest",
      next: "put back its goal and the list of what was approved, or begin a new quest",
    });
  }
  return { goal, approved: documents.filter((document) => approved.includes(document)) };
}

function save(folder: string, progress: Progress): void {
  replaceFile(join(folder, PROGRESS), `${JSON.stringify(progress, undefined, 2)}\n`);
}

/** Whole or not at all, whenever the process dies. */
function replaceFile(path: string, text: string): void {
  // A name that nobody knows beforehand, and no file of anybody else's: a link of that name would be followed.
  const next = `${path}.${newId("new")}`;
  writeFileSync(next, text, { flush: true, flag: "wx" });
  renameSync(next, path);
}
