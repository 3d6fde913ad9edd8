/** `cloister -p --worktree`, and `cloister worktrees`: work beside the work of a person, on a branch of its own. */
import { join } from "node:path";
import { CloisterError } from "@cloister/base";
import type { RunArguments } from "../run-arguments.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openBinding } from "../policy/binding.ts";
import { visible } from "../print/style.ts";
import type { SessionsArguments } from "../sessions/session-arguments.ts";
import { listWorktrees, type Worktree } from "../sessions/worktree-places.ts";
import { mainBranch, openWorktree, removeWorktree, type WorktreeOptions } from "../sessions/worktree.ts";
import { readSettings } from "../settings.ts";
import { run } from "./run.ts";

/** Runs as in any folder, in a worktree that stays when it ends. */
export async function runInWorktree(args: RunArguments, environment: Environment): Promise<number> {
  const options = await optionsFor(args, environment);
  const worktree = await openWorktree(args.session.worktree ?? "", options);
  environment.stderr.write(`cloister: worktree ${visible(worktree.path)}, branch ${worktree.branch}\n`);
  const code = await run(args, { ...environment, directory: worktree.path });
  environment.stderr.write(`cloister: ${whatNext(worktree)}\n`);
  return code;
}

function whatNext(worktree: Worktree): string {
  const { name, branch, path } = worktree;
  const into = mainBranch(worktree);
  const merge = into === undefined ? `git merge ${branch}` : `git merge ${branch} (into ${into})`;
  return `it stays: go on with cd ${path}; take over with ${merge}; remove with cloister worktrees remove ${name}`;
}

export async function worktrees(
  args: Extract<SessionsArguments, { command: "worktrees-list" | "worktrees-remove" }>,
  environment: Environment,
): Promise<number> {
  const all = listWorktrees(environment.home);
  if (args.command === "worktrees-list") {
    for (const { name, branch, path, git } of all) {
      environment.stdout.write(`${name}  ${branch}  ${visible(path)}  of ${visible(join(git, ".."))}\n`);
    }
    if (all.length === 0) environment.stderr.write("cloister: no worktrees\n");
    return exit.ok;
  }
  const named = all.filter(({ name, path }) => name === args.name || path === args.name);
  const here = named.filter(({ git }) => git === join(environment.directory, ".git"));
  const [worktree, other] = here.length > 0 ? here : named;
  if (worktree === undefined || other !== undefined) {
    throw new CloisterError(
      worktree === undefined
        ? `there is no worktree ${args.name}`
        : `there are several worktrees ${args.name}`,
      { code: "no-worktree", next: "cloister worktrees list; give its path" },
    );
  }
  await removeWorktree(worktree, { ...(await optionsFor(undefined, environment)), force: args.force });
  environment.stderr.write(
    `cloister: removed ${visible(worktree.path)}; branch ${worktree.branch} is still there\n`,
  );
  return exit.ok;
}

async function optionsFor(
  args: RunArguments | undefined,
  environment: Environment,
): Promise<WorktreeOptions> {
  const binding = await openBinding(environment);
  const tier = binding.tier(args?.tier ?? readSettings(environment.home).cell?.tier);
  return { tier, environment, signal: new AbortController().signal };
}
