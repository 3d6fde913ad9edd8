/** What each key does. A person's own table goes before it. */
import type { EditAction } from "./editor.ts";

export type Action =
  | EditAction
  | "submit"
  | "submit-later"
  | "newline"
  | "up"
  | "down"
  | "interrupt"
  | "escape"
  | "leave"
  | "cycle-mode"
  | "transcript"
  | "tasks"
  | "search-history"
  | "external-editor"
  | "redraw"
  | "paste-picture"
  | "suspend"
  /** Nothing: for a person's own table. */
  | "none";

export type Bindings = Readonly<Record<string, Action>>;

export const defaultBindings: Bindings = {
  enter: "submit",
  tab: "submit-later",
  "alt+enter": "newline",
  "shift+enter": "newline",
  "ctrl+enter": "newline",
  "ctrl+j": "newline",
  up: "up",
  down: "down",
  "ctrl+p": "up",
  "ctrl+n": "down",
  escape: "escape",
  "ctrl+c": "interrupt",
  "ctrl+d": "leave",
  "shift+tab": "cycle-mode",
  "ctrl+o": "transcript",
  "ctrl+t": "tasks",
  "ctrl+r": "search-history",
  "ctrl+g": "external-editor",
  "ctrl+l": "redraw",
  "ctrl+v": "paste-picture",
  "ctrl+z": "suspend",
  left: "left",
  right: "right",
  "ctrl+b": "left",
  "ctrl+f": "right",
  "alt+b": "word-left",
  "alt+f": "word-right",
  "ctrl+left": "word-left",
  "ctrl+right": "word-right",
  "alt+left": "word-left",
  "alt+right": "word-right",
  home: "line-start",
  end: "line-end",
  "ctrl+a": "line-start",
  "ctrl+e": "line-end",
  backspace: "delete-left",
  "ctrl+h": "delete-left",
  "shift+backspace": "delete-left",
  delete: "delete-right",
  "ctrl+w": "delete-word-left",
  "alt+backspace": "delete-word-left",
  "ctrl+backspace": "delete-word-left",
  "alt+d": "delete-word-right",
  "ctrl+delete": "delete-word-right",
  "ctrl+u": "kill-to-start",
  "ctrl+k": "kill-to-end",
  "ctrl+y": "yank",
  "ctrl+_": "undo",
  "alt+_": "redo",
  "ctrl+shift+z": "redo",
};

const edits: ReadonlySet<string> = new Set<EditAction>([
  "left",
  "right",
  "word-left",
  "word-right",
  "line-start",
  "line-end",
  "line-up",
  "line-down",
  "delete-left",
  "delete-right",
  "delete-word-left",
  "delete-word-right",
  "kill-to-start",
  "kill-to-end",
  "yank",
  "undo",
  "redo",
]);

export function actionOf(key: string, own: Bindings = {}): Action | undefined {
  const action = Object.hasOwn(own, key) ? own[key] : defaultBindings[key];
  return action === "none" ? undefined : action;
}

export function isEditAction(action: Action | undefined): action is EditAction {
  return action !== undefined && edits.has(action);
}
