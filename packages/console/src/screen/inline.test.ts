import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, type Line } from "../text/line.ts";
import { createInlineScreen } from "./inline.ts";
import { createTheme } from "./theme.ts";
import { createVirtualTerminal } from "./virtual-terminal.ts";

const theme = createTheme("plain", 0);
const lines = (...texts: readonly string[]): Line[] => texts.flatMap((text) => linesOf(text));

test("after any frames the terminal shows what is finished, then what is alive, and the cursor in its place", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 40; round++) {
    const terminal = createVirtualTerminal(30, 8);
    const screen = createInlineScreen({ columns: 30, rows: 8 }, theme);
    const printed: string[] = [];
    for (let frame = 0; frame < 25; frame++) {
      const finished = Array.from({ length: random(4) }, (_, index) => `done ${frame}.${index}`);
      const live = Array.from({ length: 1 + random(7) }, (_, index) => `live ${random(3)} ${index}`);
      const cursor = random(2) === 0 ? { row: random(live.length), column: random(6) } : undefined;
      printed.push(...finished);
      terminal.write(screen.draw({ finished: lines(...finished), live: lines(...live), cursor }));
      const shown = terminal.all();
      assert.equal(shown, [...printed, ...live].join("\n"), `round ${round}, frame ${frame}`);
      assert.equal(terminal.isCursorShown, cursor !== undefined);
      if (cursor !== undefined) {
        const top = terminal.screen().split("\n").length - live.length;
        assert.deepEqual(terminal.cursor, { row: top + cursor.row, column: cursor.column });
      }
    }
  }
});

test("a frame like the one before writes nothing, and one changed row writes no other", () => {
  const screen = createInlineScreen({ columns: 40, rows: 10 }, theme);
  const live = ["spinner one", "text", "prompt"];
  const cursor = { row: 2, column: 3 };
  screen.draw({ finished: [], live: lines(...live), cursor });
  assert.equal(screen.draw({ finished: [], live: lines(...live), cursor }), "");
  const frame = screen.draw({ finished: [], live: lines("spinner two", "text", "prompt"), cursor });
  assert.ok(frame.includes("spinner two") && !frame.includes("text") && !frame.includes("prompt"));
});

test("more that is alive than the screen has rows shows its end", () => {
  const terminal = createVirtualTerminal(20, 4);
  const screen = createInlineScreen({ columns: 20, rows: 4 }, theme);
  const live = Array.from({ length: 10 }, (_, index) => `row ${index}`);
  terminal.write(screen.draw({ finished: [], live: lines(...live), cursor: { row: 9, column: 1 } }));
  assert.equal(terminal.all(), "row 6\nrow 7\nrow 8\nrow 9");
  terminal.write(
    screen.draw({ finished: lines("kept"), live: lines("last"), cursor: { row: 0, column: 0 } }),
  );
  assert.equal(terminal.screen(), "kept\nlast");
});
