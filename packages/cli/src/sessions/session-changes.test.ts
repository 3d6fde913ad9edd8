import assert from "node:assert/strict";
import { test } from "node:test";
import type { Story } from "./story.ts";
import { changesOf } from "./session-changes.ts";
import type { TreeChange } from "./tree.ts";

const texts = new Map<string, Buffer>();
const file = (text: string): NonNullable<TreeChange[1]> => {
  texts.set(`o:${text}`, Buffer.from(text));
  return { type: "file", mode: 0o644, bytes: text.length, object: `o:${text}` };
};
const store = { get: (object: string) => texts.get(object) };
const seal = (text: string): string => text.replaceAll("secret", "[sealed]");

type Step = Story["trees"][number];
const step = (changes: readonly TreeChange[], more: Partial<Step> = {}): Step => ({
  ...{ t: "tree", whole: false, left: [], changes },
  ...more,
});
const shown = (...trees: Step[]): unknown[] =>
  changesOf(trees, store, seal).map(({ change, texts: both }) => {
    const row: unknown[] = [change.path, change.kind];
    return row.concat([both?.before, both?.after]);
  });

test("what commands changed is there beside what tools edited, from before the first message to the last end", () => {
  const first = step(
    [
      ["a", file("one")],
      ["b", file("b")],
      ["dir", { type: "directory", mode: 0o755 }],
    ],
    {
      whole: true,
      before: 1,
    },
  );
  assert.deepEqual(
    shown(
      first,
      step([
        ["a", file("two")],
        ["made/by/sed", file("secret\n")],
      ]),
      step([], { before: 2 }),
      step([
        ["a", file("three")],
        ["b", null],
        ["dir2", { type: "directory", mode: 0o755 }],
      ]),
    ),
    [
      ["a", "changed", "one", "three"],
      ["b", "deleted", "b", ""],
      ["made/by/sed", "created", "", "[sealed]\n"],
    ],
  );
});

test("what a person changed between two messages is not the session's, and what was put back is no change", () => {
  const first = step(
    [
      ["mine", file("1")],
      ["its", file("1")],
    ],
    { whole: true, before: 1 },
  );
  const between = step([["mine", file("2")]], { before: 2 });
  assert.deepEqual(shown(first, step([["its", file("2")]]), between, step([["its", file("1")]])), []);
});

test("what is no text, or was not kept, is named without its content", () => {
  texts.set("o:bin", Buffer.from([0, 1]));
  const binary = { type: "file", mode: 0o644, bytes: 2, object: "o:bin" } as const;
  const gone = { type: "file", mode: 0o644, bytes: 9, object: "o:gone" } as const;
  const after: TreeChange[] = [
    ["bin", binary],
    ["gone", gone],
    ["link", { type: "link", target: "/etc" }],
  ];
  assert.deepEqual(shown(step([], { whole: true, before: 1 }), step(after)), [
    ["bin", "created", undefined, undefined],
    ["gone", "created", undefined, undefined],
    ["link", "created", undefined, undefined],
  ]);
});
