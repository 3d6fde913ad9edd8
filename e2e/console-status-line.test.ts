// Lines below the screen that a person, or a project, set for another agent.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse } from "./harness.ts";
import { openPane } from "./tmux.ts";

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

test("a status line set for Claude Code is shown: the person's at once, a project's once it is trusted", async (context) => {
  const settings = (command: string): string => JSON.stringify({ statusLine: { type: "command", command } });
  using place = createPlace({ ".claude/settings.json": settings("echo of-the-project") });
  write(join(place.home, ".claude/settings.json"), settings("~/.claude/line.sh | tr a-z A-Z"));
  // A script in a home that cells do not see, but for what the line names.
  const script = join(place.home, ".claude/line.sh");
  write(script, '#!/bin/sh\ngrep -q "hook_event_name" && echo own-line\n');
  chmodSync(script, 0o755);
  const rehearsal = await rehearse([{ text: "One." }, { text: "Two." }]);
  context.after(() => rehearsal.close());
  {
    using pane = openPane(place);
    await pane.sees("$");
    pane.type(`cloister --endpoint ${rehearsal.url}`);
    pane.press("Enter");
    const asked = await pane.sees("May this project run 1 status line");
    assert.match(asked, /echo of-the-project/);
    pane.press("Enter");
    await pane.sees("OWN-LINE");
    assert.doesNotMatch(pane.screen(), /^of-the-project/mu);
  }
  const { stdout } = await cloister(place, ["trust", "--yes"]);
  assert.match(stdout, /status line statusLine[^]*echo of-the-project/);
  {
    using pane = openPane(place);
    await pane.sees("$");
    pane.type(`cloister --endpoint ${rehearsal.url}`);
    pane.press("Enter");
    await pane.sees(/^\s*of-the-project$/mu);
  }
});
