/** Changes that a person must name before they are made: they would run code, or lead programs out of the workspace. */
import { dirname, join } from "node:path";
import { guardedNames } from "./guarded-names.ts";
import type { Change } from "./overlay-change.ts";

/** What git itself writes in a repository when somebody adds, commits, fetches or branches. */
const gitOrdinary: ReadonlySet<string> = new Set([
  ...["objects", "refs", "logs", "index", "HEAD", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "MERGE_MSG"],
  ...["MERGE_MODE", "CHERRY_PICK_HEAD", "REVERT_HEAD", "COMMIT_EDITMSG", "packed-refs", "gc.log", "shallow"],
]);

const guarded: ReadonlySet<string> = new Set(guardedNames.map(({ name }) => name));

/** The reason, or undefined for ordinary content. File systems that ignore case ignore it here too. */
export function cautionAbout({ path, after }: Pick<Change, "path" | "after">): string | undefined {
  const parts = path.split("/");
  if (/\/objects\/info\/(?:http-)?alternates$/.test(`/${path}`)) {
    return "git reads what lies outside through it";
  }
  const git = parts.findIndex((part) => part.toLowerCase() === ".git");
  if (git !== -1 && !gitOrdinary.has(parts[git + 1] ?? "")) {
    // The folder itself of a repository that was there says nothing; a new one has hooks and settings of its own.
    return "git runs this, or reads from it what to run";
  }
  const name = parts.find((part) => guarded.has(part.toLowerCase()));
  if (name !== undefined) return `programs read ${name} when the folder is opened, and may run what it names`;
  if (after?.type === "link" && leavesWorkspace(path, after.target ?? "")) {
    return "the link leads out of the workspace";
  }
  return undefined;
}

function leavesWorkspace(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  const steps = target.split("/").filter((step) => step !== "" && step !== ".");
  const named = steps.findIndex((step) => step !== "..");
  // A step up after a name is one from wherever that name leads, which no reading of the text can tell.
  if (named !== -1 && steps.lastIndexOf("..") > named) return true;
  const way = join(dirname(path), target);
  return way === ".." || way.startsWith("../");
}
