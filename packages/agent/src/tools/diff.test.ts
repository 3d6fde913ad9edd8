import assert from "node:assert/strict";
import { test } from "node:test";
import { diffTexts } from "./diff.ts";

/** Applies hunks strictly, so that a wrong count or context fails. */
function patch(before: string, hunks: string): string {
  const source = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const out: string[] = [];
  let at = 0;
  for (const hunk of hunks.split(/^(?=@@ )/m).filter((part) => part !== "")) {
    const [head = "", ...body] = hunk.match(/[^\n]*\n/g) ?? [];
    const numbers = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n$/.exec(head);
    assert.ok(numbers !== null, head);
    const [oldCount, newCount] = [Number(numbers[2] ?? 1), Number(numbers[4] ?? 1)];
    const start = Number(numbers[1]) - (oldCount === 0 ? 0 : 1);
    out.push(...source.slice(at, start));
    at = start;
    assert.equal(
      Number(numbers[3]) - (newCount === 0 ? 0 : 1),
      out.length,
      "the new side starts where it says",
    );
    let used = 0;
    let made = 0;
    for (const [i, row] of body.entries()) {
      if (row.startsWith("\\")) continue;
      const line = body[i + 1]?.startsWith("\\") === true ? row.slice(1, -1) : row.slice(1);
      if (!row.startsWith("+")) assert.equal(source[at + used++], line);
      if (!row.startsWith("-")) made += out.push(line) > 0 ? 1 : 0;
    }
    assert.deepEqual([used, made], [oldCount, newCount]);
    at += used;
  }
  return [...out, ...source.slice(at)].join("");
}

test("applied to the old text, a diff gives the new one", () => {
  let state = 7;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const words = ["a", "b", "c", "d", "", "long line"];
  const textOf = (): string =>
    Array.from({ length: next(40) }, () => words[next(words.length)]).join("\n") +
    (next(2) === 0 ? "\n" : "");
  for (let round = 0; round < 300; round++) {
    const [before, after] = [textOf(), textOf()];
    const diff = diffTexts("a", before, after);
    assert.equal(patch(before, diff.hunks), after, `round ${round}`);
  }
});

test("changes far apart are hunks of their own, near ones are one", () => {
  const lines = Array.from({ length: 40 }, (_, i) => `${i}\n`);
  const change = (...at: number[]): string =>
    lines.map((line, i) => (at.includes(i) ? "x\n" : line)).join("");
  const hunksOf = (after: string): number =>
    diffTexts("a", lines.join(""), after).hunks.match(/^@@ /gm)?.length ?? 0;
  assert.equal(hunksOf(change(5, 30)), 2);
  assert.equal(hunksOf(change(5, 11)), 1);
  assert.equal(hunksOf(change()), 0);
});

test("texts with nothing in common are replaced whole, quickly", () => {
  const before = Array.from({ length: 5000 }, (_, i) => `old ${i}\n`).join("");
  const after = Array.from({ length: 5000 }, (_, i) => `new ${i}\n`).join("");
  const diff = diffTexts("a", before, after);
  assert.deepEqual([diff.added, diff.removed], [5000, 5000]);
  assert.equal(patch(before, diff.hunks), after);
});
