/** How the screen looks and which language it speaks, now or from the next start on; kept in the person's settings. */
import type { Desk } from "@cloister/console";
import { saveSetting } from "../save-setting.ts";
import { languages, themes } from "../terminal-settings.ts";
import { say, shortPath, type ScreenWorld } from "./world.ts";

/** What was chosen holds from now on, also where it cannot be saved. */
export function theme(world: ScreenWorld, desk: Desk, rest: string): void {
  const name = chosen(themes, rest);
  if (name === undefined) return say(desk, `/theme ${themes.join(" | ")}`);
  if (name !== "auto") desk.setTheme(name);
  keep(world, desk, { setting: "theme", name, isLater: name === "auto" });
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
