import { newId, sha256 } from "@cloister/base";
import { diffTexts } from "./diff.ts";
import type { Span } from "./json-spans.ts";
import { lineEndOf } from "./line-ends.ts";
import { cellTypes, findCell, parseNotebook } from "./notebook.ts";
import type { Cell, CellType, Notebook } from "./notebook.ts";
import { locate } from "./paths.ts";
import { encodeText, saveInWorkspace } from "./save.ts";
import { sealedRefusal } from "./sealed.ts";
import { readTextFile } from "./text-file.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";
import { foreignText, readOnlyText } from "./write.ts";

export type NotebookEditArgs = {
  readonly notebook_path: string;
  readonly new_source?: string;
  readonly cell_id?: string;
  readonly cell_type?: CellType;
  readonly edit_mode?: "replace" | "insert" | "delete";
};

export const notebookEditTool: Tool<NotebookEditArgs> = {
  name: "NotebookEdit",
  effect: "edit",
  description:
    "Change a Jupyter notebook (.ipynb) by cell: replace its source, insert a cell after it, or delete it. Read the notebook first.",
  parameters: {
    type: "object",
    properties: {
      notebook_path: { type: "string" },
      cell_id: {
        type: "string",
        description: "The cell's id, or its number as Read shows it. Without it, insert puts the cell first",
      },
      new_source: { type: "string", description: "Not for delete" },
      cell_type: {
        type: "string",
        enum: [...cellTypes],
        description: "Default: as before; code for a new cell",
      },
      edit_mode: { type: "string", enum: ["replace", "insert", "delete"], description: "Default replace" },
    },
    required: ["notebook_path"],
    additionalProperties: false,
  },
  run: editNotebook,
};

async function editNotebook(args: NotebookEditArgs, world: ToolWorld): Promise<ToolResult> {
  const place = await locate(args.notebook_path, world);
  if (place.kind === "refused") return refusal(place.text);
  const file = await readTextFile(place.real);
  switch (file.kind) {
    case "missing":
      return refusal(`${place.path} does not exist. Create it with Write, or find the right path with Glob.`);
    case "directory":
      return refusal(`${place.path} is a directory. Give a file's path.`);
    case "unreadable":
      return refusal(`${place.path} is ${file.why}. NotebookEdit changes notebooks only.`);
    case "text":
  }
  if (file.encoding !== "utf-8") return refusal(foreignText(place.path));
  if ((file.mode & 0o222) === 0) return refusal(readOnlyText(place.path, file.mode));
  const notebook = parseNotebook(file.text);
  if (notebook === undefined) {
    return refusal(`${place.path} is not a notebook of format 4. Change it with Edit.`);
  }
  // Numbers of cells, and what a cell holds, are known from a reading of these very bytes only.
  if (world.reads.get(place.path) !== file.hash) {
    const why = world.reads.has(place.path) ? "changed since it was last read" : "was not read";
    return refusal(`${place.path} ${why}. Read it, then edit.`);
  }
  const sealed = sealedRefusal(args.new_source ?? "", file.text);
  if (sealed !== undefined) return refusal(sealed);

  const change = changeOf(file.text, notebook, args);
  if (change.kind === "refused") return refusal(change.why);
  const content = encodeText(change.text, file.hasBom);
  await saveInWorkspace(place, { content, mode: file.mode }, world);
  world.reads.set(place.path, sha256(content).toString("hex"));
  const text = `${change.what} in ${place.path}.`;
  return { ok: true, text, sources: [], diff: diffTexts(place.path, file.text, change.text) };
}

type Change =
  | { readonly kind: "changed"; readonly text: string; readonly what: string }
  | { readonly kind: "refused"; readonly why: string };

/** Only the bytes of what is changed are written anew: a notebook's other cells stay as their own tool wrote them. */
export function changeOf(text: string, notebook: Notebook, args: NotebookEditArgs): Change {
  const mode = args.edit_mode ?? "replace";
  const cell = args.cell_id === undefined ? undefined : findCell(notebook, args.cell_id);
  if (cell === undefined && (args.cell_id !== undefined || mode !== "insert")) {
    const why = args.cell_id === undefined ? "cell_id is missing" : `There is no cell ${args.cell_id}`;
    return refused(`${why}. ${cellNames(notebook)}`);
  }
  if (mode !== "delete" && args.new_source === undefined) return refused("new_source is missing.");
  const source = args.new_source ?? "";
  const style = styleOf(text, notebook);
  if (mode === "insert" || cell === undefined) {
    return insert(text, notebook, { after: cell, type: args.cell_type ?? "code", source, style });
  }
  if (mode === "delete") {
    return { kind: "changed", text: withoutCell(text, notebook, cell), what: `Deleted cell ${cell.index}` };
  }
  const type = args.cell_type ?? cell.type;
  const what = `Replaced cell ${cell.index}`;
  if (type !== cell.type && isCellType(type)) {
    const written = style.write(newCell({ id: cell.id, type, source }), CELL_DEPTH);
    return { kind: "changed", text: splice(text, [[cell.span, written]]), what };
  }
  return { kind: "changed", text: splice(text, replacements(text, cell, source, style)), what };
}

/** What was computed from the old source is no output of the new one. */
function replacements(text: string, cell: Cell, source: string, style: Style): [Span, string][] {
  const at = cell.members.get("source");
  if (at === undefined) {
    return [[cell.span, style.write(newCell({ id: cell.id, type: "code", source }), CELL_DEPTH)]];
  }
  const isOneText = text[at.start] === '"';
  const written: [Span, string][] = [[at, style.write(isOneText ? source : linesOf(source), MEMBER_DEPTH)]];
  const outputs = cell.members.get("outputs");
  const count = cell.members.get("execution_count");
  if (outputs !== undefined) written.push([outputs, "[]"]);
  if (count !== undefined) written.push([count, "null"]);
  return written;
}

interface Insertion {
  readonly after: Cell | undefined;
  readonly type: CellType;
  readonly source: string;
  readonly style: Style;
}

function insert(text: string, notebook: Notebook, { after, type, source, style }: Insertion): Change {
  const { cells, list, hasIds } = notebook;
  // As `newId` makes them they fit nbformat: letters, digits and "_", at most 64.
  const id = hasIds ? newId("cell").toLowerCase() : undefined;
  const written = style.write(newCell({ id, type, source }), CELL_DEPTH);
  const where = after === undefined ? 0 : after.index + 1;
  const what = `Inserted cell ${where}${id === undefined ? "" : ` (id ${id})`}`;
  const [first] = cells;
  if (first === undefined) {
    const filled = `[${style.lineBefore(CELL_DEPTH)}${written}${style.lineBefore(CELL_DEPTH - 1)}]`;
    return { kind: "changed", text: splice(text, [[list, filled]]), what };
  }
  const comma = `,${style.lineBefore(CELL_DEPTH)}`;
  const at = after === undefined ? first.span.start : after.span.end;
  const piece = after === undefined ? written + comma : comma + written;
  return { kind: "changed", text: splice(text, [[{ start: at, end: at }, piece]]), what };
}

function withoutCell(text: string, { cells, list }: Notebook, { index, span }: Cell): string {
  const before = cells[index - 1];
  const after = cells[index + 1];
  if (before !== undefined) return splice(text, [[{ start: before.span.end, end: span.end }, ""]]);
  return splice(text, [
    after === undefined ? [list, "[]"] : [{ start: span.start, end: after.span.start }, ""],
  ]);
}

function splice(text: string, changes: readonly (readonly [Span, string])[]): string {
  return changes
    .toSorted(([a], [b]) => b.start - a.start)
    .reduce((whole, [{ start, end }, written]) => whole.slice(0, start) + written + whole.slice(end), text);
}

interface NewCell {
  readonly id: string | undefined;
  readonly type: CellType;
  readonly source: string;
}

/** The names in the order of the alphabet, as Jupyter writes them. */
function newCell({ id, type, source }: NewCell): object {
  const isCode = type === "code";
  return {
    cell_type: type,
    ...(isCode ? { execution_count: null } : {}),
    ...(id === undefined ? {} : { id }),
    metadata: {},
    ...(isCode ? { outputs: [] } : {}),
    source: linesOf(source),
  };
}

function linesOf(source: string): string[] {
  return source.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function isCellType(type: string): type is CellType {
  return cellTypes.some((known) => known === type);
}

/** The root, the list, a cell, what is in it. */
const CELL_DEPTH = 2;
const MEMBER_DEPTH = 3;

interface Style {
  /** A value that begins at this depth. */
  write(value: unknown, depth: number): string;
  /** What stands before a value on a line of its own; nothing in a file that is all one line. */
  lineBefore(depth: number): string;
}

/** As the file is written: its indent, its line ends, and whether other characters than ASCII are escaped. */
function styleOf(text: string, { cells, list }: Notebook): Style {
  const indent = /^[ \t]*[{[][ \t]*\r?\n([ \t]+)\S/.exec(text)?.[1] ?? "";
  const isOneLine = !text.slice(list.start, cells[0]?.span.end ?? list.start).includes("\n") && indent === "";
  const lineEnd = lineEndOf(text) ?? "\n";
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  const isEscaped = /^[\u0000-\u007f]*$/.test(text) && /\\u[0-9a-fA-F]{4}/.test(text);
  const lineBefore = (depth: number): string => (isOneLine ? "" : lineEnd + indent.repeat(depth));
  return {
    lineBefore,
    write: (value, depth) => {
      const written = JSON.stringify(value, null, isOneLine ? undefined : indent).replaceAll(
        "\n",
        lineBefore(depth),
      );
      return isEscaped ? escapeAll(written) : written;
    },
  };
}

function escapeAll(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const NAMED_MAX = 30;

function cellNames({ cells }: Notebook): string {
  if (cells.length === 0) return "The notebook has no cells: insert one without cell_id.";
  const names = cells
    .slice(0, NAMED_MAX)
    .map(({ index, id }) => (id === undefined ? `${index}` : `${index} (${id})`));
  return `There are: ${names.join(", ")}${cells.length > NAMED_MAX ? ", …" : ""}.`;
}

function refused(why: string): Change {
  return { kind: "refused", why };
}
