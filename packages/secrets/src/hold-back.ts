import { unfinishedAt } from "./placeholder.ts";

/** Passes a text on in pieces, none of which ends inside a placeholder. */
export interface HoldBack {
  /** What may be passed on now: everything but the beginning of a placeholder at the end. */
  push(piece: string): string;
  /** The rest. */
  end(): string;
}

export function createHoldBack(): HoldBack {
  let held = "";
  return {
    push(piece) {
      const text = held + piece;
      const safe = unfinishedAt(text);
      held = text.slice(safe);
      return text.slice(0, safe);
    },
    end() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}
