import assert from "node:assert/strict";
import { test } from "node:test";
import { createIndexBuilder, decodeIndex, encodeIndex, matchIndex, type FingerprintIndex } from "./index.ts";

/** Made-up code that no two seeds have in common beyond its idioms. */
function codeOf(seed: number, lines: number): string {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1);
  const name = (): string => `v${(next() % 46_656).toString(36)}${(next() % 46_656).toString(36)}`;
  return Array.from(
    { length: lines },
    () => `  const ${name()} = ${name()}(${name()}, ${next() % 1000}) ?? ${name()};`,
  ).join("\n");
}

function indexOf(...files: string[]): FingerprintIndex {
  const builder = createIndexBuilder();
  for (const file of files) builder.add(file);
  return builder.build({ name: "chip-7", label: "restricted", compartments: ["chip-7"] });
}

test("forty lines are known again, re-indented, with other line ends, inside a long prompt", () => {
  const secret = codeOf(1, 300);
  const index = indexOf(secret, codeOf(2, 300));
  const excerpt = secret
    .split("\n")
    .slice(100, 140)
    .map((line) => `\t\t> ${line.trim()}`)
    .join("\r\n")
    .replaceAll("> ", "");
  const prompt = `${codeOf(3, 2000)}\n${excerpt}\n${codeOf(4, 2000)}`;
  assert.ok(matchIndex(prompt, index) > 50);
  assert.ok(
    matchIndex(excerpt.replaceAll(" ", "\u200b \u3000"), index) > 50,
    "invisible characters do not hide it",
  );
});

test("other code, and two lines of it, are not taken for a copy", () => {
  const index = indexOf(codeOf(1, 300));
  assert.equal(matchIndex(codeOf(9, 20_000), index), 0);
  assert.equal(matchIndex(codeOf(1, 300).split("\n").slice(0, 2).join("\n"), index), 0);
});

test("what stands in many files, or is excepted, is nobody's secret", () => {
  const licence = codeOf(50, 30);
  const builder = createIndexBuilder();
  for (let seed = 100; seed < 120; seed++) builder.add(`${licence}\n${codeOf(seed, 50)}`);
  builder.except(codeOf(100, 50));
  const index = builder.build({ name: "n", label: "core", compartments: [] });
  assert.equal(matchIndex(licence, index), 0);
  assert.equal(matchIndex(codeOf(100, 50), index), 0);
  assert.ok(matchIndex(codeOf(101, 50), index) > 0);
});

test("an index comes back from its file as it was, and holds no text of the code", () => {
  const code = codeOf(7, 100);
  const index = indexOf(code);
  const file = encodeIndex(index);
  assert.deepEqual(decodeIndex(file, "p"), index);
  assert.ok(!Buffer.from(file).includes("const"));
});

test("an index cut at any byte is refused, not read as a smaller one", () => {
  const file = encodeIndex(indexOf(codeOf(7, 3)));
  for (let length = 0; length < file.length; length++) {
    assert.throws(() => decodeIndex(file.subarray(0, length), "p"), { code: "bad-fingerprints" });
  }
});

test("hostile texts take no longer than ordinary ones", () => {
  const index = indexOf(codeOf(1, 300));
  for (const text of ["a".repeat(2_000_000), " ".repeat(2_000_000), "ab".repeat(1_000_000)]) {
    assert.equal(matchIndex(text, index), 0);
  }
});
