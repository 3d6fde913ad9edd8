// What a person set: keys, vi, lines of their own, and a screen to be listened to.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlace, rehearse, type Place } from "./harness.ts";
import { openPane } from "./tmux.ts";

function set(place: Place, files: Readonly<Record<string, object>>): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(place.home, ".cloister", name), JSON.stringify(value));
  }
}

test("own keys and vi's work, a wrong key is named, and an own line stands below the status line", async (context) => {
  using place = createPlace();
  set(place, {
    "settings.json": {
      terminal: {
        vim: true,
        statusLine: { command: "tr ',' '\\n' | grep -o '\"label\":\"[a-z]*' | tr -d '\"'" },
      },
    },
    "keys.json": { "ctrl+x": "transcript", "ctrl+q": "quit" },
  });
  const rehearsal = await rehearse([{ text: "Fine." }]);
  context.after(() => rehearsal.close());
  using pane = openPane(place, { columns: 100, rows: 40 });
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees(/keys\.json: "ctrl\+q" cannot do "quit"/);
  await pane.sees(/rehearsal .*internal/);
  pane.type("one two");
  await pane.sees("❯ one two");
  pane.press("Escape");
  await pane.sees("◇ one two");
  pane.type("0cwthree");
  await pane.sees("❯ three two");
  pane.press("Enter");
  await pane.sees(/Fine\.[^]*✓[^]*\n {2}label:internal/);
  pane.press("C-x");
  await pane.sees("Transcript");
});

test("a screen to be listened to says each event once, in words", async (context) => {
  using place = createPlace({ "a.txt": "one\ntwo\n" });
  set(place, { "settings.json": { terminal: { theme: "reader" } } });
  const rehearsal = await rehearse([
    { calls: [{ name: "Read", arguments: { file_path: "a.txt" } }] },
    { text: "Two lines." },
  ]);
  context.after(() => rehearsal.close());
  using pane = openPane(place, { rows: 40 });
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("What shall be done?");
  pane.type("how long");
  pane.press("Enter");
  const heard = await pane.sees(/Done: /);
  assert.match(heard, /You: how long\nTool: Read a\.txt {2}2 lines\nModel: Two lines\.\nDone: /);
});

test("the language is chosen on the screen, kept beside everything else, and spoken from the next start on", async (context) => {
  using place = createPlace({ "a.txt": "one\n" });
  set(place, { "settings.json": { terminal: { vim: true } } });
  const rehearsal = await rehearse([{ text: "Fine." }]);
  context.after(() => rehearsal.close());
  using pane = openPane(place, { rows: 40 });
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("What shall be done?");
  pane.type("/language 中文");
  pane.press("Enter");
  await pane.sees("/language auto | en | zh");
  pane.type("/language zh");
  pane.press("Enter");
  await pane.sees("saved in ~/.cloister/settings.json (from the next start on)");
  assert.deepEqual(JSON.parse(readFileSync(join(place.home, ".cloister/settings.json"), "utf8")), {
    terminal: { vim: true, language: "zh" },
  });
  pane.press("C-d");
  await pane.sees(/\$ *$/);
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("要做什么？");
});

test("a theme of one's own is picked by /theme, kept, named where it is wrong, and follows its file", async (context) => {
  using place = createPlace();
  mkdirSync(join(place.home, ".cloister", "themes"), { recursive: true });
  const file = join(place.home, ".cloister", "themes", "nord.json");
  writeFileSync(file, '{"colours": {"accent": "#88c0d0"}}');
  const rehearsal = await rehearse([{ text: "Fine." }]);
  context.after(() => rehearsal.close());
  using pane = openPane(place, { rows: 40 });
  await pane.sees("$");
  pane.type(`cloister --endpoint ${rehearsal.url}`);
  pane.press("Enter");
  await pane.sees("What shall be done?");
  pane.type("/theme");
  pane.press("Enter");
  await pane.sees("Which theme?");
  pane.type("nord");
  await pane.sees(/nord {2}~\/\.cloister\/themes\/nord\.json/);
  pane.press("Enter");
  await pane.sees("saved in ~/.cloister/settings.json");
  const kept = readFileSync(join(place.home, ".cloister", "settings.json"), "utf8");
  assert.match(kept, /"theme": ?"custom:nord"/);
  writeFileSync(file, '{"colours": {"shine": "#88c0d0"}}');
  await pane.sees("there is no role");
});
