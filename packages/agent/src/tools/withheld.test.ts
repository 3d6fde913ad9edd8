import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutHidden } from "./withheld.ts";

const line = (path: string) => ({ kind: "line", path, line: 1, text: "x", isMatch: true }) as const;
const hidden = (path: string): { path: string; reason: string } | undefined =>
  path.startsWith("private/") ? { path, reason: "a rule" } : undefined;

test("what must not be read is in no answer of a search, nor does the answer say that something is missing", () => {
  const found = withoutHidden(
    {
      kind: "found",
      hits: [line("a"), { kind: "gap" }, line("private/b")],
      rows: ["a:3", "private/b:2", "private/c", "d:1"],
      notes: ["a note"],
    },
    hidden,
  );
  assert.deepEqual(found, {
    kind: "found",
    hits: [line("a"), { kind: "gap" }],
    rows: ["a:3", "d:1"],
    notes: ["a note"],
  });
});

test("a name with a colon is hidden as it is, and where nothing is hidden nothing changes", () => {
  const all = { kind: "found", hits: [], rows: ["private/a:1"], notes: [] } as const;
  assert.deepEqual(withoutHidden(all, hidden).rows, []);
  assert.equal(withoutHidden(all, undefined), all);
});
