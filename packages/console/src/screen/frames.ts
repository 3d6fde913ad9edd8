/** When to draw: at once for what a person does, gathered for what the model does, and never when nothing changes. */

export interface Frames {
  /** The sign that turns while something is at work. */
  readonly spinner: string;
  /** After what is being handled now: an answer to a key. */
  now(): void;
  /** With the next frame. */
  soon(): void;
  animate(isOn: boolean): void;
  stop(): void;
}

/** Fast enough to look steady, slow enough that thousands of tokens cost few frames. */
const FRAME_MS = 40;
const SPIN_MS = 120;
const signs = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function createFrames(draw: () => void): Frames {
  let timer: NodeJS.Timeout | undefined;
  let spin: NodeJS.Timeout | undefined;
  let turn = 0;
  const run = (): void => {
    clearTimeout(timer);
    timer = undefined;
    draw();
  };
  return {
    get spinner() {
      return signs[turn % signs.length] ?? "";
    },
    now: run,
    soon: () => {
      timer ??= setTimeout(run, FRAME_MS);
    },
    animate: (isOn) => {
      if (isOn === (spin !== undefined)) return;
      clearInterval(spin);
      spin = undefined;
      if (!isOn) return;
      spin = setInterval(() => {
        turn += 1;
        run();
      }, SPIN_MS);
    },
    stop: () => {
      clearTimeout(timer);
      clearInterval(spin);
      timer = undefined;
      spin = undefined;
    },
  };
}
