/** What the terminal can show, as its variables say. */
import type { ColourDepth, ConsoleOptions, NoticeForm, OwnTheme, ThemeName } from "@cloister/console";
import type { Environment } from "../environment.ts";
import { themes, type TerminalSettings } from "./terminal-settings.ts";

type Look = Required<
  Pick<ConsoleOptions, "theme" | "depth" | "asksBackground" | "notify" | "hasVim" | "isFull" | "hasMouse">
>;

/** As the person set it; else as the terminal's variables say, and then as it answers itself. */
export function lookOf(environment: Environment, settings: TerminalSettings, own?: OwnTheme): Look {
  const { theme: named = "auto", notify = "bell", vim = false, fullScreen = false, mouse = true } = settings;
  // One of the person's own that cannot be read is as none.
  const theme = themes.find((each) => each === named) ?? "auto";
  const { colour, terminal = "", variable } = environment;
  // A terminal that cannot do much may show the question instead of answering it.
  const canAnswer = colour && /^(?:xterm|tmux|screen|alacritty|foot|wezterm|rxvt|st)\b/.test(terminal);
  return {
    theme: own ?? (theme === "auto" ? themeOf(environment) : theme),
    depth: colourDepthOf(environment),
    asksBackground: own === undefined && theme === "auto" && canAnswer && variable("COLORFGBG") === undefined,
    ...{ notify, hasVim: vim, isFull: fullScreen, hasMouse: mouse },
  };
}

/** Only what draws something needs a terminal's own words. */
function colourDepthOf({ colour, terminal = "", variable }: Environment): ColourDepth {
  if (!colour || terminal === "dumb") return 0;
  if (/^(?:truecolor|24bit)$/i.test(variable("COLORTERM") ?? "") || terminal.endsWith("-direct")) return 24;
  return terminal.includes("256color") ? 8 : 4;
}

/** `COLORFGBG` is `ink;ground`, and 7 and 15 are light grounds; without it most terminals are dark. */
function themeOf({ variable, colour }: Environment): ThemeName {
  if (!colour) return "plain";
  return /;(?:7|15)$/.test(variable("COLORFGBG") ?? "") ? "light" : "dark";
}

/** How a terminal wants to be told of a notice for the desktop; undefined where its variables do not say. */
export function noticeFormOf({ terminal = "", variable }: Environment): NoticeForm | undefined {
  if (variable("VTE_VERSION") !== undefined || /^(?:foot|rxvt)\b/.test(terminal)) return "osc777";
  const program = variable("TERM_PROGRAM") ?? "";
  return /^(?:iTerm\.app|WezTerm|ghostty)$/i.test(program) || terminal === "xterm-kitty" ? "osc9" : undefined;
}
