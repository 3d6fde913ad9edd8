/** Jupyter notebooks (nbformat 4): their cells, each with its place in the file's text. */
import { isRecord } from "@cloister/base";
import { elementsOf, membersOf, rootOf } from "./json-spans.ts";
import type { Span } from "./json-spans.ts";

export const cellTypes = ["code", "markdown", "raw"] as const;
export type CellType = (typeof cellTypes)[number];

export interface Cell {
  /** From 0. */
  readonly index: number;
  /** Since nbformat 4.5. */
  readonly id: string | undefined;
  readonly type: string;
  readonly source: string;
  /** Of a code cell, as they stand in the file. */
  readonly outputs: readonly unknown[];
  readonly span: Span;
  readonly members: ReadonlyMap<string, Span>;
}

export interface Notebook {
  readonly cells: readonly Cell[];
  /** Of the list of cells. */
  readonly list: Span;
  /** Whether its format gives each cell an id. */
  readonly hasIds: boolean;
  /** Of the code, as the kernel says. */
  readonly language: string;
}

const CELLS_MAX = 10_000;

/** Undefined for what is no notebook of format 4. */
export function parseNotebook(text: string): Notebook | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the caller shows it as the text it is
  }
  if (!isRecord(value) || value["nbformat"] !== 4 || !Array.isArray(value["cells"])) return undefined;
  const list = membersOf(text, rootOf(text)).get("cells");
  const given: readonly unknown[] = value["cells"];
  if (list === undefined || given.length > CELLS_MAX || !given.every(isRecord)) return undefined;
  const spans = elementsOf(text, list);
  const cells = given.map((cell, index): Cell => {
    const { start, end } = spans[index] ?? list;
    const { id, cell_type: type, outputs } = cell;
    return {
      index,
      id: typeof id === "string" ? id : undefined,
      type: typeof type === "string" ? type : "raw",
      source: joinSource(cell["source"]),
      outputs: Array.isArray(outputs) ? outputs : [],
      span: { start, end },
      members: membersOf(text, { start, end }),
    };
  });
  const minor = value["nbformat_minor"];
  return {
    cells,
    list,
    hasIds: typeof minor === "number" && minor >= 5,
    language: languageOf(value["metadata"]),
  };
}

/** nbformat's multi-line strings: one text, or a list of its lines with their ends. */
export function joinSource(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.filter((line) => typeof line === "string").join("") : "";
}

/** By its id; or by its number, as `3` or `cell-3`, where no cell has that for its id. */
export function findCell({ cells }: Notebook, wanted: string): Cell | undefined {
  const byId = cells.find(({ id }) => id === wanted);
  const digits = /^(?:cell-)?(\d{1,6})$/.exec(wanted)?.[1];
  return byId ?? (digits === undefined ? undefined : cells[Number(digits)]);
}

function languageOf(metadata: unknown): string {
  const { language_info: info, kernelspec: kernel } = isRecord(metadata) ? metadata : {};
  const named = [
    isRecord(info) ? info["name"] : undefined,
    isRecord(kernel) ? kernel["language"] : undefined,
  ];
  const language = named.find((name) => typeof name === "string" && /^[\w+#.-]{1,40}$/.test(name));
  return typeof language === "string" ? language : "";
}
