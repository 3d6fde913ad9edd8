/** The editor's text as rows, and where in them the cursor is. */
import { escapeLine } from "../text/escape.ts";
import { hang, span, type Line, type Span } from "../text/line.ts";
import { graphemes, graphemeWidth, displayWidth } from "../text/width.ts";

export interface EditorView {
  readonly rows: readonly Line[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** At most `rowsMax` rows, those around the cursor. Rows begin with the sign, or with as many spaces. */
export function viewEditor(
  { text, cursor }: { readonly text: string; readonly cursor: number },
  options: {
    readonly columns: number;
    readonly rowsMax: number;
    readonly sign: Span;
    readonly signColumns: number;
  },
): EditorView {
  const room = Math.max(4, options.columns - options.signColumns);
  const rows: string[] = [];
  let at: { row: number; column: number } | undefined;
  let offset = 0;
  for (const written of text.split("\n")) {
    let row = "";
    let width = 0;
    const mark = (): void => {
      if (offset === cursor) at = { row: rows.length, column: width };
    };
    for (const grapheme of graphemes(written)) {
      const shown = escapeLine(grapheme);
      const wide = shown === grapheme ? graphemeWidth(grapheme) : displayWidth(shown);
      if (width + wide > room) {
        rows.push(row);
        row = "";
        width = 0;
      }
      mark();
      row += shown;
      width += wide;
      offset += grapheme.length;
    }
    mark();
    rows.push(row);
    offset += 1;
  }
  const where = at ?? { row: rows.length - 1, column: 0 };
  const from = Math.max(0, Math.min(where.row - options.rowsMax + 1, rows.length - options.rowsMax));
  const kept = rows.slice(from, from + options.rowsMax);
  const indent = span(" ".repeat(options.signColumns));
  return {
    rows: hang(
      kept.map((row) => [span(row)]),
      from === 0 ? options.sign : indent,
      indent,
    ),
    cursor: { row: where.row - from, column: where.column + options.signColumns },
  };
}
