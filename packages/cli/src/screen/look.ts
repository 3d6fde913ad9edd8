/** What the terminal can show, as its variables say. */
import type { ColourDepth, ThemeName } from "@cloister/console";
import type { Environment } from "../environment.ts";

/** Only what draws something needs a terminal's own words. */
export function colourDepthOf({ colour, terminal = "", variable }: Environment): ColourDepth {
  if (!colour || terminal === "dumb") return 0;
  if (/^(?:truecolor|24bit)$/i.test(variable("COLORTERM") ?? "") || terminal.endsWith("-direct")) return 24;
  return terminal.includes("256color") ? 8 : 4;
}

/** `COLORFGBG` is `ink;ground`, and 7 and 15 are light grounds; without it most terminals are dark. */
export function themeOf({ variable, colour }: Environment): ThemeName {
  if (!colour) return "plain";
  return /;(?:7|15)$/.test(variable("COLORFGBG") ?? "") ? "light" : "dark";
}
