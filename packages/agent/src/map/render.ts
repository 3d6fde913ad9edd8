/** A map within a budget: the definitions that matter most, file by file. */
import { showUnseen } from "@cloister/policy";
import type { FileRange } from "../tools/tool.ts";
import type { Ranked } from "./rank.ts";

export interface RenderedMap {
  readonly text: string;
  readonly sources: readonly FileRange[];
}

/** Of code, by the tokenizers of today's models, roughly. */
const CHARS_PER_TOKEN = 3.5;
/** One file must not be all of the map. */
const LINES_PER_FILE_MAX = 30;

export function renderMap(ranked: readonly Ranked[], tokensMax: number): RenderedMap {
  const files = new Map<string, Ranked[]>();
  let chars = tokensMax * CHARS_PER_TOKEN;
  for (const each of ranked) {
    const own = files.get(each.path) ?? [];
    if (own.length >= LINES_PER_FILE_MAX || own.some(({ line }) => line === each.line)) continue;
    const cost = rowOf(each).length + 1 + (own.length === 0 ? each.path.length + 2 : 0);
    if (cost > chars) break;
    chars -= cost;
    own.push(each);
    files.set(each.path, own);
  }
  const rows: string[] = [];
  const sources: FileRange[] = [];
  // In the order of the best definition of each.
  for (const [path, own] of files) {
    rows.push(`${path}:`);
    for (const each of own.toSorted((a, b) => a.line - b.line)) {
      rows.push(rowOf(each));
      sources.push({ path, from: each.line, to: each.line });
    }
  }
  return { text: rows.join("\n"), sources };
}

/** As Read numbers lines. */
function rowOf({ line, text }: Ranked): string {
  return `${line}\t${showUnseen(text)}`;
}
