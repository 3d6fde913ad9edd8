import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeals, findSecrets } from "../src/index.ts";

/** In pieces, so that no scanner takes this file for a leak. */
const BEGIN = ["-----BEGIN RSA", "PRIVATE KEY-----"].join(" ");

test("a megabyte of hostile text is searched and sealed in about a second", () => {
  const hostile = [
    "a".repeat(1_000_000),
    "1".repeat(1_000_000),
    '"'.repeat(1_000_000),
    "\\".repeat(1_000_000),
    " ".repeat(1_000_000),
    "password".repeat(125_000),
    "password=".repeat(111_000),
    "password: \n ".repeat(83_000),
    `password="${"\\".repeat(1_000_000)}`,
    'token="'.repeat(143_000),
    '\\"secret\\":'.repeat(100_000),
    "token     ".repeat(100_000),
    "密码：".repeat(333_000),
    `${"password=".repeat(50)}\n`.repeat(2_200),
    `${"token: ".repeat(700)}\n`.repeat(200),
    "eyJ".repeat(333_000),
    "eyJ.".repeat(250_000),
    ".eyJaaaaaaaa".repeat(83_000),
    "-eyJ-eyJ".repeat(125_000),
    "\\nsk-ant-".repeat(110_000),
    `sk-${"a1".repeat(40)}-`.repeat(12_000),
    `${BEGIN}\n`.repeat(31_000),
    `${BEGIN}\nMIIEvQIBADANBgkq `.repeat(20_000),
    "-----END RSA PRIVATE KEY".repeat(40_000),
    `${BEGIN}\nMIIEvQIBADANBgkq -----END`.repeat(18_000),
    "://".repeat(333_000),
    "://a:b@".repeat(142_000),
    `://${"a:".repeat(500_000)}`,
    `${["AK", "IAQWERTY7UIOPASDFG"].join("")} `.repeat(47_000),
    `LTAIQWERTY7UIOPASDFG${"x".repeat(30)} `.repeat(19_000),
    "authorization: ".repeat(66_000),
    `authorization: ${"bearer ".repeat(140_000)}`,
    "CLS_".repeat(250_000),
    `CLS_${"A".repeat(1_000_000)}`,
  ];
  const seals = createSeals(new Uint8Array(32));
  for (const text of hostile) {
    // Processor time, because the machine may be busy with something else.
    const started = process.cpuUsage();
    findSecrets(text);
    seals.seal(text);
    const used = process.cpuUsage(started);
    const tookMs = (used.user + used.system) / 1000;
    // The bound is generous for a slow machine; a quadratic scan takes minutes.
    assert.ok(tookMs < 2_000, `${text.slice(0, 40)}… took ${Math.round(tookMs)} ms`);
  }
});

test("many known values that begin alike do not slow the search down", () => {
  const seals = createSeals(new Uint8Array(32));
  const values = Array.from(
    { length: 3_000 },
    (_, at) => `ghp_${"Zz9".repeat(8)}${String(at).padStart(12, "0")}`,
  );
  const text = values.join("\n");
  seals.seal(text);
  const started = process.cpuUsage();
  assert.equal(seals.seal(`${text}\n`.repeat(5)).sealed.length, 3_000);
  const used = process.cpuUsage(started);
  assert.ok((used.user + used.system) / 1000 < 2_000);
});
