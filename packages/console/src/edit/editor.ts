/** The text being written: a cursor, undo, a kill ring, and pastes that stand in it as placeholders. */
import { graphemes } from "../text/width.ts";

export interface Editor {
  readonly text: string;
  /** In UTF-16 units, between grapheme clusters. */
  readonly cursor: number;
  insert(text: string): void;
  /**
   * Long ones stand as `label(lines)`, one character wide for the cursor's moves and for deletion. `lines`: where they
   * were counted already; the text itself is then not looked at before it is sent.
   */
  paste(text: string, lines?: number): void;
  /** A word that is moved over and deleted as one, also when it comes back from the history. */
  atom(text: string): void;
  /** Everything, pastes written out. */
  expand(): string;
  set(text: string, cursor?: number): void;
  clear(): void;
  /** The cursor alone; nothing to undo. */
  move(cursor: number): void;
  replace(from: number, to: number, text: string): void;
  run(action: EditAction): void;
}

export type EditAction =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "line-start"
  | "line-end"
  | "line-up"
  | "line-down"
  | "delete-left"
  | "delete-right"
  | "delete-word-left"
  | "delete-word-right"
  | "kill-to-start"
  | "kill-to-end"
  | "yank"
  | "undo"
  | "redo";

interface State {
  readonly text: string;
  readonly cursor: number;
}

const UNDO_STEPS_MAX = 500;
const KILLS_MAX = 20;
/** A paste beyond either of these stands as a placeholder. */
const PASTE_LINES_SHOWN_MAX = 10;
const PASTE_CHARS_SHOWN_MAX = 1000;
const ATOMS_MAX = 100;

export function createEditor(label: (lines: number, number: number) => string): Editor {
  let state: State = { text: "", cursor: 0 };
  let undone: State[] = [];
  let done: State[] = [];
  /** What the last change was, so that typed letters are undone as a word and not one by one. */
  let lastChange = "";
  const kills: string[] = [];
  /** By their placeholders. One that is not in the text stays: undo may bring it back. */
  const pastes = new Map<string, { readonly text: string; readonly number: number }>();
  const atoms = new Set<string>();
  /** What stands for something else: half of it would stand for nothing. */
  const whole = (): string[] => [...pastes.keys(), ...atoms];
  /**
   * Numbered after those that stand in the text: a message that comes back while a person goes through the history, or
   * is found anew with each letter of a search, looks the same each time.
   */
  const placeholderFor = (text: string, lines: number): string => {
    const standing = [...pastes].filter(([shown]) => state.text.includes(shown));
    let number = Math.max(0, ...standing.map(([, paste]) => paste.number)) + 1;
    const isAnothers = (shown: string): boolean => (pastes.get(shown)?.text ?? text) !== text;
    while (isAnothers(label(lines, number))) number += 1;
    const shown = label(lines, number);
    pastes.set(shown, { text, number });
    return shown;
  };
  /** The nearest place that is in none of them. */
  const outside = (at: number, side: "left" | "right"): number => {
    for (const each of whole()) {
      const from = state.text.lastIndexOf(each, at - 1);
      const to = from + each.length;
      const isWithin = from >= 0 && from < at && at < to;
      if (isWithin) return side === "left" ? from : to;
    }
    return at;
  };

  const change = (next: State, kind: string): void => {
    const joins = kind !== "" && kind === lastChange;
    if (!joins) done.push(state);
    if (done.length > UNDO_STEPS_MAX) done.shift();
    undone = [];
    lastChange = kind;
    state = next;
  };
  const move = (cursor: number): void => {
    lastChange = "";
    state = { ...state, cursor: outside(cursor, cursor < state.cursor ? "left" : "right") };
  };
  const replace = (from: number, to: number, text: string, kind = ""): void =>
    change(
      { text: state.text.slice(0, from) + text + state.text.slice(to), cursor: from + text.length },
      kind,
    );
  const kill = (start: number, end: number): void => {
    if (start === end) return;
    const [from, to] = [outside(start, "left"), outside(end, "right")];
    kills.push(state.text.slice(from, to));
    if (kills.length > KILLS_MAX) kills.shift();
    replace(from, to, "");
  };
  const placeholderAt = (at: number, side: "left" | "right"): string | undefined =>
    whole().find((each) =>
      side === "left" ? state.text.endsWith(each, at) : state.text.startsWith(each, at),
    );
  const before = (at: number): number => {
    const lineStart = state.text.lastIndexOf("\n", at - 1) + 1;
    if (at === lineStart) return Math.max(0, at - 1);
    return at - (placeholderAt(at, "left") ?? graphemes(state.text.slice(lineStart, at)).at(-1) ?? "").length;
  };
  const after = (at: number): number => {
    const placeholder = placeholderAt(at, "right");
    if (placeholder !== undefined) return at + placeholder.length;
    return at + (graphemes(state.text.slice(at, at + CLUSTER_UNITS_MAX))[0] ?? "").length;
  };

  const run = (action: EditAction): void => {
    const { text, cursor } = state;
    const start = text.lastIndexOf("\n", cursor - 1) + 1;
    const end = endOfLine(text, cursor);
    switch (action) {
      case "left":
        return move(before(cursor));
      case "right":
        return move(after(cursor));
      case "word-left":
        return move(wordLeft(text, cursor));
      case "word-right":
        return move(wordRight(text, cursor));
      case "line-start":
        return move(start);
      case "line-end":
        return move(end);
      case "line-up":
        return move(
          start === 0 ? 0 : Math.min(text.lastIndexOf("\n", start - 2) + 1 + cursor - start, start - 1),
        );
      case "line-down":
        return move(end === text.length ? end : Math.min(end + 1 + cursor - start, endOfLine(text, end + 1)));
      case "delete-left":
        return cursor === 0 ? undefined : replace(before(cursor), cursor, "", "delete");
      case "delete-right":
        return cursor === text.length ? undefined : replace(cursor, after(cursor), "", "delete");
      case "delete-word-left":
        return kill(wordLeft(text, cursor), cursor);
      case "delete-word-right":
        return kill(cursor, wordRight(text, cursor));
      case "kill-to-start":
        return kill(start === cursor ? Math.max(0, start - 1) : start, cursor);
      case "kill-to-end":
        return kill(cursor, end === cursor ? Math.min(text.length, end + 1) : end);
      case "yank":
        return replace(cursor, cursor, kills.at(-1) ?? "");
      case "undo":
        return step(done, undone);
      case "redo":
        return step(undone, done);
    }
  };
  const step = (from: State[], to: State[]): void => {
    const next = from.pop();
    if (next === undefined) return;
    to.push(state);
    state = next;
    lastChange = "";
  };

  return {
    get text() {
      return state.text;
    },
    get cursor() {
      return state.cursor;
    },
    insert: (text) => {
      const kind = /^[^\s]$/u.test(text) ? "type" : "";
      replace(state.cursor, state.cursor, text, kind);
    },
    paste: (text, lines = countLines(text)) => {
      const isLong = lines > PASTE_LINES_SHOWN_MAX || text.length > PASTE_CHARS_SHOWN_MAX;
      const shown = isLong ? placeholderFor(text, lines) : text;
      replace(state.cursor, state.cursor, shown);
    },
    atom: (text) => {
      atoms.add(text);
      const [first] = atoms;
      if (atoms.size > ATOMS_MAX && first !== undefined) atoms.delete(first);
      replace(state.cursor, state.cursor, text);
    },
    expand: () => {
      let text = state.text;
      // By a function: a replacement text would take `$&` in a paste for an instruction.
      for (const [shown, pasted] of pastes) text = text.replace(shown, () => pasted.text);
      return text;
    },
    set: (text, cursor = text.length) => change({ text, cursor }, ""),
    clear: () => {
      state = { text: "", cursor: 0 };
      done = [];
      undone = [];
      lastChange = "";
      pastes.clear();
    },
    move: (cursor) => move(Math.max(0, Math.min(state.text.length, cursor))),
    replace: (from, to, text) =>
      from < to ? replace(outside(from, "left"), outside(to, "right"), text) : replace(from, to, text),
    run,
  };
}

/** A cluster may be long (a family of emoji), but not longer than this. */
const CLUSTER_UNITS_MAX = 128;

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function wordLeft(text: string, at: number): number {
  const word = /[\p{L}\p{M}\p{N}_]+[^\p{L}\p{M}\p{N}_]*$|[^\p{L}\p{M}\p{N}_]+$/u.exec(text.slice(0, at));
  return word === null ? 0 : word.index;
}

function wordRight(text: string, at: number): number {
  const word = /^[^\p{L}\p{M}\p{N}_]*[\p{L}\p{M}\p{N}_]+|^[^\p{L}\p{M}\p{N}_]+/u.exec(text.slice(at));
  return at + (word?.[0].length ?? 0);
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
