/** A side question at the screen, while a command of the agent's runs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bodies, createPlace, rehearse } from "./harness.ts";
import { openPane } from "./tmux.ts";

test("/btw is answered while the agent works, is on record, and is no part of the conversation", async () => {
  using place = createPlace();
  const wait = "until test -e go; do sleep 0.05; done; echo ran >> ran";
  // A scripted model answers after how much was said: beside the work it says, and would do, the same as at work.
  const rehearsal = await rehearse([
    { text: "Because **AGENTS.md** says so.", calls: [{ name: "Bash", arguments: { command: wait } }] },
    { text: "All is done." },
  ]);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rehearsal.close());
  using pane = openPane(place);
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("What shall be done?");
  pane.type("begin");
  pane.press("Enter");
  await pane.sees("Bash");
  pane.type("/btw why tabs?");
  pane.press("Enter");
  const shown = await pane.sees(/esc or enter closes/);
  assert.match(shown, /\/btw why tabs\?\n +Because AGENTS\.md says so\./);
  pane.press("Escape");
  await pane.sees("What shall be done?");
  pane.type("!touch go");
  pane.press("Enter");
  await pane.sees("All is done.");
  assert.doesNotMatch(pane.screen(), /why tabs/);
  const [first = "", aside = "", last = ""] = bodies(rehearsal);
  assert.ok(aside.startsWith(first.slice(0, -2)) && last.startsWith(first.slice(0, -2)));
  assert.ok(!/why tabs|beside the work/.test(last));
  assert.equal(readFileSync(join(place.project, "ran"), "utf8"), "ran\n");
  const intents = (await place.entries()).filter(({ t }) => t === "exposure.intent");
  assert.equal(intents.filter(({ purpose }) => purpose === undefined).length, 3);
});
