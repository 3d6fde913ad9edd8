/** The output of a command in the background, as far as it is kept: the newest, and no more than a limit. */
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import { createScreen, type ScreenOptions } from "./screen.ts";

export interface Kept {
  /** All that ever came. */
  readonly bytes: number;
  /** Something came since the last `take`. */
  readonly hasNews: boolean;
  add(bytes: Uint8Array): void;
  /** What came since the last time, without control sequences. */
  take(): string;
  /** The same, and it stays. */
  peek(): string;
  /** The last of all, taken or not; at most `TAIL_CHARS_MAX`. */
  tail(): string;
  /** Resolves with the next `add` or `wake`. */
  changed(): Promise<void>;
  wake(): void;
}

export function createKept({ charsMax }: { readonly charsMax: number }): Kept {
  let text = "";
  let lost = 0;
  return createAny({
    add: (more) => {
      text += more;
      // Trimmed only now and then, so that many small pieces are not copied over and over.
      if (text.length <= 1.25 * charsMax) return;
      lost += text.length - charsMax;
      text = text.slice(-charsMax);
    },
    peek: () => {
      const clean = plainText(text);
      return lost === 0 ? clean : `[${lost} older characters left out]\n${clean}`;
    },
    forget: () => {
      text = "";
      lost = 0;
    },
    isWhole: false,
  });
}

/** What stands on the screen is shown at each look, what left it at the top once. */
export function createScreenKept(options: ScreenOptions): Kept {
  const screen = createScreen(options);
  return createAny({ add: screen.write, peek: screen.show, forget: screen.forget, isWhole: true });
}

interface Store {
  add(text: string): void;
  peek(): string;
  forget(): void;
  /** What was shown before is shown again. */
  readonly isWhole: boolean;
}

const TAIL_CHARS_MAX = 2000;

function createAny(store: Store): Kept {
  const decoder = new StringDecoder("utf8");
  let bytes = 0;
  let hasNews = false;
  let taken = "";
  let next = Promise.withResolvers<void>();
  const wake = (): void => {
    next.resolve();
    next = Promise.withResolvers();
  };
  return {
    get bytes() {
      return bytes;
    },
    get hasNews() {
      return hasNews;
    },
    add: (chunk) => {
      bytes += chunk.length;
      hasNews = true;
      store.add(decoder.write(chunk));
      wake();
    },
    take: () => {
      const text = store.peek().toWellFormed();
      store.forget();
      hasNews = false;
      taken = store.isWhole ? "" : (taken + text).slice(-TAIL_CHARS_MAX);
      return text;
    },
    peek: () => store.peek().toWellFormed(),
    tail: () => (taken + store.peek()).slice(-TAIL_CHARS_MAX).toWellFormed(),
    changed: () => next.promise,
    wake,
  };
}

/** Of a line that was written over and over, such as a progress bar, the last state. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .split("\n")
    .map((line) => {
      const end = line.endsWith("\r") ? line.length - 1 : line.length;
      return line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
    })
    .join("\n");
}
