/** The look of the screen, now and the next time. */
import type { Desk } from "@cloister/console";
import { saveSetting } from "../save-setting.ts";
import { themes } from "../terminal-settings.ts";
import { say, shortPath, type ScreenWorld } from "./world.ts";

/** What was chosen holds from now on, also where it cannot be saved. */
export function theme({ environment, words }: ScreenWorld, desk: Desk, rest: string): void {
  const name = themes.find((each) => each === rest.trim());
  if (name === undefined) {
    say(desk, `/theme ${themes.join(" | ")}`);
    return;
  }
  if (name !== "auto") desk.setTheme(name);
  const path = saveSetting(environment.home, ["terminal", "theme"], name);
  say(
    desk,
    words.theme.saved(shortPath(path, environment)) + (name === "auto" ? ` ${words.theme.later}` : ""),
  );
}
