/** Calls a person who may be elsewhere: once for each end of work and each question, and never one who is at the keys. */
import type { Clock } from "@cloister/base";

export interface Attention {
  /** The terminal says whether somebody looks at it. Many never do, and tmux only if it was told to. */
  readonly focus: (isFocused: boolean) => void;
  /** A key was pressed. */
  readonly typed: () => void;
  readonly call: (text: string) => void;
}

export interface AttentionOptions {
  readonly clock: Pick<Clock, "now">;
  readonly how: "bell" | "desktop" | "off";
  readonly ring: () => void;
  /** On the desktop. */
  readonly notify: (text: string) => void;
}

/** Where the terminal says nothing of its focus, somebody who pressed no key for so long is taken to be away. */
const AWAY_MS = 15_000;

export function createAttention({ clock, how, ring, notify }: AttentionOptions): Attention {
  let isFocused: boolean | undefined;
  let typedAt = clock.now();
  const isAway = (): boolean => (isFocused === undefined ? clock.now() - typedAt >= AWAY_MS : !isFocused);
  return {
    focus: (given) => {
      isFocused = given;
    },
    typed: () => {
      typedAt = clock.now();
    },
    call: (text) => {
      if (how === "off" || !isAway()) return;
      if (how === "desktop") notify(text);
      // Beside a notice too: within tmux, and in a terminal that shows none, it is what arrives.
      ring();
    },
  };
}
