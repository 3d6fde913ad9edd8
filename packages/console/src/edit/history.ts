/** Earlier messages: one after another, or searched. Where they are kept is for the caller. */

export interface History {
  add(text: string): void;
  /** The one before what is shown; `current` is remembered for the way back. */
  older(current: string): string | undefined;
  newer(): string | undefined;
  /** Back to the end. */
  reset(): void;
  /** The newest that holds the text, further back with each `skip`. */
  search(text: string, skip: number): string | undefined;
}

const ENTRIES_MAX = 1000;

export function createHistory(earlier: readonly string[], keep: (text: string) => void = () => {}): History {
  const entries = earlier.slice(-ENTRIES_MAX);
  let at = entries.length;
  let current = "";
  return {
    add: (text) => {
      if (text !== entries.at(-1)) {
        entries.push(text);
        keep(text);
      }
      if (entries.length > ENTRIES_MAX) entries.shift();
      at = entries.length;
    },
    older: (text) => {
      if (at === 0) return undefined;
      if (at === entries.length) current = text;
      at -= 1;
      return entries[at];
    },
    newer: () => {
      if (at >= entries.length) return undefined;
      at += 1;
      return at === entries.length ? current : entries[at];
    },
    reset: () => {
      at = entries.length;
    },
    search: (text, skip) => {
      const wanted = text.toLowerCase();
      const found = entries.filter((entry) => entry.toLowerCase().includes(wanted));
      return found.at(-1 - skip);
    },
  };
}
