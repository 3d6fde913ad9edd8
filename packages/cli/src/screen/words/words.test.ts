import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "./en.ts";
import { screenWords } from "./words.ts";
import { zh } from "./zh.ts";

/** Every text with its place; functions are called with something. */
function textsOf(value: unknown, place = ""): (readonly [place: string, text: string])[] {
  if (typeof value === "string") return [[place, value]];
  if (typeof value === "function") {
    return [[place, String((value as (...args: unknown[]) => unknown)("1", "2", "3"))]];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${place}.${key}`));
}

test("each text is there in both languages, none is empty, and what is said in Chinese is Chinese", () => {
  const same = new Map(textsOf(en));
  assert.deepEqual(
    textsOf(zh).map(([place]) => place),
    [...same.keys()],
  );
  for (const [place, text] of textsOf(zh)) {
    assert.match(text, /\p{Script=Han}/u, place);
    assert.notEqual(same.get(place)?.trim(), "", place);
  }
});

test("the language is the locale's", () => {
  assert.equal(screenWords("zh_CN.UTF-8"), zh);
  assert.equal(screenWords("de_DE"), en);
});
