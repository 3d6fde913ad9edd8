import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionOfDropped } from "./dropped-file.ts";

test("a picture of the project that is dragged in is mentioned, however the terminal quotes it", () => {
  for (const pasted of [
    "/w/a/shot.png",
    "'/w/a/shot.png'",
    '"/w/a/shot.png" ',
    "file:///w/a/shot.png",
    "/w/a/sh\\ot.png",
  ]) {
    assert.equal(mentionOfDropped(pasted, "/w"), "@a/shot.png ", pasted);
  }
});

test("any other text stays what it is", () => {
  for (const pasted of [
    "/w/a.ts",
    "see /w/a.png",
    "/other/a.png",
    "/w/../x/a.png",
    "a.png",
    "/w/a.png\n/w/b.png",
    "file:///w/%zz.png",
    "/w/my shot.png",
  ]) {
    assert.equal(mentionOfDropped(pasted, "/w"), undefined, pasted);
  }
});
