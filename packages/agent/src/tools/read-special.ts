/** Files that Read does not show line by line: notebooks, pictures, PDFs. */
import { readFile, stat } from "node:fs/promises";
import { sha256 } from "@cloister/base";
import { parseNotebook } from "./notebook.ts";
import type { Notebook } from "./notebook.ts";
import { showCells } from "./notebook-text.ts";
import { isPdf, readPdf } from "./pdf.ts";
import { readPicture } from "./read-picture.ts";
import { fileBytesMax } from "./text-file.ts";
import type { TextFile } from "./text-file.ts";
import { refusal } from "./tool.ts";
import type { ToolResult, ToolWorld } from "./tool.ts";

const CELLS_DEFAULT = 200;

export interface SpecialPlace {
  /** Workspace-relative. */
  readonly path: string;
  readonly real: string;
}

/** A picture or a PDF, of which `offset` and `limit` count pages, from 1. Undefined for any other file, whatever its name. */
export async function readBinary(
  { path, real }: SpecialPlace,
  part: { readonly offset?: number; readonly limit?: number },
  world: ToolWorld,
  signal: AbortSignal,
): Promise<ToolResult | undefined> {
  if (!/\.(?:png|jpe?g|gif|webp|pdf)$/i.test(path)) return undefined;
  const found = await stat(real).catch(() => undefined); // the plain way of reading says why it is not there
  if (found === undefined || !found.isFile() || found.size > fileBytesMax) return undefined;
  const bytes = await readFile(real);
  if (!isPdf(bytes)) return readPicture(path, bytes, world);
  const read = await readPdf(bytes, { ...part, now: () => performance.now() }, signal);
  if (read.kind === "refused") return refusal(`${path}: ${read.why}.`);
  world.reads.set(path, sha256(bytes).toString("hex"));
  // A PDF has no lines that could be named: its pages are.
  return { ok: true, text: read.text, sources: [{ path, from: read.from, to: read.to }] };
}

/** `offset` and `limit` count cells, from 0. Undefined for what is no notebook. */
export function readNotebook(
  path: string,
  file: TextFile,
  { offset = 0, limit = 0 }: { readonly offset?: number; readonly limit?: number },
): ToolResult | undefined {
  const notebook = path.toLowerCase().endsWith(".ipynb") ? parseNotebook(file.text) : undefined;
  if (notebook === undefined) return undefined;
  const count = notebook.cells.length;
  if (count === 0) return { ok: true, text: `${path} is a notebook without cells.`, sources: [] };
  if (offset >= count) {
    return refusal(`${path} has the cells 0-${count - 1}; offset ${offset} is past the end.`);
  }
  const shown = showCells(notebook, { from: offset, limit: limit === 0 ? CELLS_DEFAULT : limit });
  const more = shown.to + 1 < count;
  const note = `\n[cells ${offset}-${shown.to} of 0-${count - 1}; continue with offset ${shown.to + 1}]`;
  return {
    ok: true,
    text: shown.text + (more ? note : ""),
    sources: [{ path, ...linesOf(file.text, notebook, offset, shown.to) }],
  };
}

/** All of them, or those that the cells take up. */
function linesOf(
  text: string,
  { cells }: Notebook,
  first: number,
  last: number,
): { readonly from: number; readonly to: number } {
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  const isAll = first === 0 && last === cells.length - 1;
  const end = isAll ? text.trimEnd().length : (cells[last]?.span.end ?? text.length);
  return { from: isAll ? 1 : lineAt(cells[first]?.span.start ?? 0), to: lineAt(end) };
}
