import assert from "node:assert/strict";
import { test } from "node:test";
import { findSecrets } from "../src/index.ts";
import { createCorpus, createHeldOut, createStrangers } from "./corpus/corpus.ts";
import { scoreOf } from "./corpus/score.ts";
import type { Score } from "./corpus/score.ts";

function report(
  name: string,
  { labelled, detected, covered, named, findings, wrong, cleanFlagged, notes }: Score,
): string {
  const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
  const line = [
    `${name}: detected ${percent(detected, labelled)}`,
    `covered ${percent(covered, labelled)}`,
    `of the right kind ${percent(named, labelled)}`,
    `precision ${percent(findings - wrong, findings)}`,
    `${cleanFlagged} clean documents flagged`,
  ].join(", ");
  return `${line}\n${notes.join("\n")}`;
}

/** The first two are those the rules were made with; the others say whether these hold for other values. */
for (const seed of [1, 2, 1001, 1002]) {
  test(`of the corpus, seed ${seed}, 95 % is found with 95 % precision`, () => {
    const corpus = createCorpus(seed);
    assert.ok(corpus.secrets.length + corpus.personal.length + corpus.clean.length >= 300);
    assert.ok(corpus.clean.length >= corpus.secrets.length);
    const score = scoreOf(corpus, findSecrets);
    const text = report(`seed ${seed}`, score);
    assert.ok(score.detected >= 0.95 * score.labelled, text);
    assert.ok(score.covered >= 0.95 * score.labelled, text);
    assert.ok(score.named >= 0.95 * score.labelled, text);
    assert.ok(score.wrong <= 0.05 * score.findings, text);
    assert.ok(score.cleanFlagged <= 0.02 * corpus.clean.length, text);
  });
}

test("of documents written after the rules, 85 % is found with 95 % precision", (context) => {
  for (const seed of [31, 32]) {
    const score = scoreOf(createHeldOut(seed), findSecrets);
    const text = report(`held out, seed ${seed}`, score);
    context.diagnostic(text.split("\n")[0] ?? "");
    assert.ok(score.detected >= 0.85 * score.labelled, text);
    assert.ok(score.wrong <= 0.05 * score.findings, text);
  }
});

/** At the first reading: 91.7 % with 100 % precision, 89.7 % with 98.0 %, and 96.8 % with 98.9 %. */
for (const [set, least] of [
  ["one", 0.97],
  ["two", 0.94],
  ["three", 0.94],
] as const) {
  test(`of a stranger's documents, set ${set}, ${100 * least} % is found with 96 % precision`, () => {
    for (const seed of [1, 2, 3, 4]) {
      const corpus = createStrangers(set, seed);
      const score = scoreOf(corpus, findSecrets);
      const text = report(`stranger ${set}, seed ${seed}`, score);
      assert.ok(score.detected >= least * score.labelled, text);
      assert.ok(score.wrong <= 0.04 * score.findings, text);
      assert.ok(score.cleanFlagged <= 0.03 * corpus.clean.length, text);
      const people = scoreOf({ secrets: [], personal: corpus.personal, clean: [] }, findSecrets);
      assert.equal(people.detected, people.labelled, report("personal", people));
    }
  });
}

test("all personal data of the corpus is found", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { personal } = createCorpus(seed);
    const score = scoreOf({ secrets: [], personal, clean: [] }, findSecrets);
    assert.equal(score.detected, score.labelled, report("personal", score));
  }
});
