/** Places that a server names, as lines of files: read by ourselves, so that what is hidden stays hidden. */
import { join } from "node:path";
import { isRecord, type Json } from "@cloister/base";
import { locate } from "../tools/paths.ts";
import { cutLine, readTextFile, splitLines } from "../tools/text-file.ts";
import type { FileRange, ToolResult, ToolWorld } from "../tools/tool.ts";
import { parseRange, toPath } from "./positions.ts";

interface Place {
  readonly path: string;
  readonly line: number;
}

const SHOWN_MAX = 100;
const LINE_CHARS_MAX = 300;

/** `Location`, `LocationLink`, or a list of them. */
export async function showLocations(result: Json, world: ToolWorld, nothing: string): Promise<ToolResult> {
  const list: readonly Json[] = Array.isArray(result) ? (result as readonly Json[]) : [result];
  const places: Place[] = [];
  const outside = new Set<string>();
  for (const each of list) {
    if (!isRecord(each)) continue;
    const uri = each["targetUri"] ?? each["uri"];
    const range = parseRange(each["targetSelectionRange"] ?? each["range"]);
    if (typeof uri !== "string" || range === undefined) continue;
    const path = toPath(world.workspace, uri);
    if (path === undefined) outside.add(uri.replace(/^file:\/\//, ""));
    else places.push({ path, line: range.start.line + 1 });
  }
  return showPlaces(places, world, {
    nothing,
    notes: [...outside].slice(0, SHOWN_MAX).map((path) => `${path} (outside the workspace)`),
  });
}

export async function showPlaces(
  places: readonly Place[],
  world: ToolWorld,
  { nothing, notes = [] }: { readonly nothing: string; readonly notes?: readonly string[] },
): Promise<ToolResult> {
  const byPath = Map.groupBy(places, ({ path }) => path);
  const rows: string[] = [];
  const sources: FileRange[] = [];
  let left = 0;
  for (const [path, own] of byPath) {
    const numbers = [...new Set(own.map(({ line }) => line))].sort((a, b) => a - b);
    const lines = await linesOf(path, world);
    if (lines === undefined) continue; // hidden, or gone
    for (const line of numbers) {
      if (rows.length >= SHOWN_MAX) left += 1;
      else {
        rows.push(`${path}:${line}:${cutLine(lines[line - 1] ?? "", LINE_CHARS_MAX)}`);
        sources.push({ path, from: line, to: line });
      }
    }
  }
  const more = left > 0 ? [`(and ${left} more)`] : [];
  const text = [...rows, ...more, ...notes].join("\n");
  return { ok: true, text: text === "" ? nothing : text, sources, source: "command" };
}

async function linesOf(path: string, world: ToolWorld): Promise<readonly string[] | undefined> {
  const place = await locate(path, world);
  if (place.kind === "refused") return undefined;
  const file = await readTextFile(join(place.real));
  return file.kind === "text" ? splitLines(file.text) : undefined;
}
