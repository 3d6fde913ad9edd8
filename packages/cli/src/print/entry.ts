import { isRecord, type JsonObject } from "@cloister/base";
import type { ReadEntry, SideReader } from "@cloister/ledger";
import { visible, type Paint } from "./style.ts";

const SHOWN_CHARS_MAX = 200;

/** An entry for people: its number, time, kind and fields, and below it what its commitments stand for. */
export function formatEntry({ index, body }: ReadEntry, side: SideReader, paint: Paint): string {
  const fields = visible(JSON.stringify(without(body, ["v", "n", "t", "ts", "parts"])));
  const when = `${String(index).padStart(5)}  ${wordOf(body, "ts")}`;
  const head = `${paint("dim", when)}  ${paint("cyan", visible(wordOf(body, "t")))}  ${fields}\n`;
  const parts = Array.isArray(body["parts"]) ? body["parts"].filter(isRecord) : [];
  return head + parts.map((part) => `         ${formatPart(part as JsonObject, side, paint)}\n`).join("");
}

function formatPart(part: JsonObject, side: SideReader, paint: Paint): string {
  const open = visible(JSON.stringify(without(part, ["c", "h"])));
  const opened = side.open(part);
  const commitment = paint("dim", wordOf(part, "c"));
  if (opened.kind !== "open") return `${open} ${paint("red", opened.kind)} ${commitment}`;
  const text = visible(opened.data.toString("utf8")).replaceAll("\n", "⏎");
  const isLong = text.length > SHOWN_CHARS_MAX;
  const shown = isLong ? `${text.slice(0, SHOWN_CHARS_MAX)}… (${text.length} characters)` : text;
  const hidden = Object.keys(opened.hidden).length === 0 ? "" : ` ${visible(JSON.stringify(opened.hidden))}`;
  return `${open}${paint("yellow", hidden)} ${paint("dim", shown)}`;
}

function wordOf(record: JsonObject, name: string): string {
  const value = record[name];
  return typeof value === "string" ? value : "";
}

function without(record: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
