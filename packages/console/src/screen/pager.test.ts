import assert from "node:assert/strict";
import { test } from "node:test";
import type { Input } from "../edit/keys.ts";
import { linesOf } from "../text/line.ts";
import { createPager } from "./pager.ts";
import { createTheme } from "./theme.ts";
import { createVirtualTerminal } from "./virtual-terminal.ts";

const size = { columns: 40, rows: 10 };
const theme = createTheme("plain", 0);

function open(): { press(...keys: readonly string[]): boolean; screen(): string } {
  const text = Array.from({ length: 100 }, (_, index) => `line ${index}${index % 30 === 7 ? " Found" : ""}`);
  const lines = (): ReturnType<typeof linesOf> => linesOf(text.join("\n"));
  const pager = createPager({ title: "Title", keys: "keys", empty: "nothing", lines });
  const terminal = createVirtualTerminal(size.columns, size.rows);
  terminal.write(pager.draw(size, theme));
  return {
    press: (...keys) => {
      const named = (key: string): Input =>
        key.length === 1 ? { kind: "text", text: key } : { kind: "key", key };
      const isClosed = keys.map((key) => pager.input(named(key))).some(Boolean);
      terminal.write(pager.draw(size, theme));
      return isClosed;
    },
    screen: () => terminal.screen(),
  };
}

test("a search goes to the next line that has the text while it is typed, then on, back, and round", () => {
  const pager = open();
  const place = (): string => /line \d+ Found/.exec(pager.screen())?.[0] ?? "";
  pager.press("/", "f", "o", "u", "n", "d");
  assert.equal(place(), "line 7 Found");
  pager.press("enter", "n");
  assert.equal(place(), "line 37 Found");
  pager.press("n", "n");
  assert.equal(place(), "line 97 Found");
  pager.press("n");
  assert.equal(place(), "line 7 Found");
  pager.press("N");
  assert.equal(place(), "line 97 Found");
});

test("what is typed into the search closes nothing; escape leaves the search, and q then the pager", () => {
  const pager = open();
  assert.equal(pager.press("/", "q", "u", "i", "t"), false);
  assert.match(pager.screen(), /\/quit▏$/);
  assert.equal(pager.press("escape"), false);
  assert.match(pager.screen(), /keys$/);
  assert.equal(pager.press("q"), true);
});
