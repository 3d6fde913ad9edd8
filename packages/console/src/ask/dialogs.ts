/** Questions that wait for a person: of the agent, and of the keeper. What is asked about is printed whole, above. */
import type { Ask, AskAnswer, FileDiff, Mode } from "@cloister/agent";
import { renderDiff } from "../blocks/diff.ts";
import { escapeExact, escapeUntrusted } from "../text/escape.ts";
import { hang, linesOf, span, wrapLine, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import { createHunkMenu, hunksOf, hunkTitle, type Hunk, type HunkMenu } from "./hunks.ts";
import { createMenu, type Choice, type Menu } from "./menu.ts";

/** A call that needs a person's word. */
export interface ApprovalQuestion {
  readonly tool: string;
  /** The whole command, path or address. */
  readonly text: string;
  readonly effect: string;
  readonly rule: string;
  readonly reason: string | undefined;
  /** What in an edit made it a question. */
  readonly findings?: readonly string[];
  /** What would be changed, whole. */
  readonly diffs?: readonly Pick<FileDiff, "path" | "hunks">[];
  /** Rules that `always` would store. */
  readonly suggestions?: readonly string[];
}

/** `session`: this call is not asked about again now; `always`: nor later, nor is what the suggested rules allow. */
export type Approval =
  | "once"
  | "session"
  | "always"
  | "no"
  | { readonly kind: "no"; readonly why: string }
  /** For each diff the numbers, from 0, of those hunks that may be made; the others not. */
  | { readonly kind: "part"; readonly accepted: readonly (readonly number[])[] };

export interface Dialog {
  /** Printed before the menu opens, so that the terminal's own scroll shows all of it, however long. */
  readonly shown: (columns: number) => Line[];
  readonly menu: Menu;
  /** True: answered. */
  answer(choice: Choice): boolean;
}

export function approvalDialog(
  question: ApprovalQuestion,
  words: ConsoleWords,
  settle: (approval: Approval) => void,
): Dialog {
  const { approval } = words;
  const { findings = [], diffs = [], suggestions = [] } = question;
  const answers = ["once", "session", "always"] as const;
  const bar = span("│ ", "warning");
  const frame = { first: [bar] };
  const hunks = hunksOf(diffs);
  const menu = createMenu({
    title: approval.title,
    options: [
      { label: `${approval.once} (y)`, keys: ["y"] },
      { label: `${approval.session} (s)`, keys: ["s"] },
      { label: `${approval.always} (a)`, keys: ["a"], description: suggestions.join(", ") },
      { label: `${approval.no} (n)`, keys: ["n"] },
      ...(hunks.length > 0 ? [{ label: `${approval.parts.choose} (h)`, keys: ["h"] }] : []),
    ],
    ownWords: approval.noBecause,
    hint: words.menuHint,
  });
  let parts: HunkMenu | undefined;
  return {
    shown: (columns) => [
      [span("? ", "warning"), span(question.tool, "strong"), span(`  ${question.effect}`, "dim")],
      ...linesOf(escapeExact(question.text)).flatMap((each) =>
        wrapLine(each, { columns, ...frame, isExact: true }),
      ),
      ...(hunks.length > 0
        ? hunks.flatMap((hunk, index) => hang(numberedHunk(hunk, index, columns - 2), bar, bar))
        : diffs.flatMap((diff) => {
            const lines = renderDiff(diff, columns - 2, DIFF_LINES_ASKED_MAX);
            if (diffs.length > 1) lines.unshift([span(diff.path, "strong")]);
            return hang(lines, bar, bar);
          })),
      ...findings.flatMap((each) =>
        wrapLine([span(each, "warning")], { columns, first: [span("! ", "warning")] }),
      ),
      ...wrapLine([span(approval.why(question.rule, question.reason ?? ""), "dim")], {
        columns,
        first: [span("  ")],
      }),
    ],
    menu: {
      lines: (columns) => (parts ?? menu).lines(columns),
      input: (input) => {
        if (parts === undefined) {
          const choice = menu.input(input);
          const isParts = choice?.kind === "chosen" && choice.indexes[0] === answers.length + 1;
          if (!isParts || choice.text !== undefined) return choice;
          parts = createHunkMenu(hunks, words);
          return undefined;
        }
        const chosen = parts.input(input);
        if (chosen?.kind === "back") parts = undefined;
        return chosen?.kind === "chosen"
          ? { kind: "chosen", indexes: indexesOf(chosen.accepted) }
          : undefined;
      },
    },
    answer: (choice) => {
      const why = choice.kind === "chosen" ? choice.text : undefined;
      if (parts !== undefined) settle(toPart(choice.kind === "chosen" ? choice.indexes : [], hunks));
      else if (why !== undefined) settle({ kind: "no", why });
      else settle(choice.kind === "escaped" ? "no" : (answers[choice.indexes[0] ?? answers.length] ?? "no"));
      return true;
    },
  };
}

function indexesOf(accepted: readonly boolean[]): number[] {
  return accepted.flatMap((isAccepted, index) => (isAccepted ? [index] : []));
}

/** All of them is a plain yes, none a plain no. */
function toPart(chosen: readonly number[], hunks: readonly Hunk[]): Approval {
  if (chosen.length === hunks.length) return "once";
  if (chosen.length === 0) return "no";
  const files = Math.max(...hunks.map(({ diff }) => diff)) + 1;
  const accepted = Array.from({ length: files }, (_, file) =>
    hunks.flatMap(({ diff, index }, at) => (diff === file && chosen.includes(at) ? [index] : [])),
  );
  return { kind: "part", accepted };
}

function numberedHunk(hunk: Hunk, index: number, columns: number): Line[] {
  const title: Line = [span(`${index + 1} `, "accent"), span(hunkTitle(hunk), "dim")];
  return [title, ...renderDiff({ hunks: hunk.text }, columns, DIFF_LINES_ASKED_MAX)];
}

/** Nothing is hidden of what is asked about, but a frame must end somewhere; the rest is counted. */
const DIFF_LINES_ASKED_MAX = 5000;

export function askDialog(ask: Ask, words: ConsoleWords, settle: (answer: AskAnswer) => void): Dialog[] {
  return ask.kind === "plan" ? [planDialog(ask.plan, words, settle)] : choiceDialogs(ask, words, settle);
}

function planDialog(plan: string, words: ConsoleWords, settle: (answer: AskAnswer) => void): Dialog {
  const modes: readonly Mode[] = ["default", "acceptEdits"];
  return {
    shown: (columns) =>
      linesOf(escapeUntrusted(plan.trimEnd())).flatMap((each) =>
        wrapLine(each, { columns, first: [span("│ ", "accent")] }),
      ),
    menu: createMenu({
      title: words.plan.title,
      options: [
        { label: `${words.plan.go} (y)`, keys: ["y"] },
        { label: `${words.plan.goEdits} (a)`, keys: ["a"] },
      ],
      ownWords: words.plan.stay,
      hint: words.menuHint,
    }),
    answer: (choice) => {
      const mode =
        choice.kind === "chosen" && choice.text === undefined ? modes[choice.indexes[0] ?? 0] : undefined;
      const why = choice.kind === "chosen" ? choice.text : undefined;
      if (mode !== undefined) settle({ kind: "approved", mode });
      else settle({ kind: "declined", ...(why === undefined ? {} : { why }) });
      return true;
    },
  };
}

function choiceDialogs(
  { questions }: Extract<Ask, { kind: "choice" }>,
  words: ConsoleWords,
  settle: (answer: AskAnswer) => void,
): Dialog[] {
  const texts: string[] = [];
  let isSettled = false;
  const finish = (answer: AskAnswer): void => {
    if (!isSettled) settle(answer);
    isSettled = true;
  };
  return questions.map(({ question, options, multiSelect = false }, index) => ({
    shown: () => [],
    menu: createMenu({
      title: question,
      options: options.map(({ label, description }) => ({
        label,
        ...(description === undefined ? {} : { description }),
      })),
      takesSeveral: multiSelect,
      ownWords: words.question.own,
      hint: multiSelect ? words.question.many : words.menuHint,
    }),
    answer: (choice) => {
      if (isSettled) return true;
      if (choice.kind === "escaped") {
        finish({ kind: "declined" });
        return true;
      }
      const chosen = choice.indexes.map((each) => options[each]?.label ?? "");
      texts.push([...chosen, ...(choice.text === undefined ? [] : [choice.text])].join(", "));
      if (index === questions.length - 1) finish({ kind: "chosen", texts });
      return true;
    },
  }));
}
