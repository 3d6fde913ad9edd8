/** The lines below the conversation: a question, a list, or the place to write in; and who sees what. */
import type { DialogQueue } from "./ask/dialog-queue.ts";
import type { Scene } from "./blocks/scene.ts";
import { statusLine, type Facts } from "./blocks/status.ts";
import type { Prompt } from "./edit/prompt.ts";
import type { Outbox } from "./outbox.ts";
import type { PanelSlot } from "./panels/slot.ts";
import type { Tasks } from "./panels/tasks.ts";
import { fitLine, span, type Line } from "./text/line.ts";
import type { ConsoleWords } from "./words/type.ts";

export interface BottomParts {
  readonly dialogs: DialogQueue;
  readonly panels: PanelSlot;
  readonly prompt: Prompt;
  readonly outbox: Outbox;
  readonly tasks: Tasks;
  readonly scene: Scene;
  readonly words: ConsoleWords;
}

export interface BottomState {
  readonly facts: Facts;
  readonly showsTasks: boolean;
  /** For whoever listens to the screen. */
  readonly isLinear: boolean;
  readonly spinner: string;
  /** What the next key may do. */
  readonly isLeaving: boolean;
  readonly isEscaped: boolean;
  readonly isOffered: boolean;
}

export interface Bottom {
  readonly lines: Line[];
  readonly cursor?: { readonly row: number; readonly column: number } | undefined;
}

const EDITOR_ROWS_SHARE = 0.4;

export function bottomLines(
  parts: BottomParts,
  state: BottomState,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Bottom {
  const { dialogs, panels, prompt, outbox, tasks, scene, words } = parts;
  const { facts, showsTasks, isLinear, spinner } = state;
  const status = statusLine({
    facts,
    mode: scene.mode,
    goal: tasks.goal,
    context: scene.context,
    words,
    columns,
  });
  const dialog = dialogs.first;
  if (dialog !== undefined) return { lines: [[], ...dialog.menu.lines(columns), status] };
  if (panels.open !== undefined) return { lines: [[], ...panels.open.lines(columns, rows), status] };
  const rule: Line = [span("─".repeat(columns), "dim")];
  const ownStatus = facts.own.map((each) => fitLine([span(`  ${each}`, "dim")], columns));
  const view = prompt.view(columns, Math.max(3, Math.floor(rows * EDITOR_ROWS_SHARE)));
  const waiting = outbox.lines(words).map((each) => fitLine(each, columns));
  const hint = hintLine(parts, state);
  const beside = showsTasks ? [[], ...tasks.lines(columns, spinner)] : [];
  // Whoever listens hears the line they write in, and nothing around it.
  if (isLinear) return { lines: [...view.rows, ...view.below], cursor: view.cursor };
  const head = [...beside, [], ...waiting, rule];
  const tail = view.below.length > 0 ? view.below : [hint ?? status, ...ownStatus];
  return {
    lines: [...head, ...view.rows, rule, ...tail],
    cursor: { row: head.length + view.cursor.row, column: view.cursor.column },
  };
}

/** The newest of what is alive matters; the prompt never leaves the screen. */
export function putBelow(
  above: readonly Line[],
  { lines, cursor }: Bottom,
  rows: number,
): { readonly live: Line[]; readonly cursor: Bottom["cursor"] } {
  const room = Math.max(0, rows - lines.length - 1);
  const kept = above.slice(Math.max(0, above.length - room));
  const moved = cursor === undefined ? undefined : { row: kept.length + cursor.row, column: cursor.column };
  return { live: [...kept, ...lines], cursor: moved };
}

function hintLine(
  { prompt, scene, words }: BottomParts,
  { isLeaving, isEscaped, isOffered }: BottomState,
): Line | undefined {
  if (isLeaving) return [span(`  ${words.leaveHint}`, "warning")];
  if (isEscaped) return [span(`  ${words.rewindHint}`, "accent")];
  if (isOffered && prompt.editor.text === "") return [span(`  ${words.tryAgain}`, "accent")];
  const isTyping = prompt.editor.text.trim() !== "" && !prompt.editor.text.startsWith("/");
  return scene.isWorking && isTyping ? [span(`  ${words.steerHint}`, "dim")] : undefined;
}
