/** A question of the console's own: a few answers, some with a letter, and perhaps one's own words. */
import { createMenu, type Choice, type MenuOptions } from "../ask/menu.ts";
import type { Panel } from "./panel.ts";

export function createAskMenu(options: MenuOptions, settle: (choice: Choice) => void): Panel {
  const menu = createMenu(options);
  return {
    lines: (columns) => menu.lines(columns),
    input: (input) => {
      const choice = menu.input(input);
      if (choice !== undefined) settle(choice);
      return choice !== undefined;
    },
  };
}
