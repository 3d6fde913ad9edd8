/** `cloister wiki`: a wiki of the repository, written and refreshed page by page. */
import { createHash } from "node:crypto";
import {
  createReadStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { CloisterError, systemCodeOf } from "@cloister/base";
import { listFiles } from "@cloister/agent";
import { checkWorkspace } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { visible } from "../print/style.ts";
import type { WikiArguments } from "../quest/quest-arguments.ts";
import { createSessionWork } from "../quest/quest-work.ts";
import { refreshWiki, staleWiki, type WikiWorld } from "../wiki/wiki.ts";
import { wordsFor } from "../words/words.ts";

/** What a page is about, so that a window of 32,000 tokens holds it beside the prompt and the answer. */
const PAGE_BYTES_MAX = 60_000;

export async function wiki(args: WikiArguments, environment: Environment): Promise<number> {
  const workspace = checkWorkspace(environment.directory, environment.home);
  const folder = folderFor(workspace, args.out ?? join(".cloister", "wiki"));
  const words = wordsFor(environment.lang).wiki;
  const { stdout, stderr } = environment;
  const world = worldFor({ workspace, folder, args, environment });
  if (args.isCheck) {
    const stale = await staleWiki(world, PAGE_BYTES_MAX);
    stdout.write(
      stale.length === 0 ? `${words.fresh}\n` : stale.map((name) => `${visible(name)}\n`).join(""),
    );
    return stale.length === 0 ? exit.ok : exit.failed;
  }
  const outcome = await refreshWiki(
    {
      ...world,
      tell: (progress) =>
        stderr.write(
          progress.kind === "plan"
            ? `${words.plan(progress.pages, progress.changed)}\n`
            : `${words.page(progress.number, progress.of, visible(progress.name))}\n`,
        ),
    },
    PAGE_BYTES_MAX,
  );
  if (outcome.kind === "failed") {
    stdout.write(`${words.failed(visible(outcome.page), visible(outcome.why), outcome.written)}\n`);
    return exit.failed;
  }
  stdout.write(`${words.done(outcome, relative(workspace, folder))}\n`);
  return exit.ok;
}

/** @throws CloisterError `link-in-the-way`, `usage` */
function folderFor(workspace: string, out: string): string {
  const folder = resolve(workspace, out);
  const inside = relative(workspace, folder);
  if (inside === "" || inside.startsWith("..")) {
    throw new CloisterError(`--out ${out} is not a folder in this project`, {
      code: "usage",
      next: "name one below it, such as docs/wiki",
    });
  }
  let at = workspace;
  for (const part of inside.split("/")) {
    at = join(at, part);
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      throw new CloisterError(`${at} is a link`, {
        code: "link-in-the-way",
        next: "put a folder of its own there: what stands behind a link is not touched",
      });
    }
  }
  return folder;
}

interface Place {
  readonly workspace: string;
  readonly folder: string;
  readonly args: WikiArguments;
  readonly environment: Environment;
}

function worldFor({ workspace, folder, args, environment }: Place): WikiWorld {
  const session = createSessionWork(args.run, environment);
  const own = `${relative(workspace, folder)}/`;
  const pageOf = (name: string): string => join(folder, name);
  return {
    files: async () => {
      const paths = await listFiles(workspace, new AbortController().signal);
      const sizes = paths.filter((path) => !path.startsWith(own) && !path.startsWith(".cloister/"));
      return sizes.flatMap((path) => {
        const stats = lstatSync(join(workspace, path), { throwIfNoEntry: false });
        return stats?.isFile() === true ? [{ path, bytes: stats.size }] : [];
      });
    },
    hashOf: (path) => hashOf(join(workspace, path)),
    write: async (prompt) => {
      const { isDone, text, why } = await session.work(prompt, { isPlanning: true });
      return isDone ? { kind: "text", text } : { kind: "failed", why };
    },
    readPage: (name) => {
      const path = pageOf(name);
      // A link in the place of a page is no page of ours.
      if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
      return readFileSync(path, "utf8");
    },
    savePage: (name, text) => {
      // Sessions ran in the project since it was looked at.
      folderFor(workspace, folder);
      mkdirSync(folder, { recursive: true });
      rmSync(pageOf(name), { force: true });
      writeFileSync(pageOf(name), text, { flag: "wx" });
    },
    pageNames: () => namesIn(folder),
    removePage: (name) => {
      folderFor(workspace, folder);
      rmSync(pageOf(name), { force: true });
    },
    tell: () => {
      /* only a refresh has something to tell */
    },
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".md"));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  return hash.digest("hex");
}
