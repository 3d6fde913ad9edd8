/** An edit taken apart: a person accepts or refuses each hunk of it. */
import type { FileDiff } from "@cloister/agent";
import { renderDiff } from "../blocks/diff.ts";
import type { Input } from "../edit/keys.ts";
import { fitLine, hang, span, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";

export interface Hunk {
  /** Which of the diffs, and which hunk of it, both from 0. */
  readonly diff: number;
  readonly index: number;
  readonly path: string;
  /** With its head, as it stands in the diff. */
  readonly text: string;
}

/** More hunks are no longer chosen among: the whole is allowed or not. */
const HUNKS_MAX = 200;
const ROWS_SHOWN_MAX = 6;
const DIFF_LINES_SHOWN = 12;

/** Empty where there is nothing to choose among. */
export function hunksOf(diffs: readonly Pick<FileDiff, "path" | "hunks">[]): readonly Hunk[] {
  const hunks = diffs.flatMap(({ path, hunks: text }, diff) =>
    text
      // After a line feed and nothing else: a lone return within a line would make a hunk that is none.
      .split(/(?<=^|\n)(?=@@ )/u)
      .filter((part) => part.startsWith("@@ "))
      .map((part, index) => ({ diff, index, path, text: part })),
  );
  return hunks.length < 2 || hunks.length > HUNKS_MAX ? [] : hunks;
}

/** `src/a.ts:12`: where the hunk begins in the file as it would be. */
export function hunkTitle({ path, text }: Hunk): string {
  const [, first = "1"] = /^@@ -\S+ \+(\d+)/u.exec(text) ?? [];
  return `${path}:${first}`;
}

/** For each hunk whether it was accepted. */
export type HunkChoice =
  | { readonly kind: "chosen"; readonly accepted: readonly boolean[] }
  | { readonly kind: "back" };

export interface HunkMenu {
  lines(columns: number): Line[];
  input(input: Input): HunkChoice | undefined;
}

/** At first all are accepted: whoever comes here wants to leave some out. */
export function createHunkMenu(hunks: readonly Hunk[], words: ConsoleWords): HunkMenu {
  const accepted = hunks.map(() => true);
  let at = 0;
  const go = (step: number): undefined => {
    at = (at + step + hunks.length) % hunks.length;
  };
  const setAll = (value: boolean): undefined => {
    accepted.fill(value);
  };
  const toggle = (): undefined => {
    accepted[at] = accepted[at] !== true;
    at = Math.min(at + 1, hunks.length - 1);
  };
  return {
    lines: (columns) => {
      const count = accepted.filter(Boolean).length;
      const from = Math.max(0, Math.min(at - ROWS_SHOWN_MAX + 2, hunks.length - ROWS_SHOWN_MAX));
      const rows = hunks.slice(from, from + ROWS_SHOWN_MAX).map((hunk, row) => {
        const index = from + row;
        const sign = index === at ? "❯" : " ";
        const box = accepted[index] === true ? span("☑", "good") : span("☐", "bad");
        const style = index === at ? "selected" : "text";
        return fitLine(
          [span(`${sign} ${index + 1} `, style), box, span(` ${hunkTitle(hunk)}`, style)],
          columns,
        );
      });
      const bar = span("│ ", accepted[at] === true ? "good" : "bad");
      const { text = "" } = hunks[at] ?? {};
      return [
        [span(words.approval.parts.title(count, hunks.length), "strong")],
        ...rows,
        ...hang(renderDiff({ hunks: text }, columns - 2, DIFF_LINES_SHOWN), bar, bar),
        [span(words.approval.parts.hint, "dim")],
      ];
    },
    input: (input) => {
      if (input.kind === "text") {
        if (input.text === " ") return toggle();
        if (input.text === "a") return setAll(true);
        if (input.text === "n") return setAll(false);
        if (input.text === "j") return go(1);
        if (input.text === "k") return go(-1);
        return undefined;
      }
      if (input.kind !== "key") return undefined;
      switch (input.key) {
        case "space":
          return toggle();
        case "up":
        case "shift+tab":
          return go(-1);
        case "down":
        case "tab":
          return go(1);
        case "enter":
          return { kind: "chosen", accepted: [...accepted] };
        case "escape":
        case "ctrl+c":
          return { kind: "back" };
        default:
          return undefined;
      }
    },
  };
}
