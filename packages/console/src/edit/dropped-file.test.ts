import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionOfDropped, pathOfDropped } from "./dropped-file.ts";

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

test("a picture from elsewhere, or with a blank in its name, is a path to be read", () => {
  for (const pasted of [
    "/w/my shot.png",
    "'/w/my shot.png'",
    "/w/my\\ shot.png",
    "file:///w/my%20shot.png",
  ]) {
    assert.equal(pathOfDropped(pasted, "/w"), "/w/my shot.png", pasted);
  }
  assert.equal(pathOfDropped("/tmp/a.PNG", "/w"), "/tmp/a.PNG");
  for (const pasted of ["/w/a.png", "see /tmp/a.png", "a b.png", "/tmp/a.ts", "/tmp/a.png\n/tmp/b.png"]) {
    assert.equal(pathOfDropped(pasted, "/w"), undefined, pasted);
  }
});
