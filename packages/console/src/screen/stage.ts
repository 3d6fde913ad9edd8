/**
 * Which screen is shown, and who has the terminal: the conversation in the terminal's scroll or on a screen of its own, a text
 * to be read before it, or another program.
 */
import type { Input } from "../edit/keys.ts";
import type { FullMode } from "../full/full-mode.ts";
import type { Line } from "../text/line.ts";
import type { InlineScreen } from "./inline.ts";
import type { Pager } from "./pager.ts";
import type { Terminal, TerminalHandlers } from "./terminal.ts";
import type { Theme } from "./theme.ts";
import { vocabulary as v } from "./vocabulary.ts";

export interface Stage {
  /** Somebody else has the terminal for now. */
  readonly isAway: boolean;
  /** True: what is read was drawn, in the place of the conversation. */
  drawPager(): boolean;
  /** True: the key was for what is read. */
  inputPager(input: Input): boolean;
  read(pager: Pager): void;
  /** The first lines, and on which screen. */
  begin(first: (columns: number) => Line[], isFull: boolean): void;
  /** To the other screen. */
  switch(): Promise<void>;
  /** The terminal is somebody else's until it resolves. What it rejects with is shown. */
  lend(borrow: () => Promise<void>): Promise<void>;
  /** All of it, again. */
  redraw(): void;
  /** An empty screen. */
  clear(): void;
  resize(): void;
  /** The terminal's own screen, with these as the last lines. */
  end(last: () => readonly Line[]): void;
}

export interface StageOptions {
  readonly terminal: Terminal;
  readonly inline: InlineScreen;
  readonly full: FullMode;
  readonly theme: () => Theme;
  readonly handlers: () => TerminalHandlers;
  /** Draws, now. */
  readonly draw: () => void;
  readonly trouble: (error: unknown) => void;
}

export function createStage(options: StageOptions): Stage {
  const { terminal, inline, full, draw, trouble } = options;
  let pager: Pager | undefined;
  let isAway = false;
  const erase = (): void => terminal.write(inline.clear());
  const print = (finished: readonly Line[]): void => terminal.write(inline.draw({ finished, live: [] }));
  const redraw = (): void => {
    if (full.isOn) full.reset();
    else erase();
    draw();
  };
  const closePager = (): void => {
    pager = undefined;
    if (full.isOn) return redraw();
    terminal.write(v.alternateOff);
    draw();
  };
  return {
    get isAway() {
      return isAway;
    },
    drawPager: () => {
      if (pager === undefined) return false;
      terminal.write(pager.draw(terminal, options.theme()));
      return true;
    },
    inputPager: (input) => {
      if (pager === undefined) return false;
      if (pager.input(input)) closePager();
      return true;
    },
    read: (opened) => {
      if (pager === undefined && !full.isOn) terminal.write(v.alternateOn);
      pager = opened;
      draw();
    },
    begin: (first, isFull) => {
      if (!isFull) {
        print(first(terminal.columns - 1));
        return draw();
      }
      // Its code is on its way: until then nothing is drawn that would be taken back at once.
      isAway = true;
      const entered = full.enter().finally(() => (isAway = false));
      entered.then(draw, trouble);
    },
    switch: async () => {
      if (full.isOn) {
        const finished = full.leave();
        erase();
        print(finished);
      } else {
        await full.enter(() => {
          draw();
          erase();
        });
      }
      draw();
    },
    lend: async (borrow) => {
      isAway = true;
      if (full.isOn) full.lend();
      else erase();
      terminal.stop();
      try {
        await borrow();
      } catch (error) {
        trouble(error);
      } finally {
        isAway = false;
        terminal.start(options.handlers());
        if (full.isOn) full.takeBack();
        redraw();
      }
    },
    redraw,
    clear: () => {
      full.turnPage();
      if (full.isOn) return redraw();
      terminal.write(`${inline.clear()}${v.eraseAll}${v.home}`);
      draw();
    },
    resize: () => {
      const text = inline.resize(terminal);
      if (pager === undefined && !full.isOn) terminal.write(text);
      full.reset();
      draw();
    },
    end: (last) => {
      if (pager !== undefined && !full.isOn) terminal.write(v.alternateOff);
      pager = undefined;
      const kept = full.end();
      erase();
      print([...kept, ...last()]);
    },
  };
}
