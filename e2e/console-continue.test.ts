// A screen that goes on with a saved session shows what was said in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlace, rehearse } from "./harness.ts";
import { openPane } from "./tmux.ts";

const PROMPT = "What shall be done?";

test("cloister --continue shows the end of what was said, once, and goes on with it", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "The **first** answer." }, { text: "The second answer." }]);
  using pane = openPane(place, { columns: 100, rows: 40 });
  await pane.sees("$");
  const say = async (flags: string, question: string): Promise<void> => {
    pane.type(`clear; cloister --endpoint ${rehearsal.url} ${flags}`);
    pane.press("Enter");
    await pane.sees(/rehearsal .*internal/);
    if (flags !== "") await pane.sees("The first answer.");
    pane.type(question);
    pane.press("Enter");
    await pane.sees(/✓ .*1 turn/);
    await pane.sees(PROMPT);
  };
  await say("", "say the first");
  pane.press("C-c");
  pane.press("C-c");
  await pane.sees(/\$ *$/m);
  await say("--continue", "say the second");
  const shown = pane.screen();
  assert.equal(shown.split("The first answer.").length, 2, shown);
  assert.ok(shown.indexOf("say the first") < shown.indexOf("The first answer."), shown);
  assert.ok(shown.indexOf("The first answer.") < shown.indexOf("The second answer."), shown);
  await rehearsal.close();
});
