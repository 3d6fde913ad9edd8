/** Where a panel stands. One at a time: who asks while another is open waits until it is closed. */
import type { Input } from "../edit/keys.ts";
import type { Panel } from "./panel.ts";

export interface PanelSlot {
  readonly open: Panel | undefined;
  /** Resolves with what the panel settles with. */
  show<T>(make: (settle: (value: T) => void) => Panel): Promise<T>;
  /** For the panel that is open. */
  input(input: Input): void;
}

export function createPanelSlot(changed: () => void): PanelSlot {
  let open: Panel | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    get open() {
      return open;
    },
    show: <T>(make: (settle: (value: T) => void) => Panel): Promise<T> => {
      const shown = last.then(
        () =>
          new Promise<T>((resolve) => {
            open = make(resolve);
            changed();
          }),
      );
      last = shown;
      return shown;
    },
    input: (input) => {
      const panel = open;
      if (panel?.input(input) === true && open === panel) open = undefined;
    },
  };
}
