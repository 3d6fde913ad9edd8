/**
 * Between the terminal's own scroll and a screen of our own, and back; nothing is lost on the way. What does the drawing
 * is loaded when it is first wanted.
 */
import type { Bottom } from "../bottom.ts";
import type { Scene } from "../blocks/scene.ts";
import type { Input } from "../edit/keys.ts";
import type { Terminal } from "../screen/terminal.ts";
import type { Theme } from "../screen/theme.ts";
import { vocabulary as v } from "../screen/vocabulary.ts";
import type { Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import type { FullInput, FullScreen } from "./full-screen.ts";

export interface FullMode {
  readonly isOn: boolean;
  /** @param before is called when all is there: to finish what is on the screen now, if anything is */
  enter(before?: () => void): Promise<void>;
  /** The terminal's own screen again. What was said meanwhile, to be printed there. */
  leave(): Line[];
  /** As `leave`, for good. */
  end(): Line[];
  /** The terminal is somebody else's until `takeBack`. */
  lend(): void;
  takeBack(): void;
  draw(live: readonly Line[], bottom: Bottom): void;
  /** False: the key is for others. */
  input(input: Input, more: FullInput): boolean;
  toEnd(): void;
  /** What comes now begins on an empty screen; what was said is above it. */
  turnPage(): void;
  /** Everything is written again with the next picture. */
  reset(): void;
}

export interface FullModeOptions {
  readonly terminal: Terminal;
  readonly scene: Scene;
  readonly words: ConsoleWords;
  readonly theme: () => Theme;
  readonly hasMouse: boolean;
  /** Asks for another picture. */
  readonly soon: () => void;
  /** Sees to it that the terminal is told this, too, if the process dies without a word. */
  readonly guard: ((restore: string) => () => void) | undefined;
}

/** More is in the saved session, and nobody scrolls through it. */
const LINES_PRINTED_MAX = 1000;

export function createFullMode(options: FullModeOptions): FullMode {
  const { terminal, scene, words, theme, hasMouse } = options;
  const { roll } = scene;
  let screen: FullScreen | undefined;
  let isOn = false;
  let isEnded = false;
  /** The first block that the terminal's own screen does not have. */
  let unprinted = 0;
  let unguard: (() => void) | undefined;
  // Some terminals keep the keyboard's mode of each screen by itself (kitty), so it is set on both.
  const on = `${v.alternateOn}${v.wheelOff}${hasMouse ? v.mouseOn : ""}${v.kittyOn}`;
  const off = `${v.kittyOff}${hasMouse ? v.mouseOff : ""}${v.alternateOff}${v.showCursor}`;

  const leave = (): Line[] => {
    if (!isOn) return [];
    const { columns } = terminal;
    scene.keep(columns - 1);
    const lines = screen?.printed(unprinted, columns, LINES_PRINTED_MAX) ?? [];
    roll.rest();
    isOn = false;
    terminal.write(off);
    unguard?.();
    unguard = undefined;
    return lines;
  };

  return {
    get isOn() {
      return isOn;
    },
    leave,
    end: () => {
      isEnded = true;
      return leave();
    },
    enter: async (before) => {
      const { createFullScreen } = await import("./full-screen.ts");
      if (isOn || isEnded) return;
      screen ??= createFullScreen(roll, words, options.soon);
      before?.();
      unprinted = before === undefined ? roll.first : (roll.growing ?? roll.end);
      isOn = true;
      screen.reset();
      screen.toEnd();
      terminal.write(on);
      unguard = options.guard?.(`${off}${v.focusOff}${v.bracketedPasteOff}${v.kittyOff}`);
    },
    lend: () => terminal.write(off),
    takeBack: () => {
      screen?.reset();
      terminal.write(on);
    },
    draw: (live, bottom) => {
      const { columns, rows } = terminal;
      terminal.write(screen?.draw({ live, bottom, columns, rows, theme: theme() }) ?? "");
    },
    input: (input, more) => isOn && screen?.input(input, more) === true,
    toEnd: () => screen?.toEnd(),
    turnPage: () => {
      roll.turnPage();
      screen?.toEnd();
    },
    reset: () => screen?.reset(),
  };
}
