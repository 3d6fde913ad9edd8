import assert from "node:assert/strict";
import { test } from "node:test";
import { shop } from "../config/shop.js";
import { add, total } from "../src/cart.js";

const lamp = { name: "lamp", price: 1999, quantity: 2 };
const rope = { name: "rope", price: 250, quantity: 1 };

test("the total is the sum of all items", () => {
  assert.equal(total([lamp, rope]), 4248);
});

test("a discount is a share of the sum, in whole cents", () => {
  assert.equal(total([lamp, rope], 15), 3611);
});

test("the same item twice is one line", () => {
  assert.deepEqual(add([lamp], { ...lamp, quantity: 1 }), [{ ...lamp, quantity: 3 }]);
});

test("the currency is an ISO 4217 code", () => {
  assert.match(shop.currency, /^[A-Z]{3}$/);
});
