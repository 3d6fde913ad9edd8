import assert from "node:assert/strict";
import { test } from "node:test";
import { lookalikes } from "../test/lookalikes.ts";
import { findSecrets } from "./find.ts";
import { made, PEM, positives } from "../test/positives.ts";

test("every kind is found in the places it occurs in, with exact borders", () => {
  for (const [text, kind, value] of positives) {
    const found = findSecrets(text).map((finding) => [finding.kind, text.slice(finding.start, finding.end)]);
    assert.deepEqual(found, [[kind, value]], text);
  }
  assert.ok(positives.length >= 60, `${positives.length} positives`);
});

test("look-alikes are left alone", () => {
  for (const text of lookalikes) {
    const found = findSecrets(text).map((finding) => [finding.rule, text.slice(finding.start, finding.end)]);
    assert.deepEqual(found, [], text);
  }
  assert.ok(lookalikes.length >= 80, `${lookalikes.length} clean texts`);
});

test("all positives in one text are found, in order, without overlap", () => {
  // A blank paragraph of more than the reach of a key pair keeps them apart.
  const gap = "\n".repeat(500);
  const text = positives.map(([one]) => one).join(gap);
  const found = findSecrets(text);
  assert.deepEqual(
    found.map((finding) => text.slice(finding.start, finding.end)),
    positives.map(([, , value]) => value),
  );
  for (const [index, finding] of found.entries()) {
    assert.ok(finding.start < finding.end && finding.start >= (found[index - 1]?.end ?? 0));
  }
});

test("all look-alikes in one text are left alone", () => {
  assert.deepEqual(findSecrets(lookalikes.join("\n\n")), []);
});

test("a value that is certain keeps its borders inside one that is guessed", () => {
  const token = `ghp_${made(36)}`;
  for (const text of [`token: "Bearer ${token}"`, `password='${token}'`, `Authorization: token ${token}`]) {
    const [finding, ...rest] = findSecrets(text);
    assert.equal(text.slice(finding?.start, finding?.end), token);
    assert.equal(finding?.kind, "github-token");
    assert.deepEqual(rest, []);
  }
});

test("a guessed value that holds more than the certain one is covered whole", () => {
  const text = `password = "${["AK", "IAQWERTY7UIOPASDFG"].join("")}-s3cretRest99"`;
  const found = findSecrets(text);
  assert.equal(found.length, 1);
  assert.equal(text.slice(found[0]?.start, found[0]?.end), text.slice(12, -1));
});

test("a private key without its last line goes to the end of the text", () => {
  const open = PEM.slice(0, PEM.indexOf("-----END"));
  assert.deepEqual(
    findSecrets(`key:\n${open}rest`).map(({ start, end, rule }) => ({ start, end, rule })),
    [{ start: 5, end: 5 + open.length + 4, rule: "pem-open" }],
  );
  const cut = PEM.slice(0, PEM.indexOf("\n") + 12);
  assert.equal(findSecrets(cut)[0]?.end, cut.length, "cut in its first line");
});
