/** The page that compares us with others promises nothing that no test holds. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "..");
const ROWS = 133;

interface Row {
  readonly number: number;
  readonly here: string;
  readonly how: string;
  readonly proof: string;
}

const page = readFileSync(resolve(root, "docs/parity.md"), "utf8");
const rows: readonly Row[] = page
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [, number = "", , here = "", how = "", proof = ""] = line
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    return { number: Number(number), here, how, proof };
  });

/** What a row with the proof `file` "words" lacks: undefined where the file has a test whose name holds the words. */
function missing(proof: string): string | undefined {
  const [, file = "", words = ""] = /^`([\w./-]+\.test\.ts)` "([^"]+)"$/.exec(proof) ?? [];
  if (file === "") return "names no test";
  const path = resolve(root, file);
  if (!existsSync(path)) return `${file} does not exist`;
  const names = readFileSync(path, "utf8").matchAll(/\btest\(\s*("(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/g);
  return [...names].some(([, name]) => name?.includes(words)) ? undefined : `${file} has no test "${words}"`;
}

test("every row of the comparison is there, once and in order, with one of three answers", () => {
  assert.deepEqual(
    rows.map(({ number }) => number),
    Array.from({ length: ROWS }, (_, index) => index + 1),
  );
  for (const { number, here, how } of rows) {
    assert.ok(["yes", "different", "no"].includes(here), `row ${number}: ${here}`);
    assert.ok(how.length > 2, `row ${number} says how`);
  }
});

test("each yes names a test that is there", () => {
  const wrong = rows.flatMap(({ number, here, proof }) => {
    const why = here === "yes" || proof !== "" ? missing(proof) : undefined;
    return why === undefined ? [] : [`row ${number}: ${why}`];
  });
  assert.deepEqual(wrong, []);
});

test("the page's own count is right", () => {
  for (const answer of ["yes", "different", "no"]) {
    const count = rows.filter(({ here }) => here === answer).length;
    assert.match(page, new RegExp(`${count} times\\s+\\*\\*${answer}\\*\\*`));
  }
});

test("a proof that is none is noticed", () => {
  assert.match(missing("") ?? "", /names no test/);
  assert.match(missing('`e2e/nowhere.test.ts` "x"') ?? "", /does not exist/);
  assert.match(missing('`tools/parity.test.ts` "what nobody claims"') ?? "", /has no test/);
  assert.equal(missing('`tools/parity.test.ts` "the page\'s own count is right"'), undefined);
});
