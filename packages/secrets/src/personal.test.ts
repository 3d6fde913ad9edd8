import assert from "node:assert/strict";
import { test } from "node:test";
import { luhn, residentId } from "../test/corpus/places.ts";
import { createRandom } from "../test/corpus/random.ts";
import { findSecrets } from "./find.ts";

function found(text: string, options = {}): string[] {
  return findSecrets(text, options).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);
}

test("resident ids need a region, a day and the check character", () => {
  const r = createRandom(11);
  for (let round = 0; round < 200; round++) {
    const id = residentId(r);
    assert.deepEqual(found(`张三 ${id}。`), [`resident-id ${id}`]);
    assert.deepEqual(found(`张三 ${id.toLowerCase()}。`), [`resident-id ${id.toLowerCase()}`]);
    const wrong = id.replace(/\d(?=.$)/, (digit) => String((Number(digit) + 1) % 10));
    assert.deepEqual(found(`张三 ${wrong}。`), [], wrong);
    assert.deepEqual(found(`张三 99${id.slice(2)}。`), []);
    assert.deepEqual(found(`hash ${id}4`), []);
    assert.deepEqual(found(`a${id}`), []);
  }
});

test("mobile numbers in the ways they are written, and no other numbers", () => {
  const number = ["139", "2345", "6781"];
  for (const separator of ["", "-", " "]) {
    const mobile = number.join(separator);
    assert.deepEqual(found(`联系 ${mobile}`), [`mobile-number ${mobile}`]);
    assert.deepEqual(found(`+86 ${mobile}, ok`), [`mobile-number ${mobile}`]);
  }
  assert.deepEqual(found(`tel:86${number.join("")}`), [`mobile-number ${number.join("")}`]);
  for (const text of [
    `order_id=${number.join("")}`,
    `+${number.join("")}`,
    `x${number.join("")}`,
    `0.${number.join("")}`,
    `${number.join("")}9`,
    "size: 13958643712",
    "12345678901",
    "mobile: 13800138000",
    "16012345679",
    "1700000000000",
    "matrix 139 2345 6781 9999 1234",
  ]) {
    assert.deepEqual(found(text), [], text);
  }
});

test("cards satisfy Luhn, and other brands than UnionPay stand beside their name", () => {
  const union = luhn(`622848012345678901`);
  assert.deepEqual(found(`卡号 ${union}`), [`bank-card ${union}`]);
  const grouped = union.replace(/(\d{4})(?=\d)/g, "$1 ");
  assert.deepEqual(found(`卡号 ${grouped}`), [`bank-card ${grouped}`]);
  const visa = luhn(`453957876362134`);
  assert.deepEqual(found(`card: ${visa}`), [`bank-card ${visa}`]);
  assert.deepEqual(found(`n ${visa}`), []);
  assert.deepEqual(found(`卡号 ${union.replace(/.$/, (digit) => String((Number(digit) + 1) % 10))}`), []);
  assert.deepEqual(found("卡号 6222222222222222"), []);
});

test("papers need their name, addresses need the setting, credit codes are public", () => {
  assert.deepEqual(found("护照：E12345678"), ["travel-document E12345678"]);
  assert.deepEqual(found("part E12345678"), []);
  const address = ["li.wei", "corp.example"].join("@");
  assert.deepEqual(found(`to <${address}>`), []);
  assert.deepEqual(found(`to <${address}>`, { email: true }), [`email-address ${address}`]);
  assert.deepEqual(found("git@github.com:a/b @scope/name a@b", { email: true }), [
    "email-address git@github.com",
  ]);
  assert.deepEqual(found("统一社会信用代码 91310115MA1K4DE123"), []);
  assert.deepEqual(found(`电话 ${["139", "2345", "6781"].join("")}`, { personal: false }), []);
});
