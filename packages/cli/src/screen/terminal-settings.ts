/** The block `terminal` of `~/.cloister/settings.json`: how the screen looks and listens. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord, parseJson } from "@cloister/base";
import type { ThemeName } from "@cloister/console";

export interface TerminalSettings {
  /** Default `auto`: what the terminal says of its ground. */
  readonly theme?: ThemeName | "auto" | OwnThemeName;
  /** Of the screen. Default `auto`: by locale. */
  readonly language?: (typeof languages)[number];
  /** Vi's keys where one writes. */
  readonly vim?: boolean;
  /** When work is done, or a question waits, and the terminal is not looked at. Default `bell`. */
  readonly notify?: "bell" | "desktop" | "off";
  /** The conversation on a screen of its own instead of in the terminal's scroll. Default false. */
  readonly fullScreen?: boolean;
  /** There: the wheel scrolls and a click opens. Default true; shift still selects. */
  readonly mouse?: boolean;
  /** A line of shell, run in a cell; what it prints stands below the status line. */
  readonly statusLine?: { readonly command: string };
}

const COMMAND_CHARS_MAX = 2000;
// By hand: a run without a screen reads its settings without loading one.
export const themes: readonly (ThemeName | "auto")[] = [
  "auto",
  "dark",
  "light",
  "contrast",
  "plain",
  "reader",
];
/** As Claude Code writes it: a file of the person's, by its name. */
export type OwnThemeName = `custom:${string}`;
const ownPrefix = "custom:";

export function isThemeName(name: string): boolean {
  return /^[a-z0-9][\w-]{0,39}$/iu.test(name);
}

/** Undefined: a built-in one. */
export function ownThemeName(theme: string | undefined): string | undefined {
  return theme?.startsWith(ownPrefix) === true ? theme.slice(ownPrefix.length) : undefined;
}

function isOwnTheme(theme: unknown): theme is OwnThemeName {
  return typeof theme === "string" && isThemeName(ownThemeName(theme) ?? "");
}

export const languages = ["auto", "en", "zh"] as const;
const notices = ["bell", "desktop", "off"] as const;

/** @param fail makes the error for a fault, which is named. */
export function readTerminalSettings(value: unknown, fail: (why: string) => Error): TerminalSettings {
  if (!isRecord(value)) throw fail('"terminal" must be an object');
  const { theme, language, vim, notify, fullScreen, mouse, statusLine, ...rest } = value;
  const [other] = Object.keys(rest);
  if (other !== undefined) {
    throw fail(
      `"terminal" has no "${other}"; it has theme, language, vim, notify, fullScreen, mouse, statusLine`,
    );
  }
  const named = isOwnTheme(theme) ? theme : themes.find((each) => each === theme);
  if (theme !== undefined && named === undefined) {
    throw fail(`"theme" of "terminal" must be one of ${themes.join(", ")}, or custom:NAME`);
  }
  const spoken = languages.find((each) => each === language);
  if (language !== undefined && spoken === undefined) {
    throw fail(`"language" of "terminal" must be one of ${languages.join(", ")}`);
  }
  for (const [name, set] of Object.entries({ vim, fullScreen, mouse })) {
    if (set !== undefined && typeof set !== "boolean") {
      throw fail(`"${name}" of "terminal" must be true or false`);
    }
  }
  const notice = notices.find((each) => each === notify);
  if (notify !== undefined && notice === undefined) {
    throw fail(`"notify" of "terminal" must be one of ${notices.join(", ")}`);
  }
  return {
    ...(named === undefined ? {} : { theme: named }),
    ...(spoken === undefined ? {} : { language: spoken }),
    ...(typeof vim === "boolean" ? { vim } : {}),
    ...(typeof fullScreen === "boolean" ? { fullScreen } : {}),
    ...(typeof mouse === "boolean" ? { mouse } : {}),
    ...(notice === undefined ? {} : { notify: notice }),
    ...(statusLine === undefined ? {} : { statusLine: readStatusLine(statusLine, fail) }),
  };
}

function readStatusLine(value: unknown, fail: (why: string) => Error): { readonly command: string } {
  // `type` and `padding` stand in files that were written for others.
  const { command } = isRecord(value) ? value : {};
  if (typeof command !== "string" || command.trim() === "" || command.length > COMMAND_CHARS_MAX) {
    throw fail('"statusLine" of "terminal" must hold a "command"');
  }
  return { command };
}

/**
 * For the first picture, which waits for nothing: a file that is wrong is as none here, and is named when the session
 * reads it whole.
 */
export function peekTerminalSettings(home: string): TerminalSettings {
  try {
    const path = join(home, ".cloister", "settings.json");
    const whole = parseJson(readFileSync(path, "utf8"), path);
    const block = isRecord(whole) ? whole["terminal"] : undefined;
    return block === undefined ? {} : readTerminalSettings(block, (why) => new Error(why));
  } catch {
    return {}; // not there, or wrong: `readSettings` says so
  }
}
