/** How the screen looks and which language it speaks, now or from the next start on; kept in the person's settings. */
import type { Desk } from "@cloister/console";
import { saveSetting } from "../save-setting.ts";
import { languages, ownThemeName, peekTerminalSettings, themes } from "../terminal-settings.ts";
import { listThemes, readThemeFile } from "../theme-files.ts";
import { say, shortPath, type ScreenWorld } from "./world.ts";

/** What was chosen holds from now on, also where it cannot be saved. */
export async function theme(world: ScreenWorld, desk: Desk, rest: string): Promise<void> {
  const { home } = world.environment;
  const own = listThemes(home);
  const named = rest.trim() === "" ? await pickTheme(own, world, desk) : rest.trim();
  if (named === undefined) return;
  const name = chosen(themes, named);
  if (name !== undefined) {
    world.themes.follow(undefined);
    if (name !== "auto") desk.setTheme(name);
    return keep(world, desk, { setting: "theme", name, isLater: name === "auto" });
  }
  const mine = own.find((each) => each === (ownThemeName(named) ?? named));
  if (mine === undefined) return say(desk, `/theme ${[...themes, ...own].join(" | ")}`);
  const read = readThemeFile(home, mine);
  if (read.theme === undefined) throw read.trouble ?? new Error(`there is no theme ${mine}`);
  desk.setTheme(read.theme);
  world.themes.follow(mine);
  // What is partly wrong is said, and the rest is shown.
  if (read.trouble !== undefined) say(desk, read.trouble.message, "warning");
  keep(world, desk, { setting: "theme", name: `custom:${mine}`, isLater: false });
}

async function pickTheme(
  own: readonly string[],
  { words, environment }: ScreenWorld,
  desk: Desk,
): Promise<string | undefined> {
  const now = peekTerminalSettings(environment.home).theme ?? "auto";
  const names = [...themes, ...own.map((name) => `custom:${name}`)];
  const picked = await desk.pick({
    title: words.choice.theme,
    items: names.map((name) => ({
      label: ownThemeName(name) ?? name,
      ...(ownThemeName(name) === undefined ? {} : { note: `~/.cloister/themes/${ownThemeName(name)}.json` }),
    })),
    empty: words.nothingFound,
    hint: words.pickHint,
    at: names.indexOf(now),
  });
  return picked === undefined ? undefined : names[picked];
}

/** What stands on the screen is in the old one, so it begins with the next start. */
export function language(world: ScreenWorld, desk: Desk, rest: string): void {
  const name = chosen(languages, rest);
  if (name === undefined) return say(desk, `/language ${languages.join(" | ")}`);
  keep(world, desk, { setting: "language", name, isLater: true });
}

function chosen<Name extends string>(names: readonly Name[], rest: string): Name | undefined {
  return names.find((each) => each === rest.trim());
}

interface Choice {
  readonly setting: "theme" | "language";
  readonly name: string;
  readonly isLater: boolean;
}

function keep({ environment, words }: ScreenWorld, desk: Desk, { setting, name, isLater }: Choice): void {
  const path = saveSetting(environment.home, ["terminal", setting], name);
  say(desk, words.choice.saved(shortPath(path, environment)) + (isLater ? ` ${words.choice.later}` : ""));
}
