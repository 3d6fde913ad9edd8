import assert from "node:assert/strict";
import { test } from "node:test";
import type { Input } from "../edit/keys.ts";
import { lineWidth, plainText } from "../text/line.ts";
import type { Panel } from "./panel.ts";
import { createPicker, type PickItem } from "./picker.ts";

interface Opened {
  readonly panel: Panel;
  readonly chosen: (number | undefined)[];
  readonly press: (...keys: readonly string[]) => boolean;
  readonly type: (text: string) => void;
  readonly shown: (columns?: number, rows?: number) => string[];
}

function open(items: readonly PickItem[], at?: number): Opened {
  const chosen: (number | undefined)[] = [];
  const request = {
    title: "Which?",
    items,
    empty: "nothing",
    hint: "keys",
    ...(at === undefined ? {} : { at }),
  };
  const panel = createPicker(request, (index) => chosen.push(index));
  const key = (name: string): Input => ({ kind: "key", key: name });
  return {
    panel,
    chosen,
    press: (...keys) => keys.map((name) => panel.input(key(name))).at(-1) ?? false,
    type: (text) => void panel.input({ kind: "text", text }),
    shown: (columns = 60, rows = 24) => panel.lines(columns, rows).map(plainText),
  };
}

const many = Array.from({ length: 50 }, (_, index) => ({ label: `item ${index}`, note: `note ${index}` }));

test("arrows choose, round the ends, and enter takes what is marked", () => {
  const { press, chosen, shown } = open([{ label: "one" }, { label: "two" }, { label: "three" }]);
  press("up");
  assert.match(shown().join("\n"), /❯ three/);
  press("down", "down");
  assert.equal(press("enter"), true);
  assert.deepEqual(chosen, [1]);
});

test("what is typed narrows the list by every word, in label and note; escape takes it back, then leaves", () => {
  const { press, type, chosen, shown } = open(many);
  type("item 4");
  press("space");
  type("note 42");
  assert.equal(shown().filter((row) => row.includes("item ")).length, 2);
  press("escape");
  assert.equal(press("escape"), true);
  assert.deepEqual(chosen, [undefined]);
});

test("enter on nothing found stays, and never takes what is not shown", () => {
  const { press, type, chosen, shown } = open(many);
  type("xyz");
  assert.match(shown().join("\n"), /nothing/);
  assert.equal(press("enter"), false);
  press("backspace", "backspace", "backspace", "enter");
  assert.deepEqual(chosen, [0]);
});

test("the marked one is always in sight, however low or narrow the screen", () => {
  const { press, shown } = open(many, 49);
  for (const [columns, rows] of [
    [80, 24],
    [20, 6],
    [8, 3],
  ] as const) {
    assert.ok(shown(columns, rows).some((row) => row.startsWith("❯")));
    press("home");
    assert.ok(shown(columns, rows)[1]?.startsWith("❯"));
    press("end");
  }
});

test("no row is wider than the screen, and no label can draw outside its row", () => {
  const { panel } = open([{ label: "\u001b[31mred\n中文".repeat(20), note: "n".repeat(200) }]);
  for (const columns of [10, 40, 80]) {
    for (const row of panel.lines(columns, 24)) {
      assert.ok(lineWidth(row) <= columns, plainText(row));
      for (const sign of ["\u001b", "\n"]) assert.ok(!plainText(row).includes(sign));
    }
  }
});

test("items that change while they are looked at are shown as they are, and what was marked stays marked", () => {
  const items = [{ label: "one", note: "asking" }];
  const letters: [string, number][] = [];
  const settled: (number | undefined)[] = [];
  const panel = createPicker(
    {
      ...{ title: "Which?", items: () => items, empty: "nothing", hint: "keys" },
      onLetter: (letter, index) => letter === "r" && letters.push([letter, index]) > 0,
    },
    (index) => settled.push(index),
  );
  const shown = (): string => panel.lines(60, 24).map(plainText).join("\n");
  assert.match(shown(), /❯ one {2}asking/);
  items.splice(0, 1, { label: "one", note: "ready" }, { label: "two", note: "here" });
  assert.match(shown(), /❯ one {2}ready\n {2}two {2}here/);
  panel.input({ kind: "key", key: "down" });
  panel.input({ kind: "text", text: "r" });
  assert.deepEqual(letters, [["r", 1]]);
  panel.input({ kind: "text", text: "o" });
  panel.input({ kind: "text", text: "r" });
  assert.equal(letters.length, 1, "within a search it is a letter");
  items.length = 0;
  assert.match(shown(), /nothing/);
  panel.input({ kind: "key", key: "enter" });
  assert.deepEqual(settled, [undefined]);
});
