/**
 * What a terminal shows: the part of ECMA-48 and of xterm's sequences that programs use to draw. Colours are left out,
 * and what is not known is passed over. A model reads the screen as a person would, and not what was drawn over.
 */

export interface Screen {
  readonly write: (text: string) => void;
  /**
   * Lines that left the screen at the top since the last `forget`, then those it shows, without blanks at the ends. A
   * line that only the screen's width broke is one line: half of a secret is not known for one.
   */
  readonly show: () => string;
  readonly forget: () => void;
}

export interface ScreenOptions {
  readonly columns: number;
  readonly rows: number;
  /** Of the lines that left the screen, the newest are kept. */
  readonly charsMax: number;
  /** Programs ask where the cursor is, and wait for the answer. */
  readonly reply: (text: string) => void;
}

/** A sequence that does not end within this many characters is none. */
const SEQUENCE_CHARS_MAX = 4096;
const COUNT_MAX = 10_000;
const csi = /^\[([0-9;?<=>!]*)[ -/]*([@-~])/;
/** Character sets and the like: of no consequence for what is shown. */
const selection = /^[ -/]+[0-~]/;
const controlCharacter = /\p{Cc}/gu;
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

export function createScreen({ columns, rows, charsMax, reply }: ScreenOptions): Screen {
  const blank = (): string[] => Array.from({ length: columns }, () => " ");
  const blankAll = (): string[][] => Array.from({ length: rows }, blank);
  let lines = blankAll();
  let other: string[][] | undefined;
  /** Each with its line break, if it has one. */
  let left: string[] = [];
  let leftChars = 0;
  /** Lines that go on in the next one. */
  const broken = new WeakSet<readonly string[]>();
  const told = (line: readonly string[]): string =>
    broken.has(line) ? line.join("") : `${line.join("").trimEnd()}\n`;
  let [row, column, top, bottom] = [0, 0, 0, rows - 1];
  let saved = { row: 0, column: 0 };
  let rest = "";

  const keep = (line: readonly string[]): void => {
    // A program that has the whole screen draws, and prints nothing.
    if (other !== undefined) return;
    const text = told(line);
    left.push(text);
    leftChars += text.length;
    while (leftChars > charsMax) leftChars -= left.shift()?.length ?? 0;
  };
  const scroll = (from: number, count: number): void => {
    for (let n = 0; n < Math.min(count, rows); n++) {
      const [gone] = lines.splice(from, 1);
      lines.splice(bottom, 0, blank());
      if (gone !== undefined && from === 0) keep(gone);
    }
  };
  const scrollBack = (from: number, count: number): void => {
    for (let n = 0; n < Math.min(count, rows); n++) {
      lines.splice(bottom, 1);
      lines.splice(from, 0, blank());
    }
  };
  const feed = (): void => {
    if (row === bottom) scroll(top, 1);
    else if (row < rows - 1) row += 1;
  };
  const go = (nextRow: number, nextColumn: number): void => {
    row = Math.max(0, Math.min(rows - 1, nextRow));
    column = Math.max(0, Math.min(columns - 1, nextColumn));
  };
  const erase = (line: number, from: number, to: number): void => {
    const erased = lines[line];
    erased?.fill(" ", from, to);
    if (erased !== undefined && to === columns) broken.delete(erased);
  };
  const put = (text: string): void => {
    for (const character of text) {
      const width = wide.test(character) ? 2 : 1;
      if (column + width > columns) {
        const full = lines[row];
        // A program that has the whole screen draws each line where it wants it.
        if (full !== undefined && other === undefined) broken.add(full);
        column = 0;
        feed();
      }
      const line = lines[row];
      if (line === undefined) return;
      line[column] = character;
      if (width === 2) line[column + 1] = "";
      column += width;
    }
  };
  const control = (character: string): void => {
    if (character === "\n" || character === "\v" || character === "\f") feed();
    else if (character === "\r") column = 0;
    else if (character === "\b") column = Math.max(0, Math.min(column, columns - 1) - 1);
    else if (character === "\t") column = Math.min(columns - 1, (Math.floor(column / 8) + 1) * 8);
  };
  const clear = (what: number): void => {
    if (what === 0) erase(row, column, columns);
    if (what === 1) erase(row, 0, column + 1);
    for (let at = 0; at < rows; at++) {
      if (what >= 2 || (what === 0 && at > row) || (what === 1 && at < row)) erase(at, 0, columns);
    }
  };
  const switchScreen = (toOther: boolean): void => {
    if (toOther && other === undefined) {
      other = lines;
      saved = { row, column };
      lines = blankAll();
    } else if (!toOther && other !== undefined) {
      lines = other;
      other = undefined;
      go(saved.row, saved.column);
    }
  };
  const insert = (count: number): void => {
    const line = lines[row];
    line?.splice(column, 0, ...blank().slice(0, Math.min(count, columns)));
    if (line !== undefined) line.length = columns;
  };
  const remove = (count: number): void => {
    const line = lines[row];
    const gone = line?.splice(column, Math.min(count, columns)) ?? [];
    line?.push(...gone.fill(" "));
  };
  const sequence = (parameters: string, letter: string): void => {
    if (/^[<=>!]/.test(parameters)) return;
    const numbers = parameters
      .replace("?", "")
      .split(";")
      .map((text) => Math.min(Number(text) || 0, COUNT_MAX));
    const [first = 0, second = 0] = numbers;
    const count = Math.max(1, first);
    if (parameters.startsWith("?")) {
      const isScreen = numbers.some((number) => number === 47 || number === 1047 || number === 1049);
      if (isScreen && (letter === "h" || letter === "l")) switchScreen(letter === "h");
      return;
    }
    const acts: Readonly<Record<string, () => void>> = {
      A: () => go(row - count, column),
      B: () => go(row + count, column),
      C: () => go(row, column + count),
      D: () => go(row, Math.min(column, columns - 1) - count),
      E: () => go(row + count, 0),
      F: () => go(row - count, 0),
      G: () => go(row, count - 1),
      d: () => go(count - 1, column),
      H: () => go(first - 1, second - 1),
      f: () => go(first - 1, second - 1),
      J: () => clear(first),
      K: () => erase(row, first === 0 ? column : 0, first === 1 ? column + 1 : columns),
      X: () => erase(row, column, Math.min(columns, column + count)),
      "@": () => insert(count),
      P: () => remove(count),
      L: () => row >= top && row <= bottom && scrollBack(row, count),
      M: () => {
        if (row > bottom) return;
        for (let n = 0; n < Math.min(count, rows); n++) {
          lines.splice(row, 1);
          lines.splice(bottom, 0, blank());
        }
      },
      S: () => scroll(top, count),
      T: () => scrollBack(top, count),
      r: () => {
        [top, bottom] = [Math.min(count, rows) - 1, (second === 0 ? rows : Math.min(second, rows)) - 1];
        if (top >= bottom) [top, bottom] = [0, rows - 1];
        go(0, 0);
      },
      s: () => (saved = { row, column }),
      u: () => go(saved.row, saved.column),
      n: () => first === 6 && reply(`\u001b[${row + 1};${Math.min(column, columns - 1) + 1}R`),
    };
    acts[letter]?.();
  };
  const escape = (letter: string): void => {
    if (letter === "7") saved = { row, column };
    else if (letter === "8") go(saved.row, saved.column);
    else if (letter === "D" || letter === "E") {
      if (letter === "E") column = 0;
      feed();
    } else if (letter === "M") {
      if (row === top) scrollBack(top, 1);
      else go(row - 1, column);
    } else if (letter === "c") {
      lines = blankAll();
      [row, column, top, bottom] = [0, 0, 0, rows - 1];
    }
  };

  /** Obeys the sequence that follows an escape, and gives its length; undefined when it has no end yet. */
  const escapeAt = (text: string): number | undefined => {
    const [first = ""] = text;
    if (first === "[") {
      const found = csi.exec(text);
      if (found !== null) sequence(found[1] ?? "", found[2] ?? "");
      return found?.[0].length;
    }
    // Titles, links and other strings, up to a bell or "escape, backslash".
    if (first !== "" && "]PX^_".includes(first)) {
      const ends = [text.indexOf("\u0007") + 1, text.indexOf("\u001b\\") + 2].filter((end) => end > 1);
      return ends.length === 0 ? undefined : Math.min(...ends);
    }
    if (first >= " " && first <= "/") return selection.exec(text)?.[0].length;
    if (first !== "") escape(first);
    return first === "" ? undefined : first.length;
  };

  return {
    write: (text) => {
      const all = rest + text;
      let at = 0;
      while (at < all.length) {
        controlCharacter.lastIndex = at;
        const next = controlCharacter.exec(all)?.index ?? all.length;
        put(all.slice(at, next));
        at = next + 1;
        if (all[next] !== "\u001b") {
          control(all[next] ?? "");
          continue;
        }
        const length = escapeAt(all.slice(at, at + SEQUENCE_CHARS_MAX));
        if (length === undefined && all.length - at < SEQUENCE_CHARS_MAX) {
          at = next; // its end has not come yet
          break;
        }
        at += length ?? 0;
      }
      rest = all.slice(at);
    },
    show: () => {
      return [...left, ...lines.map(told)].join("").trimEnd();
    },
    forget: () => {
      left = [];
      leftChars = 0;
    },
  };
}
