import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRehearsalScript } from "@cloister/backend/rehearsal";
import { projectFiles, scenarios, scriptFor } from "./scenario.ts";

test("every script is one that the rehearsal plays, with as many turns as it says", () => {
  for (const { name, turns } of scenarios) {
    for (const dialect of ["cloister", "pi"] as const) {
      const script = parseRehearsalScript(scriptFor(name, dialect), name);
      assert.equal(script.turns.length, turns);
    }
  }
});

test("each turn but the first asks for something that only the tool's result can hold", () => {
  const files = [...projectFiles().values()].join("\n");
  const turns = scriptFor("S2", "cloister").turns;
  for (const [index, { expect }] of turns.entries()) {
    if (index === 0) continue;
    const [shown = ""] = expect?.lastMessageContains ?? [];
    const asked = JSON.stringify(turns[index - 1]?.calls);
    assert.ok(files.includes(shown) || /^\d+ src\//.test(shown), shown);
    // A search repeats its pattern when nothing was found; the pattern's last character is not part of a hit.
    assert.ok(!asked.includes(`${shown}"`), `${asked} holds ${shown}`);
  }
});
