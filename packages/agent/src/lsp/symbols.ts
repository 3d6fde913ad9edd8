/** The outline of a file, as rows. */
import { isRecord, type Json } from "@cloister/base";
import { lineOf } from "../mcp/names.ts";
import { parseRange } from "./positions.ts";

/** LSP 3.17, `SymbolKind`, from 1. */
const kinds =
  "file module namespace package class method property field constructor enum interface function variable constant string number boolean array object key null enum-member struct event operator type-parameter".split(
    " ",
  );
const ROWS_MAX = 500;
const DEPTH_MAX = 6;
const NAME_CHARS_MAX = 120;

/** Of `DocumentSymbol`, nested, or `SymbolInformation`, flat. */
export function symbolRows(result: Json): string[] {
  const rows: string[] = [];
  const visit = (list: Json | undefined, depth: number): void => {
    if (!Array.isArray(list) || depth > DEPTH_MAX) return;
    for (const each of list as readonly Json[]) {
      if (!isRecord(each) || rows.length >= ROWS_MAX) continue;
      const place = isRecord(each["location"]) ? each["location"]["range"] : each["selectionRange"];
      const range = parseRange(place);
      if (range === undefined) continue;
      const kind = kinds[Number(each["kind"]) - 1] ?? "symbol";
      rows.push(
        `${"  ".repeat(depth)}${range.start.line + 1}: ${kind} ${lineOf(each["name"], NAME_CHARS_MAX)}`,
      );
      visit(each["children"], depth + 1);
    }
  };
  visit(result, 0);
  return rows.length >= ROWS_MAX ? [...rows, "(and more)"] : rows;
}
