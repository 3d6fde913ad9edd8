import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInCommands } from "../commands.ts";
import { lineWidth, plainText } from "../text/line.ts";
import { en } from "../words/en.ts";
import { zh } from "../words/zh.ts";
import { helpLines } from "./help.ts";

test("all of the help can be read in a narrow window: nothing is cut, and every word is there", () => {
  for (const words of [en, zh]) {
    const commands = builtInCommands(words);
    for (const columns of [200, 80, 40, 20]) {
      const lines = helpLines({ words, commands }, columns);
      const tooWide = lines.filter((each) => lineWidth(each) > columns).map(plainText);
      // A name that is itself wider than the window has nowhere to go.
      if (columns >= 80) assert.deepEqual(tooWide, [], String(columns));
      const said = lines.map(plainText).join(" ").replaceAll(/\s+/gu, "");
      for (const [keys, meaning] of words.keys) {
        for (const text of [keys, meaning]) assert.ok(said.includes(text.replaceAll(/\s+/gu, "")), text);
      }
      for (const { description } of commands) assert.ok(said.includes(description.replaceAll(/\s+/gu, "")));
    }
  }
});
