import assert from "node:assert/strict";
import { test } from "node:test";
import { diffTexts } from "@cloister/agent";
import { applyHunks, createPartialEdits } from "./part-of-edit.ts";

const lines = Array.from({ length: 40 }, (_, index) => `line ${index}\n`);
const changed = (...at: readonly number[]): string =>
  lines.map((each, index) => (at.includes(index) ? `new ${index}\n` : each)).join("");
const before = lines.join("");
const hunksOf = (after: string): string[] =>
  diffTexts("a", before, after)
    .hunks.split(/^(?=@@ )/m)
    .filter((each) => each !== "");

test("of three hunks any choice makes the file with those changes alone", () => {
  const all = [3, 18, 36];
  const hunks = hunksOf(changed(...all));
  for (let choice = 0; choice < 8; choice++) {
    const kept = all.map((_, index) => index).filter((index) => (choice & (1 << index)) !== 0);
    const text = applyHunks(
      before,
      hunks.filter((_, index) => kept.includes(index)),
    );
    assert.equal(text, changed(...kept.map((index) => all[index] ?? -1)));
  }
});

test("a last line without its end, added and removed, stays as it is in the hunk", () => {
  for (const [from, to] of [
    ["a\nb", "a\nb\n"],
    ["a\nb\n", "a\nb"],
    ["", "x\ny"],
    ["x\ny", ""],
  ] as const) {
    const diff = diffTexts("a", from, to);
    assert.equal(applyHunks(from, [diff.hunks]), to);
  }
});

test("a partial yes refuses the call with the accepted part, and that part is agreed to once", () => {
  const partial = createPartialEdits();
  const after = changed(3, 36);
  const edits = [{ path: "a", before, after }];
  const answer = partial.accept(edits, [diffTexts("a", before, after)], [[1]]);
  assert.ok(typeof answer === "object" && answer.kind === "no");
  assert.match(answer.why, /a: 1 of 2 changes accepted \(number 2\)[^]*\+new 36/);
  assert.doesNotMatch(answer.why, /new 3\n/);
  // Neither another change, nor the same on top of a file that is another by now.
  assert.equal(partial.takes(edits), false);
  assert.equal(partial.takes([{ path: "a", before: `x${before}`, after: changed(36) }]), false);
  assert.equal(partial.takes([{ path: "b", before, after: changed(36) }]), false);
  assert.equal(partial.takes([{ path: "a", before, after: changed(36) }]), true);
  assert.equal(partial.takes([{ path: "a", before, after: changed(36) }]), false);
});
