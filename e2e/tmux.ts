/** A real terminal to drive the product in: tmux, with a server of its own, keys in and screens out. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { mainFile, until, type Place } from "./harness.ts";

export interface Pane extends Disposable {
  /** Typed as text, whatever is in it. */
  type(text: string): void;
  /** By tmux's names: `Enter`, `C-c`, `M-Enter`, `Escape`. */
  press(...keys: readonly string[]): void;
  paste(text: string): void;
  resize(columns: number, rows: number): void;
  /** What is seen; with `everything`, what scrolled away above it too. */
  screen(options?: { readonly everything?: boolean; readonly colours?: boolean }): string;
  /** Resolves with the first screen that has it. */
  sees(what: RegExp | string): Promise<string>;
  /** Sends a message, once it stands in its line; resolves with the first screen that has what follows. */
  readonly say: (text: string, sees: RegExp | string) => Promise<string>;
}

export interface PaneOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A shell in the project; `cloister` in it is the product under test. */
export function openPane(place: Place, options: PaneOptions = {}): Pane {
  const { columns = 80, rows = 24, environment = {} } = options;
  const socket = join(place.base, "tmux.sock");
  const tmux = (args: readonly string[], input?: string): string =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      encoding: "utf8",
      ...(input === undefined ? {} : { input }),
      env: { PATH: process.env["PATH"], HOME: place.home, TERM: "xterm-256color", LANG: "C.UTF-8" },
    });
  if (spawnSync("tmux", ["-V"]).error !== undefined) {
    throw new Error("these tests drive a real terminal: install tmux (apt-get install tmux)");
  }
  const variables = {
    LANG: "en_US.UTF-8",
    HOME: place.home,
    NODE: process.execPath,
    MAIN: mainFile,
    NODE_COMPILE_CACHE: join(process.env["TMPDIR"] ?? "/tmp", "cloister-compile-cache"),
    ...environment,
  };
  const set = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const size = ["-x", String(columns), "-y", String(rows)];
  tmux(["new-session", "-d", ...size, ...set, "-c", place.project, "bash --norc --noprofile"]);
  const screen: Pane["screen"] = ({ everything = false, colours = false } = {}) => {
    const args = [...(everything ? ["-S", "-"] : []), ...(colours ? ["-e"] : [])];
    return tmux(["capture-pane", "-p", ...args]).trimEnd();
  };
  const pane: Pane = {
    type: (text) => void tmux(["send-keys", "-l", text]),
    press: (...keys) => void tmux(["send-keys", ...keys]),
    paste: (text) => {
      tmux(["load-buffer", "-"], text);
      tmux(["paste-buffer", "-p", "-r"]);
    },
    resize: (width, height) => void tmux(["resize-window", "-x", String(width), "-y", String(height)]),
    screen,
    sees: async (what) => {
      try {
        return await until(`the screen to show ${String(what)}`, () => {
          const shown = screen();
          return (typeof what === "string" ? shown.includes(what) : what.test(shown)) ? shown : undefined;
        });
      } catch (error) {
        throw new Error(`${String(what)} is not on the screen:\n${screen()}`, { cause: error });
      }
    },
    say: async (text, sees) => {
      pane.type(text);
      await pane.sees(`❯ ${text}`);
      pane.press("Enter");
      return await pane.sees(sees);
    },
    [Symbol.dispose]: () => {
      tmux(["kill-server"]);
    },
  };
  pane.type(`PS1='$ '; cloister() { "$NODE" "$MAIN" "$@"; }; clear`);
  pane.press("Enter");
  return pane;
}

/** Times, speeds and places differ from run to run; what is left has to be the same. */
export function steady(screen: string, place: Place): string {
  return screen
    .replaceAll(place.project, "PROJECT")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
    .replaceAll(/\d+(?:\.\d+)? s\b/g, "N s")
    .replaceAll(/\d+(?:\.\d+)?[kM]? in, \d+(?:\.\d+)?[kM]? out/g, "N in, N out")
    .replaceAll(/ · first after N s/g, "")
    .replaceAll(/ · \d+ tok\/s/g, "")
    .replaceAll(/\d+ % of \S+/g, "N % of N")
    .replaceAll(/ {2}N s · /g, "  ")
    .replaceAll(/ {2}N s$/gm, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
