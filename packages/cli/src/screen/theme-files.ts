/** Themes of a person's own: `~/.cloister/themes/NAME.json`. */
import { readdirSync, readFileSync, statSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { CloisterError, messageOf, parseJson, systemCodeOf, type Clock } from "@cloister/base";
import { readOwnTheme, type OwnTheme } from "@cloister/console";
import { placeInJson } from "../json-place.ts";
import { isThemeName } from "./terminal-settings.ts";

export interface ReadThemeFile {
  /** Undefined: there is none to be had from it. */
  readonly theme: OwnTheme | undefined;
  /** For the person. Of a theme that is partly wrong the rest holds. */
  readonly trouble: CloisterError | undefined;
}

const THEMES_MAX = 100;
const THEME_BYTES_MAX = 64 * 1024;

/** Names, without what is no name of a theme. */
export function listThemes(home: string): readonly string[] {
  const folder = themesFolder(home);
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const files = isFolder ? readdirSync(folder) : [];
  const names = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  return names.filter(isThemeName).toSorted().slice(0, THEMES_MAX);
}

export function readThemeFile(home: string, name: string): ReadThemeFile {
  const path = join(themesFolder(home), `${name}.json`);
  try {
    const stats = statSync(path);
    // A pipe would be waited for without end.
    if (!stats.isFile()) throw new Error("it is no plain file");
    if (stats.size > THEME_BYTES_MAX) throw new Error("it is larger than 64 KiB");
    const { theme, problems } = readOwnTheme(name, parseJson(readFileSync(path, "utf8"), path));
    return { theme, trouble: problems.length === 0 ? undefined : bad(`${path}: ${problems.join("; ")}`) };
  } catch (error) {
    const isBroken = error instanceof CloisterError && error.code === "bad-json";
    const why = isBroken
      ? `it is not valid JSON${placeInJson(error)}`
      : ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")
        ? "there is no such file"
        : messageOf(error);
    return { theme: undefined, trouble: bad(`${path}: ${why}`) };
  }
}

export interface OwnThemes {
  /** From now on it is shown anew whenever its file changes. Without a name: none is. */
  follow(name: string | undefined): void;
  close(): void;
}

export interface OwnThemesScreen {
  readonly setTheme: (theme: OwnTheme) => void;
  readonly trouble: (error: CloisterError) => void;
}

/** An editor may take several steps to write a file. */
const SETTLED_MS = 100;

/** Holds no process. */
export function openOwnThemes(home: string, clock: Clock, screen: () => OwnThemesScreen): OwnThemes {
  let watcher: FSWatcher | undefined;
  let isReading = false;
  const show = (name: string): void => {
    const { theme, trouble } = readThemeFile(home, name);
    if (theme !== undefined) screen().setTheme(theme);
    if (trouble !== undefined) screen().trouble(trouble);
  };
  const stop = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    follow: (name) => {
      stop();
      if (name === undefined) return;
      try {
        // The folder, since editors put a new file in the place of the old one.
        const own = watch(themesFolder(home), { persistent: false }, (_what, file) => {
          if (file !== `${name}.json` || isReading) return;
          isReading = true;
          const settled = (): void => {
            isReading = false;
            if (watcher === own) show(name);
          };
          void clock.sleep(SETTLED_MS).then(settled);
        });
        own.on("error", stop);
        watcher = own;
      } catch {
        // Not every file system tells of changes: the next start reads it anew.
      }
    },
    close: stop,
  };
}

function themesFolder(home: string): string {
  return join(home, ".cloister", "themes");
}

function bad(message: string): CloisterError {
  return new CloisterError(message, {
    code: "bad-theme",
    next: "mend the file, or choose another by /theme",
  });
}
