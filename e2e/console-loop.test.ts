/** A prompt that is repeated while the screen is open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodies, createPlace, rehearse } from "./harness.ts";
import { openPane } from "./tmux.ts";

test("/loop says it at once, stands among the tasks, and is stopped there", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "All green." }]);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rehearsal.close());
  using pane = openPane(place);
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("What shall be done?");
  pane.type("/loop 2h is the build green?");
  pane.press("Enter");
  await pane.sees("every 2h, at most 100 times");
  await pane.sees("All green.");
  assert.match(bodies(rehearsal)[0] ?? "", /is the build green\?/);
  pane.type("/tasks");
  pane.press("Enter");
  await pane.sees(/▸ every 2h {2}is the build green\?/);
  pane.press("Enter");
  await pane.sees("Stop every 2h?");
  pane.press("y");
  await pane.sees("What shall be done?");
  pane.type("/loop stop");
  pane.press("Enter");
  await pane.sees("nothing is repeated");
});
