/**
 * Vi's keys, as far as a message needs them: counts, motions, `d` `c` `y` with a motion, doubled, or over a selection,
 * `x` `D` `C` `s` `r` `~` `p` `P` `u` `.`, and the ways into writing. What it does not know is no error: it does nothing.
 */
import type { Editor } from "./editor.ts";
import type { Input } from "./keys.ts";
import { lineEnd, lineStart, motionOf, nextCharacter, previousCharacter } from "./vim-motions.ts";

export type VimMode = "insert" | "normal" | "visual";

export interface Vim {
  readonly mode: VimMode;
  /** Keys were typed that more have to follow. */
  readonly isWaiting: boolean;
  /** True: it was vi's, and is done. */
  input(input: Input): boolean;
  /** A new message is written from the start. */
  reset(): void;
}

const COUNT_MAX = 999;
const PENDING_CHARS_MAX = 12;
const REPEAT_INPUTS_MAX = 2000;

interface Command {
  readonly count: number;
  readonly operator: string;
  /** A motion, the operator doubled, or a command of its own. */
  readonly key: string;
}

/** `incomplete`: more keys have to come. */
function parse(keys: string): Command | "incomplete" | undefined {
  const found = /^([1-9]\d*)?(?:([dcy])([1-9]\d*)?)?(.*)$/su.exec(keys);
  if (found === null) return undefined;
  const [, first = "1", operator = "", second = "1", key = ""] = found;
  if (key === "" || (/^[ftrg]$/u.test(key) && !(key === "r" && operator !== ""))) return "incomplete";
  return { count: Math.min(COUNT_MAX, Number(first) * Number(second)), operator, key };
}

export function createVim(editor: Editor): Vim {
  let mode: VimMode = "insert";
  let pending = "";
  let anchor = 0;
  let register = { text: "", isByLines: false };
  /** The last change, to be made again: the keys of the command and what was written after it. */
  let change: { readonly keys: string; readonly written: Input[] } | undefined;
  let recording: Input[] | undefined;
  let isRepeating = false;

  const toInsert = (): void => {
    mode = "insert";
    if (!isRepeating) recording = [];
  };
  const toNormal = (): void => {
    // On a character, as vi is, and not behind the last one of a line.
    if (mode === "insert" && editor.cursor > lineStart(editor.text, editor.cursor)) {
      editor.move(previousCharacter(editor.text, editor.cursor));
    }
    if (mode === "insert" && change !== undefined && recording !== undefined) {
      change = { keys: change.keys, written: recording };
    }
    recording = undefined;
    mode = "normal";
  };
  /** Behind the last character of a line there is no place but for writing. */
  const settle = (): void => {
    const { text, cursor } = editor;
    if (cursor === lineEnd(text, cursor) && cursor > lineStart(text, cursor)) {
      editor.move(previousCharacter(text, cursor));
    }
  };
  const take = (from: number, to: number, isByLines: boolean): void => {
    register = { text: editor.text.slice(from, to), isByLines };
  };
  const cut = (from: number, to: number, isByLines = false): void => {
    take(from, to, isByLines);
    editor.replace(from, to, "");
  };

  const operate = (operator: string, from: number, to: number, isByLines: boolean): void => {
    const { text } = editor;
    if (!isByLines) {
      if (operator === "y") {
        take(from, to, false);
        editor.move(from);
      } else cut(from, to);
    } else {
      const start = lineStart(text, from);
      const end = lineEnd(text, to);
      register = { text: text.slice(start, end), isByLines: true };
      if (operator === "c") editor.replace(start, end, "");
      else if (operator === "d") {
        // The line end goes too: the one after, or at the end of all the one before.
        if (end < text.length) editor.replace(start, end + 1, "");
        else editor.replace(Math.max(0, start - 1), end, "");
        editor.move(lineStart(editor.text, editor.cursor));
      }
    }
    if (operator === "c") toInsert();
  };

  const put = (isAfter: boolean, count: number): void => {
    if (register.text === "") return;
    const { text, cursor } = editor;
    if (register.isByLines) {
      const at = isAfter ? lineEnd(text, cursor) : lineStart(text, cursor);
      const lines = Array.from({ length: count }, () => register.text).join("\n");
      editor.replace(at, at, isAfter ? `\n${lines}` : `${lines}\n`);
      editor.move(isAfter ? at + 1 : at);
      return;
    }
    const at = isAfter && cursor < lineEnd(text, cursor) ? nextCharacter(text, cursor) : cursor;
    const repeated = register.text.repeat(count);
    editor.replace(at, at, repeated);
    editor.move(previousCharacter(editor.text, at + repeated.length));
  };

  /** True: the command changes the text, and `.` repeats it. */
  const run = ({ count, operator, key }: Command): boolean => {
    const { text, cursor } = editor;
    const end = lineEnd(text, cursor);
    const rightBy = (): number => {
      let at = cursor;
      for (let times = 0; times < count && at < end; times++) at = nextCharacter(text, at);
      return at;
    };
    if (operator !== "") {
      if (key === operator) {
        let last = cursor;
        for (let times = 1; times < count; times++) last = Math.min(text.length, lineEnd(text, last) + 1);
        operate(operator, cursor, last, true);
        return operator !== "y";
      }
      // Of a word to be changed its blanks stay, as in vi.
      const named = operator === "c" && key === "w" && /\S/u.test(text.charAt(cursor)) ? "e" : key;
      const motion = motionOf(named, text, cursor, count);
      if (motion === undefined) return false;
      const [from, to] = [Math.min(cursor, motion.to), Math.max(cursor, motion.to)];
      operate(
        operator,
        from,
        motion.isInclusive === true ? nextCharacter(text, to) : to,
        motion.isByLines === true,
      );
      return operator !== "y";
    }
    switch (key) {
      case "i":
        return (toInsert(), true);
      case "a":
        if (cursor < end) editor.move(nextCharacter(text, cursor));
        return (toInsert(), true);
      case "I":
        editor.move(motionOf("^", text, cursor, 1)?.to ?? cursor);
        return (toInsert(), true);
      case "A":
        editor.move(end);
        return (toInsert(), true);
      case "o":
        editor.replace(end, end, "\n");
        return (toInsert(), true);
      case "O": {
        const start = lineStart(text, cursor);
        editor.replace(start, start, "\n");
        editor.move(start);
        return (toInsert(), true);
      }
      case "x":
        if (cursor < end) cut(cursor, rightBy());
        return true;
      case "X":
        if (cursor > lineStart(text, cursor)) cut(previousCharacter(text, cursor), cursor);
        return true;
      case "s":
        cut(cursor, rightBy());
        return (toInsert(), true);
      case "D":
        cut(cursor, end);
        return true;
      case "C":
        cut(cursor, end);
        return (toInsert(), true);
      case "S":
        operate("c", cursor, cursor, true);
        return true;
      case "Y":
        operate("y", cursor, cursor, true);
        return false;
      case "p":
      case "P":
        put(key === "p", count);
        return true;
      case "~": {
        const piece = text.slice(cursor, rightBy());
        const lower = piece.toLowerCase();
        editor.replace(cursor, cursor + piece.length, piece === lower ? piece.toUpperCase() : lower);
        return true;
      }
      case "u":
        for (let times = 0; times < count; times++) editor.run("undo");
        return false;
      case "v":
        mode = "visual";
        anchor = cursor;
        return false;
      case ".":
        again();
        return false;
      default: {
        if (key.startsWith("r") && key.length > 1) {
          if (cursor < end) editor.replace(cursor, nextCharacter(text, cursor), key.slice(1));
          editor.move(cursor);
          return true;
        }
        const motion = motionOf(key, text, cursor, count);
        if (motion !== undefined) editor.move(motion.to);
        return false;
      }
    }
  };

  const again = (): void => {
    const command = change === undefined ? undefined : parse(change.keys);
    if (change === undefined || command === undefined || command === "incomplete" || isRepeating) return;
    isRepeating = true;
    run(command);
    if (mode === "insert") {
      for (const one of change.written) write(one);
      mode = "insert";
      recording = undefined;
      const { written, keys } = change;
      toNormal();
      change = { written, keys };
    }
    isRepeating = false;
  };

  /** What was written, as the prompt does it. */
  const write = (one: Input): void => {
    if (one.kind === "text") editor.insert(one.text);
    else if (one.kind === "paste") editor.paste(one.text);
    else if (one.kind === "key" && one.key === "backspace") editor.run("delete-left");
    else if (one.kind === "key" && one.key === "space") editor.insert(" ");
  };

  const selected = (key: string): void => {
    const { text, cursor } = editor;
    const from = Math.min(anchor, cursor);
    const to = nextCharacter(text, Math.max(anchor, cursor));
    if (/^[dxcsy]$/u.test(key)) {
      mode = "normal";
      change = undefined;
      const operator = key === "x" ? "d" : key === "s" ? "c" : key;
      operate(operator, from, to, false);
      if (operator !== "c") settle();
      return;
    }
    if (key === "v") mode = "normal";
    else {
      editor.move(anchor);
      anchor = cursor;
    }
  };

  const typed = (text: string): void => {
    let at = 0;
    for (const key of text) {
      at += key.length;
      pending = (pending + key).slice(-PENDING_CHARS_MAX);
      if (mode === "visual" && /^[dxcsyvo]$/u.test(pending)) {
        pending = "";
        selected(key);
        continue;
      }
      const command = parse(pending);
      if (command === "incomplete") continue;
      const keys = pending;
      pending = "";
      if (command === undefined) continue;
      if (mode === "visual") {
        const motion = motionOf(command.key, editor.text, editor.cursor, command.count);
        if (motion !== undefined) editor.move(motion.to);
        continue;
      }
      const isChange = run(command);
      if (mode === "normal") settle();
      if (isChange) change = { keys, written: [] };
      // What follows `i` in one piece, as a paste without brackets does, is written.
      if (mode === "insert") return remember({ kind: "text", text: text.slice(at) });
    }
  };
  const remember = (one: Input): void => {
    if (one.kind === "text" && one.text === "") return;
    write(one);
    recording?.push(one);
  };

  return {
    get mode() {
      return mode;
    },
    get isWaiting() {
      return pending !== "" || mode === "visual";
    },
    reset: () => {
      mode = "insert";
      pending = "";
      recording = undefined;
    },
    input: (one) => {
      if (mode === "insert") {
        if (one.kind === "key" && one.key === "escape") {
          toNormal();
          return true;
        }
        if (recording !== undefined && recording.length < REPEAT_INPUTS_MAX) recording.push(one);
        return false;
      }
      if (one.kind === "text") typed(one.text);
      else if (one.kind === "key" && one.key === "space") typed("l");
      else if (one.kind === "key" && one.key === "backspace") typed("h");
      else if (one.kind === "key" && one.key === "ctrl+r") editor.run("redo");
      else if (one.kind === "key" && one.key === "escape" && (pending !== "" || mode === "visual")) {
        pending = "";
        mode = "normal";
      } else return false;
      return true;
    },
  };
}
