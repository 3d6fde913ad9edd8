/** One line that says who sees what: model, endpoint and its clearance, label, cell, window, seals, mode. */
import type { Goal, Mode } from "@cloister/agent";
import { fitLine, lineWidth, span, type Line, type Span, type StyleName } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import { shortCount } from "./numbers.ts";

/** What the keeper knows of the session. Undefined: not known yet. */
export interface Facts {
  readonly model: string | undefined;
  readonly endpoint: string | undefined;
  readonly clearance: string | undefined;
  /** Of what the conversation holds. */
  readonly label: string | undefined;
  readonly cell: string | undefined;
  readonly sealed: number;
  /** Lines of the person's own, below ours: what they are made of has no part in what ours say. */
  readonly own: readonly string[];
}

export const noFacts: Facts = {
  model: undefined,
  endpoint: undefined,
  clearance: undefined,
  label: undefined,
  cell: undefined,
  sealed: 0,
  own: [],
};

const labelStyles: Readonly<Record<string, StyleName>> = {
  public: "labelLow",
  internal: "labelLow",
  restricted: "labelMiddle",
  core: "labelHigh",
};

export interface StatusOptions {
  readonly facts: Facts;
  readonly mode: Mode;
  readonly goal?: Goal | undefined;
  readonly context: { readonly used: number; readonly window: number | undefined };
  readonly words: ConsoleWords;
  readonly columns: number;
}

/** What is least needed gives way first on a narrow screen; label, missing cell and mode never do. */
export function statusLine({ facts, mode, goal, context, words, columns }: StatusOptions): Line {
  const { status } = words;
  const parts: { readonly spans: readonly Span[]; readonly weight: number }[] = [];
  const add = (weight: number, ...spans: readonly Span[]): void => void parts.push({ weight, spans });
  if (facts.model !== undefined) add(5, span(facts.model, "text"));
  else add(9, span(words.starting, "dim"));
  if (facts.endpoint !== undefined) {
    const cleared = facts.clearance === undefined ? "" : ` ${status.cleared(facts.clearance)}`;
    add(4, span(`${facts.endpoint}${cleared}`, "dim"));
  }
  if (facts.label !== undefined) add(9, span(facts.label, labelStyles[facts.label] ?? "labelHigh"));
  if (facts.cell === "none") add(9, span(status.noCell, "bad"));
  else if (facts.cell !== undefined) add(2, span(status.cell(facts.cell), "dim"));
  if (context.window !== undefined && context.window > 0) {
    const percent = Math.min(100, Math.round((context.used / context.window) * 100));
    add(6, span(status.context(percent, shortCount(context.window)), percent >= 80 ? "warning" : "dim"));
  }
  if (facts.sealed > 0) add(7, span(status.sealed(facts.sealed), "good"));
  if (goal !== undefined) add(8, span(status.goal(goal.missed ?? 0), "accent"));
  if (mode !== "default") add(8, span(words.modes[mode] ?? mode, mode === "bypass" ? "bad" : "accent"));
  const kept = [...parts];
  while (kept.length > 1 && lineWidth(join(kept)) > columns - 2) {
    const lightest = Math.min(...kept.map(({ weight }) => weight));
    if (lightest >= 9) break;
    kept.splice(
      kept.findLastIndex(({ weight }) => weight === lightest),
      1,
    );
  }
  return fitLine([span("  "), ...join(kept)], columns);
}

function join(parts: readonly { readonly spans: readonly Span[] }[]): Span[] {
  return parts.flatMap(({ spans }, index) => [...(index === 0 ? [] : [span(" · ", "dim")]), ...spans]);
}
