/** What a model reads of a notebook: its cells with their ids, and the outputs cut short. */
import { formatBytes, isRecord } from "@cloister/base";
import { cutMiddle } from "./cut.ts";
import { joinSource } from "./notebook.ts";
import type { Cell, Notebook } from "./notebook.ts";

const SOURCE_CHARS_MAX = 20_000;
const OUTPUT_CHARS_MAX = 2000;
const OUTPUTS_MAX = 10;
/** As much as Read shows of a plain file. */
const TEXT_CHARS_MAX = 60_000;

export interface ShownCells {
  readonly text: string;
  /** The last cell that is shown; below `from` when there is none. */
  readonly to: number;
}

/** At least one cell, whatever the limits, so that reading always gets on. */
export function showCells(
  { cells, language }: Notebook,
  { from, limit }: { readonly from: number; readonly limit: number },
): ShownCells {
  const blocks: string[] = [];
  let chars = 0;
  for (const cell of cells.slice(from, from + limit)) {
    const block = showCell(cell, language);
    chars += block.length + 1;
    if (blocks.length > 0 && chars > TEXT_CHARS_MAX) break;
    blocks.push(block);
  }
  return { text: blocks.join("\n"), to: from + blocks.length - 1 };
}

/** Not numbered by lines: what stands here is copied into `new_source` as it is. */
function showCell(cell: Cell, language: string): string {
  const { index, id, type, source, outputs } = cell;
  const name = id === undefined ? "" : ` id="${id}"`;
  const tongue = type === "code" && language !== "" ? ` language="${language}"` : "";
  const lines = [
    `<cell ${index}${name} type="${type}"${tongue}>`,
    cutMiddle(source, SOURCE_CHARS_MAX),
    "</cell>",
  ];
  for (const output of outputs.slice(0, OUTPUTS_MAX)) {
    lines.push(`<output of ${index}>`, cutMiddle(showOutput(output), OUTPUT_CHARS_MAX), "</output>");
  }
  if (outputs.length > OUTPUTS_MAX) lines.push(`[${outputs.length - OUTPUTS_MAX} more outputs]`);
  return lines.join("\n");
}

function showOutput(output: unknown): string {
  if (!isRecord(output)) return "";
  switch (output["output_type"]) {
    case "stream":
      return plain(joinSource(output["text"]));
    case "error":
      return plain([`${String(output["ename"])}: ${String(output["evalue"])}`, traceOf(output)].join("\n"));
    default:
      return showBundle(output["data"]);
  }
}

function traceOf({ traceback }: Readonly<Record<string, unknown>>): string {
  return Array.isArray(traceback) ? traceback.map(String).join("\n") : "";
}

/** The plain form of what was displayed, and the names of its other forms. */
function showBundle(data: unknown): string {
  if (!isRecord(data)) return "";
  const text = joinSource(data["text/plain"] ?? data["text/markdown"]);
  const others = Object.entries(data).flatMap(([type, value]) => {
    if (type === "text/plain" || !/^[\w.+/-]{1,80}$/.test(type)) return [];
    const size = Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));
    return [`[${type}, ${formatBytes(size)}, not shown]`];
  });
  return [plain(text), ...others].filter((line) => line !== "").join("\n");
}

/** Without the colours of a terminal (ECMA-48 control sequences), which tracebacks are full of. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  return text.replace(/\u001b\[[0-9;]{0,40}[A-Za-z]/g, "").replace(/\n$/, "");
}
