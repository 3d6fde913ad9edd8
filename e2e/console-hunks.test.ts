// An edit is asked about, and a person accepts a part of it, in a real terminal.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import { bodies, createPlace, rehearse } from "./harness.ts";
import { openPane } from "./tmux.ts";

test("of an edit one hunk is accepted: the model is told which, makes it, and nobody is asked again", async (context) => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`);
  const whole = (...at: readonly number[]): string =>
    lines.map((line, index) => (at.includes(index) ? `changed line ${index}\n` : line)).join("");
  using place = createPlace({ "notes.txt": lines.join("") });
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const settings = { permissions: { askFor: "all", allow: ["Read"] } };
  writeFileSync(join(place.home, ".cloister", "settings.json"), JSON.stringify(settings));
  const write = (...at: readonly number[]): RehearsalTurn => ({
    calls: [{ name: "Write", arguments: { file_path: "notes.txt", content: whole(...at) } }],
  });
  const rehearsal = await rehearse([
    { calls: [{ name: "Read", arguments: { file_path: "notes.txt" } }] },
    write(2, 25),
    write(25),
  ]);
  context.after(() => rehearsal.close());
  using pane = openPane(place, { rows: 50 });
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees(/rehearsal .*internal/);
  pane.type("change two lines");
  pane.press("Enter");
  await pane.sees(/some of its changes \(h\)/);
  pane.type("h");
  await pane.sees("Which changes? 2 of 2 accepted");
  pane.type(" ");
  await pane.sees(/1 ☐ notes\.txt:\d+\n❯ 2 ☑ notes\.txt:\d+/);
  pane.press("Enter");
  // After it the script, which counts answers, repeats itself; what matters has happened by then.
  const shown = await pane.sees(/allowed in part[^]*● Write notes\.txt {2}\+1 −1/);
  assert.doesNotMatch(shown, /allowed in part[^]*\? Write[^]*\+1 −1/);
  assert.equal(readFileSync(join(place.project, "notes.txt"), "utf8"), whole(25));
  const told = bodies(rehearsal).find((body) => body.includes("1 of 2 changes accepted (number 2)"));
  assert.ok(told?.includes("+changed line 25") === true);
});
