/** What a search must not tell of the files it went through. */
import type { GrepFound } from "./hits.ts";
import type { ToolWorld } from "./tool.ts";

type Found = Extract<GrepFound, { kind: "found" }>;

/**
 * Without the files that must not be read. Nothing is said of them: how many there were would answer the pattern, which
 * is a question about what they hold.
 */
export function withoutHidden(found: Found, hidden: ToolWorld["hidden"]): Found {
  if (hidden === undefined) return found;
  const known = new Map<string, boolean>();
  const isHidden = (path: string): boolean => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const now = hidden(path) !== undefined;
    known.set(path, now);
    return now;
  };
  return {
    ...found,
    hits: found.hits.filter((hit) => hit.kind === "gap" || !isHidden(hit.path)),
    // A row may end in a count.
    rows: found.rows.filter((row) => !isHidden(row) && !isHidden(row.replace(/:\d+$/u, ""))),
  };
}
