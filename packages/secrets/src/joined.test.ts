import assert from "node:assert/strict";
import { test } from "node:test";
import { luhn, residentId } from "../test/corpus/places.ts";
import { createRandom } from "../test/corpus/random.ts";
import { findSecrets } from "./find.ts";

function found(text: string): string[] {
  return findSecrets(text).map(({ start, end }) => text.slice(start, end));
}

test("a secret that a program puts together from literals is found in all its parts", () => {
  const r = createRandom(5);
  const [first, second] = [r.base62(18), r.base62(18)];
  for (const joint of ['" + "', '"+"', '" +\n    "', '" . "', '" .. "']) {
    const value = ["gh", `p_${first}`, joint, second].join("");
    assert.deepEqual(found(`const t = "${value}";`), [value]);
    const whole = `${first}${joint}${second}`;
    assert.deepEqual(found(`api_key = "${whole}"\n`), [whole]);
  }
  assert.deepEqual(found('log("the key" + "board of " + "token" + count);'), []);
});

test("resident ids in groups are checked as those without are", () => {
  const r = createRandom(6);
  for (let round = 0; round < 50; round++) {
    const id = residentId(r);
    for (const shape of ["$1 $2 $3", "$1-$2-$3"]) {
      const grouped = id.replace(/^(.{6})(.{8})(.{4})$/, shape);
      assert.deepEqual(found(`证件 ${grouped}。`), [grouped]);
    }
    const wrong = id.replace(/^(.{6})(.{8})(.)(.)/, (_, a: string, b: string, c: string, d: string) =>
      [a, b, `${(Number(c) + 1) % 10}${d}`].join(" "),
    );
    assert.deepEqual(found(`证件 ${wrong}。`), [], wrong);
  }
});

test("permits need their name, and a date beside it is none", () => {
  assert.deepEqual(found("台胞证号: 01234567"), ["01234567"]);
  assert.deepEqual(found("台胞证签发 20200101"), []);
  assert.deepEqual(found("号码 01234567"), []);
  assert.deepEqual(found("港澳居民来往内地通行证 H0123456789"), ["H0123456789"]);
  assert.deepEqual(found("部件 H0123456789"), []);
  assert.deepEqual(found("手机 008613923456781"), ["13923456781"]);
  assert.deepEqual(found(`卡号 ${luhn("622202123456789012").replace(/.$/, "x")}`), []);
});

test("the type of a variable does not hide its value", () => {
  const value = ["Winter", "!2031x"].join("");
  for (const text of [
    `Dim pwd As String = "${value}"`,
    `var password string = "${value}"`,
    `char password[] = "${value}";`,
    `char password[64] = "${value}";`,
    `const HMAC_SECRET: &[u8; 12] = b"${value}";`,
    `<property name="db.password">${value}</property>`,
    `password cipher ${value}`,
  ]) {
    assert.deepEqual(found(text), [value], text);
  }
  for (const text of [
    "[badge](https://x/badge.svg?token=yZL6LtXkOA)](https://x/y)",
    "passwords[index] = defaults[1];",
    'tokens[i] = "next";',
    "password string = name",
    '<span name="password">Your password</span>',
    "--secret-width: calc(100% - 12px);",
  ]) {
    assert.deepEqual(found(text), [], text);
  }
});
