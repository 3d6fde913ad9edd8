/** What `cloister plugin add` and `list` are given: a folder, a repository or a bundle, and which plugin of it. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CloisterError } from "@cloister/base";
import { gitSourceAt, withGitTree, type GitTreeOptions } from "./git-tree.ts";
import { offerOf, readMarketplace, type Marketplace } from "./marketplace.ts";

export interface PluginSource {
  readonly path: string;
  /** Of a repository: a branch, a tag or a commit. Undefined: a folder as it stands. */
  readonly reference: string | undefined;
  readonly offer: { readonly plugin: string; readonly name: string } | undefined;
}

/** `https://…`, `user@host:path`. */
const address = /^(?:[a-z][a-z0-9+.-]*:\/\/|[\w.-]+@[\w.-]+:)/iu;

/**
 * `FOLDER`, `REPOSITORY#REF`, `BUNDLE`, each also `…/PLUGIN@MARKETPLACE`. What is there under a name is meant by it.
 * @throws CloisterError `no-plugin` for an address
 */
export function parsePluginSource(written: string, directory: string): PluginSource {
  const isThere = (path: string): boolean => existsSync(resolve(directory, path));
  if (address.test(written) && !isThere(written)) {
    throw new CloisterError(`${written} is not on this machine, and nothing is fetched`, {
      code: "no-plugin",
      next: "git clone it, then cloister plugin add FOLDER",
    });
  }
  const hash = written.lastIndexOf("#");
  const isReference = hash > 0 && !isThere(written);
  const plain = isReference ? written.slice(0, hash) : written;
  const [, place = plain, plugin, name] = isThere(plain)
    ? []
    : (/^(.+)\/([\w.-]+)@([\w.-]+)$/u.exec(plain) ?? []);
  return {
    // The person's own link is followed; those inside a plugin are not.
    path: isThere(place) ? realpathSync(resolve(directory, place)) : resolve(directory, place),
    reference: isReference ? written.slice(hash + 1) : undefined,
    offer: plugin === undefined || name === undefined ? undefined : { plugin, name },
  };
}

/**
 * Calls `use` with the folder that is meant: of the plugin, or as it is where a marketplace has several and none is
 * named. @throws CloisterError `no-git-tree`, `bad-marketplace`, `no-plugin`, `bad-plugin`
 */
export async function withPluginFolder<T>(
  { path, reference, offer }: PluginSource,
  options: GitTreeOptions | (() => Promise<GitTreeOptions>),
  use: (folder: string, marketplace: Marketplace | undefined) => Promise<T>,
): Promise<T> {
  const inFolder = async (folder: string): Promise<T> => {
    const marketplace = readMarketplace(folder);
    if (offer === undefined) return use(folder, marketplace);
    if (marketplace === undefined) {
      throw new CloisterError(`${path} is no marketplace`, {
        code: "no-plugin",
        next: "it would have .claude-plugin/marketplace.json; to add one plugin, name its folder",
      });
    }
    return use(offerOf(marketplace, offer), marketplace);
  };
  const source = gitSourceAt(path);
  if (source === undefined) refuseNoFolder(path);
  const isBare = source?.kind === "repository" && source.git === path;
  if (source === undefined || (source.kind === "repository" && !isBare && reference === undefined)) {
    if (reference === undefined) return inFolder(path);
    const isWorktree = existsSync(join(path, ".git"));
    throw new CloisterError(`${path} is no git repository of its own`, {
      code: "no-git-tree",
      next: isWorktree
        ? "it is a worktree or a submodule: name the repository it belongs to, or leave the # out to take it as it stands"
        : "leave the # and what follows it out, to take a folder as it stands",
    });
  }
  const given = typeof options === "function" ? await options() : options;
  return withGitTree(source, reference ?? "HEAD", given, inFolder);
}

function refuseNoFolder(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return;
  const why = stats === undefined ? "it is not there" : "it is no folder and no bundle of git's";
  throw new CloisterError(`${path} is no plugin: ${why}`, {
    code: "bad-plugin",
    next: "name a folder that holds .claude-plugin/plugin.json, a git repository with #BRANCH, or a bundle",
  });
}
