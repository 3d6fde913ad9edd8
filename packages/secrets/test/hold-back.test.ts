import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./corpus/random.ts";
import { createHoldBack } from "../src/hold-back.ts";
import { createSeals } from "../src/seals.ts";

const key = new Uint8Array(32).fill(9);
const phone = ["138", "1234", "8765"].join("");
const token = "gh" + "p_" + "a1B2c3D4e5F6".repeat(3);

function sealedWorld(): { seals: ReturnType<typeof createSeals>; person: string; credential: string } {
  const seals = createSeals(key, { personal: true });
  const { sealed } = seals.seal(`联系电话 ${phone}\n${token}`, "a.txt");
  const [person, credential] = ["mobile-number", "github-token"].map(
    (kind) => sealed.find((secret) => secret.kind === kind)?.placeholder ?? "",
  );
  return { seals, person: person ?? "", credential: credential ?? "" };
}

test("personal data comes back in what is shown, credentials only in their file", () => {
  const { seals, person, credential } = sealedWorld();
  const text = `call ${person} with ${credential}`;
  assert.deepEqual(seals.unsealShown(text), {
    text: `call ${phone} with ${credential}`,
    restored: [{ kind: "mobile-number", placeholder: person }],
    withheld: [{ placeholder: credential, why: "credential" }],
  });
  assert.equal(seals.unsealFor("a.txt", text).text, `call ${phone} with ${token}`);
  assert.equal(seals.unsealFor("b.txt", text).text, text);
});

test("personal data stays in the text unless sealing it was asked for", () => {
  assert.equal(createSeals(key).seal(`联系电话 ${phone}`).text, `联系电话 ${phone}`);
});

test("an unknown placeholder is reported, never guessed, however near it comes", () => {
  const { seals, person } = sealedWorld();
  const off = person.replace(/^CLS_./, (head) => head.slice(0, 4) + (head.endsWith("A") ? "B" : "A"));
  for (const text of [
    off,
    person.replace("MOBILENUMBER", "BANKCARD"),
    `${person.slice(0, 8)}A${person.slice(8)}`,
  ]) {
    const shown = seals.unsealShown(text);
    assert.equal(shown.text, text);
    assert.deepEqual(shown.withheld, [{ placeholder: text, why: "unknown" }]);
  }
});

test("20,000 random chunkings say what the whole text says, and hold little back", () => {
  const { seals, person, credential } = sealedWorld();
  const r = createRandom(7);
  const near = [
    ...[
      "C",
      "CL",
      "CLS",
      "CLS_",
      "cls_instance_method",
      "CLS_ABCDEFGH",
      "CLS_ABCDEFGH_",
      "CLS_ABCDEFGH_MOBILE",
    ],
    ...[person.slice(0, -1), person.slice(0, 12), person.toLowerCase(), `CLS_${person}`, `${credential}S`],
    ...["CLS_CLS_", " ", "\n", "文", "a", "\\n", '"', "{", `${person}${person}`, person, credential],
  ];
  let held = 0;
  let pushes = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + r.number(6) }, () => r.pick(near)).join("");
    const stream = seals.openShown();
    let out = "";
    let given = 0;
    while (given < text.length) {
      const chars = 1 + r.number(9);
      const piece = text.slice(given, given + chars);
      given += piece.length;
      out += stream.push(piece).text;
      held += Math.max(0, seals.unsealShown(text.slice(0, given)).text.length - out.length);
      pushes += 1;
    }
    out += stream.end().text;
    assert.equal(out, seals.unsealShown(text).text, JSON.stringify(text));
  }
  assert.ok(
    held / pushes < 16,
    `${(held / pushes).toFixed(1)} characters held on average, of texts made to be held`,
  );
});

test("nothing is held back of ordinary text", () => {
  const holdBack = createHoldBack();
  for (const piece of ["the class", "ical ", "CLASS ", "cls.method()", "CLS_instance."]) {
    assert.equal(holdBack.push(piece), piece);
  }
  assert.equal(holdBack.push("ends in c"), "ends in ");
  assert.equal(holdBack.end(), "c");
});

test("inside JSON that comes in pieces a value is escaped as JSON wants it", () => {
  const seals = createSeals(key, { email: true, personal: true });
  const address = ["li.wei", "corp.example"].join("@");
  const placeholder = seals.seal(`to ${address}`).sealed[0]?.placeholder ?? "";
  const whole = JSON.stringify({ text: `to "${placeholder}"\n\\${placeholder}` });
  const r = createRandom(3);
  for (let round = 0; round < 500; round++) {
    const stream = seals.openShown({ json: true });
    let out = "";
    for (let at = 0; at < whole.length;) {
      const chars = 1 + r.number(12);
      out += stream.push(whole.slice(at, at + chars)).text;
      at += chars;
    }
    out += stream.end().text;
    assert.deepEqual(JSON.parse(out), { text: `to "${address}"\n\\${address}` });
  }
});
