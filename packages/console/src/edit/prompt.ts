/** Where a person writes: the editor with its completions, its history and the search in it. */
import { groupedCount } from "../blocks/numbers.ts";
import { fitLine, line, span, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import { actionOf, isEditAction, type Action, type Bindings } from "./bindings.ts";
import { completionAt, type Completion, type CompletionSources } from "./completion.ts";
import { createEditor, type EditAction, type Editor } from "./editor.ts";
import { viewEditor } from "./editor-view.ts";
import type { History } from "./history.ts";
import type { Input } from "./keys.ts";
import { createVim, type VimMode } from "./vim.ts";

export type Wish =
  | { readonly kind: "submit"; readonly text: string; readonly shown: string; readonly isLater: boolean }
  | { readonly kind: "action"; readonly action: PromptAction };

/** What is for others to do. */
export type PromptAction = Exclude<
  Action,
  EditAction | "submit" | "submit-later" | "newline" | "down" | "search-history" | "none"
>;

export interface Prompt {
  readonly editor: Editor;
  /** What it does not do itself. */
  input(input: Input): Wish | undefined;
  view(columns: number, rowsMax: number): PromptView;
}

export interface PromptView {
  readonly rows: readonly Line[];
  readonly below: readonly Line[];
  readonly cursor: { readonly row: number; readonly column: number };
}

export interface PromptOptions {
  readonly words: () => ConsoleWords;
  readonly bindings: Bindings;
  readonly history: History;
  readonly sources: CompletionSources;
  /** Whether tab has something to wait for. */
  readonly isWorking: () => boolean;
  /** What a paste is written as. */
  readonly readPaste?: (text: string) => string;
  /** True for a paste that is somebody else's to write. */
  readonly takePaste?: (text: string) => boolean;
  /** Vi's keys. */
  readonly hasVim?: boolean;
}

const SIGN_COLUMNS = 2;
const signs: Readonly<Record<VimMode, string>> = { insert: "❯ ", normal: "◇ ", visual: "◈ " };

export function createPrompt({
  words,
  bindings,
  history,
  sources,
  isWorking,
  hasVim = false,
  readPaste = (text) => text,
  takePaste = () => false,
}: PromptOptions): Prompt {
  // Not by `Intl`, which maps 5 MB for its one comma.
  const editor = createEditor((lines, number) => words().pasted(groupedCount(lines), number));
  const vim = hasVim ? createVim(editor) : undefined;
  let chosen = 0;
  /** The text for which a person closed the menu. */
  let dismissed: string | undefined;
  let search: { query: string; skip: number; readonly before: string } | undefined;

  const completion = (): Completion | undefined =>
    search !== undefined || editor.text === dismissed ? undefined : completionAt(editor, sources);

  const accept = ({ kind, from, items }: Completion): void => {
    const item = items[Math.min(chosen, items.length - 1)];
    if (item === undefined) return;
    const sign = kind === "command" ? "/" : "@";
    editor.replace(from, editor.cursor, `${sign}${item.text} `);
    chosen = 0;
  };

  /** What was long when it was pasted is long when it comes back. */
  const recall = (text: string): void => {
    editor.set("");
    editor.paste(text);
  };

  const submit = (isLater: boolean): Wish | undefined => {
    const shown = editor.text;
    if (!isLater && shown.slice(0, editor.cursor).endsWith("\\")) {
      editor.replace(editor.cursor - 1, editor.cursor, "\n");
      return undefined;
    }
    const text = editor.expand();
    if (shown.trim() !== "" && text.length <= HISTORY_CHARS_MAX) history.add(text);
    editor.clear();
    vim?.reset();
    history.reset();
    return { kind: "submit", text: text.trim(), shown: shown.trim(), isLater };
  };

  const inMenu = (open: Completion, key: string): Wish | "done" | undefined => {
    const count = open.items.length;
    switch (key) {
      case "up":
      case "ctrl+p":
        chosen = (Math.min(chosen, count - 1) + count - 1) % count;
        return "done";
      case "down":
      case "ctrl+n":
        chosen = (Math.min(chosen, count - 1) + 1) % count;
        return "done";
      case "tab":
        accept(open);
        return "done";
      case "enter": {
        accept(open);
        return open.kind === "command" ? (submit(false) ?? "done") : "done";
      }
      case "escape":
        dismissed = editor.text;
        return "done";
      default:
        return undefined;
    }
  };

  const searching = (input: Input, now: NonNullable<typeof search>): Wish | undefined => {
    const show = (): void => recall(history.search(now.query, now.skip) ?? now.before);
    if (input.kind === "text") {
      now.query += input.text;
      now.skip = 0;
      show();
      return undefined;
    }
    if (input.kind !== "key") return undefined;
    if (input.key === "ctrl+r") {
      if (history.search(now.query, now.skip + 1) !== undefined) now.skip += 1;
      show();
    } else if (input.key === "backspace") {
      now.query = now.query.slice(0, -1);
      now.skip = 0;
      show();
    } else if (input.key === "escape" || input.key === "ctrl+c") {
      editor.set(now.before);
      search = undefined;
    } else {
      search = undefined;
      if (input.key !== "enter") return prompt.input(input);
    }
    return undefined;
  };

  const run = (action: Action): Wish | undefined => {
    if (isEditAction(action)) {
      editor.run(action);
      return undefined;
    }
    switch (action) {
      case "submit":
        return submit(false);
      case "submit-later":
        return isWorking() && editor.text.trim() !== "" ? submit(true) : undefined;
      case "newline":
        editor.insert("\n");
        return undefined;
      case "up":
        if (editor.text.lastIndexOf("\n", editor.cursor - 1) >= 0 && editor.cursor > 0) editor.run("line-up");
        else {
          const text = history.older(editor.text);
          if (text === undefined) return { kind: "action", action };
          recall(text);
        }
        return undefined;
      case "down":
        if (editor.text.indexOf("\n", editor.cursor) >= 0) editor.run("line-down");
        else recall(history.newer() ?? editor.text);
        return undefined;
      case "search-history":
        search = { query: "", skip: 0, before: editor.text };
        return undefined;
      case "leave":
        if (editor.text === "") return { kind: "action", action };
        editor.run("delete-right");
        return undefined;
      case "none":
        return undefined;
      case "interrupt":
      case "escape":
      case "cycle-mode":
      case "transcript":
      case "tasks":
      case "external-editor":
      case "redraw":
      case "paste-picture":
      case "suspend":
        return { kind: "action", action };
    }
  };

  const prompt: Prompt = {
    editor,
    input: (input) => {
      if (search !== undefined) return searching(input, search);
      if (vim !== undefined && (vim.mode !== "insert" || completion() === undefined)) {
        const isWriting = vim.mode === "insert";
        const step = isWriting ? undefined : historyStep(input);
        if (step !== undefined) return run(step);
        if (vim.input(input)) return undefined;
        // What is pasted is written, in whatever mode.
        if (!isWriting && input.kind === "text") return undefined;
      }
      if (input.kind === "text") {
        editor.insert(input.text);
        chosen = 0;
      }
      if (input.kind === "paste") {
        if (input.lines !== undefined) editor.paste(input.text, input.lines);
        else if (!takePaste(input.text)) editor.paste(readPaste(input.text));
      }
      if (input.kind !== "key") return undefined;
      const open = completion();
      const answered = open === undefined ? undefined : inMenu(open, input.key);
      if (answered === "done") return undefined;
      if (answered !== undefined) return answered;
      if (input.key === "space") {
        editor.insert(" ");
        return undefined;
      }
      const action = actionOf(input.key, bindings);
      return action === undefined ? undefined : run(action);
    },
    view: (columns, rowsMax) => {
      const sign = span(signs[vim?.mode ?? "insert"], "accent");
      const { rows, cursor } = viewEditor(editor, {
        columns,
        rowsMax,
        sign,
        signColumns: SIGN_COLUMNS,
      });
      const isEmpty = editor.text === "";
      const first = isEmpty ? [line(sign, span(words().placeholder, "dim"))] : rows;
      const open = completion();
      const below = search === undefined ? menuLines(open, chosen, columns) : [searchLine(search.query)];
      return { rows: first, cursor, below };
    },
  };
  return prompt;

  /** Beyond the first and the last line vi's `k` and `j` go through earlier messages. */
  function historyStep(input: Input): "up" | "down" | undefined {
    if (input.kind !== "text" || vim?.isWaiting === true) return undefined;
    if (input.text === "k" && !editor.text.slice(0, editor.cursor).includes("\n")) return "up";
    return input.text === "j" && !editor.text.includes("\n", editor.cursor) ? "down" : undefined;
  }

  function searchLine(query: string): Line {
    return line(span(`  ${words().search}`, "dim"), span(query, "accent"));
  }
}

/** Longer messages are not remembered: a part of one would be sent again as if it were the whole. */
const HISTORY_CHARS_MAX = 100_000;

function menuLines(open: Completion | undefined, chosen: number, columns: number): Line[] {
  if (open === undefined) return [];
  const at = Math.min(chosen, open.items.length - 1);
  const sign = open.kind === "command" ? "/" : "";
  const widest = Math.max(...open.items.map(({ text }) => text.length)) + 2;
  return open.items.map(({ text, description }, index) => {
    const name = `${sign}${text}`;
    const shown = description === undefined ? name : name.padEnd(widest);
    const isAt = index === at;
    const row = [span(`${isAt ? "❯ " : "  "}${shown}`, isAt ? "selected" : "text")];
    return fitLine(description === undefined ? row : [...row, span(`  ${description}`, "dim")], columns);
  });
}
