/** `cloister plugin`: copies of folders with skills, commands, subagents, hooks and servers. Nothing is fetched. */
import { cpSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { CloisterError, newId } from "@cloister/base";
import { readPlugin, type Plugin } from "@cloister/agent/extensions";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import type { PluginArguments } from "../extension/extension-arguments.ts";
import { pluginFolders, pluginsFolder } from "../extension/open.ts";
import { createExtensionWorld } from "../extension/reader.ts";
import { wordsFor } from "../words/words.ts";

export async function plugin(
  args: Extract<PluginArguments, { command: "plugin" }>,
  environment: Environment,
): Promise<number> {
  const words = wordsFor(environment.lang).trust.plugin;
  const say = (text: string): void => void environment.stdout.write(`${text}\n`);
  switch (args.do) {
    case "add": {
      const added = await add(resolve(environment.directory, args.folder), environment);
      say(words.added(added.name, describe(added)));
      return exit.ok;
    }
    case "list": {
      const folders = pluginFolders(environment.home);
      if (folders.length === 0) say(words.none);
      for (const folder of folders) {
        const found = await read(folder, environment);
        if (found !== undefined) say(`${found.name} ${found.version ?? ""}  ${describe(found)}`);
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

/** @throws CloisterError `bad-plugin` */
async function add(folder: string, environment: Environment): Promise<Plugin> {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw badPlugin(folder, "it is no folder");
  }
  // The copy is read and no longer the folder: what is counted here is what will be used.
  const temporary = join(pluginsFolder(environment.home), `.${newId("new")}`);
  mkdirSync(pluginsFolder(environment.home), { recursive: true, mode: 0o700 });
  try {
    copy(folder, temporary);
    const found = await read(temporary, environment);
    if (found === undefined) throw badPlugin(folder, "no .claude-plugin/plugin.json names it");
    const place = folderOf(found.name, environment.home);
    rmSync(place, { recursive: true, force: true });
    renameSync(temporary, place);
    return found;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
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

function describe({ skills, agents, settings, outputStyles, losses }: Plugin): string {
  const hooks = settings.flatMap((each) => each.hooks);
  const servers = settings.flatMap((each) => each.mcpServers);
  const counts: readonly (readonly [string, number])[] = [
    ["skills", skills.filter(({ kind }) => kind === "skill").length],
    ["commands", skills.filter(({ kind }) => kind === "command").length],
    ["subagents", agents.length],
    ["hooks", hooks.length],
    ["MCP servers", servers.length],
    ["styles", outputStyles.length],
    ["not taken over", losses.length],
  ];
  const there = counts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return there.length === 0 ? "nothing" : there.join(", ");
}

function badPlugin(folder: string, why: string): CloisterError {
  return new CloisterError(`${folder} is no plugin: ${why}`, {
    code: "bad-plugin",
    next: "name a folder that holds .claude-plugin/plugin.json; a checkout of a plugin is one",
  });
}
