import assert from "node:assert/strict";
import { test } from "node:test";
import { projectFiles, scenarios, stepsOf } from "./scenario.ts";

test("every scenario has a step for each turn but the last", () => {
  for (const { name, turns } of scenarios) assert.equal(stepsOf(name).length, turns - 1);
});

test("each step shows something that only its result can hold", () => {
  const files = [...projectFiles().values()].join("\n");
  for (const { shows, ...asked } of [...stepsOf("S2"), ...stepsOf("S3")]) {
    if (asked.kind === "edit") continue;
    assert.ok(asked.kind === "run" || files.includes(shows), shows);
    // A search repeats its pattern when nothing was found; the pattern's last character is not part of a hit.
    assert.ok(!JSON.stringify(asked).includes(`${shows}"`), `${JSON.stringify(asked)} holds ${shows}`);
  }
});
