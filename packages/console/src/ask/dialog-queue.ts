/** Dialogs one after another: the first is on the screen, the others wait. */
import type { Line } from "../text/line.ts";
import type { Dialog } from "./dialogs.ts";

export interface DialogQueue {
  readonly first: Dialog | undefined;
  readonly length: number;
  open(dialogs: readonly Dialog[]): void;
  close(dialog: Dialog): void;
  /** The work they belong to is over. */
  clear(): void;
}

/** @param print shows what a dialog is about, once it is its turn */
export function createDialogQueue(
  columns: () => number,
  print: (lines: readonly Line[]) => void,
): DialogQueue {
  let dialogs: readonly Dialog[] = [];
  const show = (): void => {
    const lines = dialogs[0]?.shown(columns()) ?? [];
    if (lines.length > 0) print(lines);
  };
  return {
    get first() {
      return dialogs[0];
    },
    get length() {
      return dialogs.length;
    },
    open: (opened) => {
      const isFirst = dialogs.length === 0;
      dialogs = [...dialogs, ...opened];
      if (isFirst) show();
    },
    close: (dialog) => {
      const wasFirst = dialogs[0] === dialog;
      dialogs = dialogs.filter((each) => each !== dialog);
      if (wasFirst) show();
    },
    clear: () => {
      dialogs = [];
    },
  };
}
