/**
 * `cloister plugin`: copies of folders with skills, commands, subagents, hooks and servers, out of folders, repositories
 * and bundles on this machine. Nothing is fetched.
 */
import { cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { CloisterError, messageOf, newId, systemCodeOf } from "@cloister/base";
import { readPlugin, type Plugin } from "@cloister/agent/extensions";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import type { PluginArguments } from "../extension/extension-arguments.ts";
import { pluginFolders, pluginsFolder } from "../extension/open.ts";
import type { GitTreeOptions } from "../extension/git-tree.ts";
import type { Marketplace } from "../extension/marketplace.ts";
import { parsePluginSource, withPluginFolder } from "../extension/plugin-source.ts";
import { createExtensionWorld } from "../extension/reader.ts";
import { openBinding } from "../policy/binding.ts";
import { visible } from "../print/style.ts";
import { readSettings } from "../settings.ts";
import type { PluginPart, Words } from "../words/type.ts";
import { wordsFor } from "../words/words.ts";

export async function plugin(
  args: Extract<PluginArguments, { command: "plugin" }>,
  environment: Environment,
): Promise<number> {
  const words = wordsFor(environment.lang).trust.plugin;
  const say = (text: string): void => void environment.stdout.write(`${text}\n`);
  switch (args.do) {
    case "add": {
      const source = parsePluginSource(args.source, environment.directory);
      const { found, isNew } = await withPluginFolder(
        source,
        () => gitOptions(environment),
        (folder, marketplace) => add(folder, environment, marketplace),
      );
      say((isNew ? words.added : words.replaced)(found.name, describe(found, words)));
      return exit.ok;
    }
    case "list": {
      if (args.source !== undefined) return listOffers(args.source, environment, say);
      const folders = pluginFolders(environment.home);
      if (folders.length === 0) say(words.none);
      for (const folder of folders) {
        const found = await read(folder, environment);
        if (found !== undefined) say(lineOf(found, words));
      }
      return exit.ok;
    }
    case "remove": {
      const folder = folderOf(args.name, environment.home);
      if (!pluginFolders(environment.home).includes(folder)) {
        throw new CloisterError(`there is no plugin "${args.name}"`, {
          code: "no-plugin",
          next: "cloister plugin list",
        });
      }
      rmSync(folder, { recursive: true });
      say(words.removed(args.name));
      return exit.ok;
    }
  }
}

async function listOffers(
  written: string,
  environment: Environment,
  say: (text: string) => void,
): Promise<number> {
  const source = parsePluginSource(written, environment.directory);
  return withPluginFolder(
    source,
    () => gitOptions(environment),
    async (folder, marketplace) => {
      const words = wordsFor(environment.lang).trust.plugin;
      if (marketplace === undefined) {
        const found = await read(folder, environment);
        if (found === undefined) throw badPlugin(folder, "it is no marketplace either");
        say(lineOf(found, words));
        return exit.ok;
      }
      for (const { name, description, folder: at } of marketplace.offers) {
        const text = at === undefined ? words.elsewhere : description.split("\n", 1)[0];
        say(visible(`${name}@${marketplace.name}  ${text}`));
      }
      return exit.ok;
    },
  );
}

async function gitOptions(environment: Environment): Promise<GitTreeOptions> {
  const tier = (await openBinding(environment)).tier(readSettings(environment.home).cell?.tier);
  const { signal } = new AbortController();
  return { tier, environment, filesMax: FILES_MAX, bytesMax: BYTES_MAX, signal };
}

/** @throws CloisterError `bad-plugin` */
async function add(
  folder: string,
  environment: Environment,
  marketplace: Marketplace | undefined,
): Promise<{ readonly found: Plugin; readonly isNew: boolean }> {
  // The copy is read and no longer the folder: what is counted here is what will be used.
  const [temporary, old] = [newId("new"), newId("old")].map((id) =>
    join(pluginsFolder(environment.home), `.${id}`),
  ) as [string, string];
  try {
    mkdirSync(pluginsFolder(environment.home), { recursive: true, mode: 0o700 });
    copy(folder, temporary);
    const found = await read(temporary, environment);
    if (found === undefined) {
      const [offer] = marketplace?.offers ?? [];
      if (marketplace !== undefined && offer !== undefined && folder === marketplace.folder) {
        throw new CloisterError(`${marketplace.name} offers ${marketplace.offers.length} plugins`, {
          code: "bad-plugin",
          next: `name one of them, such as …/${offer.name}@${marketplace.name}; cloister plugin list shows them all`,
        });
      }
      throw badPlugin(folder, "no .claude-plugin/plugin.json names it");
    }
    const place = folderOf(found.name, environment.home);
    const isNew = !existsSync(place);
    // The one that was there is gone only when the other has its place.
    if (!isNew) renameSync(place, old);
    renameSync(temporary, place);
    return { found, isNew };
  } catch (error) {
    if (error instanceof CloisterError || systemCodeOf(error) === undefined) throw error;
    throw badPlugin(folder, `it cannot be copied: ${messageOf(error)}`);
  } finally {
    for (const each of [temporary, old]) rmSync(each, { recursive: true, force: true });
  }
}

const FILES_MAX = 10_000;
const BYTES_MAX = 200 * 1024 * 1024;

/** Plain files only: a link would lead out of the copy, and what git keeps beside them is not used. */
function copy(from: string, to: string): void {
  let files = 0;
  let bytes = 0;
  cpSync(from, to, {
    recursive: true,
    filter: (path) => {
      const stats = lstatSync(path);
      if (basename(path) === ".git" || !(stats.isFile() || stats.isDirectory())) return false;
      files += 1;
      bytes += stats.size;
      if (files > FILES_MAX || bytes > BYTES_MAX) {
        throw badPlugin(from, `it has more than ${FILES_MAX} files, or is larger than 200 MiB`);
      }
      return true;
    },
  });
}

function read(folder: string, { home, policyPlace, user }: Environment): Promise<Plugin | undefined> {
  const places = { workspace: folder, home };
  const world = createExtensionWorld({ places, managed: policyPlace, owners: new Set([user.uid]) });
  return readPlugin(world, folder);
}

/** `readPlugin` gives plain names only. */
function folderOf(name: string, home: string): string {
  return join(pluginsFolder(home), name);
}

type PluginWords = Words["trust"]["plugin"];

/** What it says of itself may hold anything. */
function lineOf(found: Plugin, words: PluginWords): string {
  return visible(`${found.name} ${found.version ?? ""}  ${describe(found, words)}`);
}

function describe({ skills, agents, settings, outputStyles, losses }: Plugin, words: PluginWords): string {
  const hooks = settings.flatMap((each) => each.hooks);
  const servers = settings.flatMap((each) => each.mcpServers);
  const counts: readonly (readonly [PluginPart, number])[] = [
    ["skill", skills.filter(({ kind }) => kind === "skill").length],
    ["command", skills.filter(({ kind }) => kind === "command").length],
    ["subagent", agents.length],
    ["hook", hooks.length],
    ["server", servers.length],
    ["style", outputStyles.length],
    ["lost", losses.length],
  ];
  const there = counts.filter(([, count]) => count > 0).map(([what, count]) => words.part(what, count));
  return there.length === 0 ? words.nothing : there.join(", ");
}

function badPlugin(folder: string, why: string): CloisterError {
  return new CloisterError(`${folder} is no plugin: ${why}`, {
    code: "bad-plugin",
    next: "name a folder that holds .claude-plugin/plugin.json; a checkout of a plugin is one, and REPOSITORY#main is what is on a branch",
  });
}
