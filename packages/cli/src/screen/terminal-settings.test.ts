import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readKeys } from "./keys-file.ts";
import { peekTerminalSettings, readTerminalSettings } from "./terminal-settings.ts";

const fail = (why: string): Error => new Error(why);

test("what is set is read, and each fault is named", () => {
  const whole = {
    theme: "reader",
    language: "zh",
    vim: true,
    notify: "desktop",
    fullScreen: true,
    mouse: false,
    statusLine: { type: "command", command: "date" },
  };
  const read = readTerminalSettings(whole, fail);
  assert.deepEqual(read, { ...whole, statusLine: { command: "date" } });
  const faults: [unknown, RegExp][] = [
    [3, /must be an object/],
    [{ colour: 1 }, /no "colour"/],
    [{ theme: "pink" }, /"theme".*auto, dark, light, contrast, plain, reader/],
    [{ language: "fr" }, /"language".*auto, en, zh/],
    [{ vim: "yes" }, /"vim"/],
    [{ fullScreen: 1 }, /"fullScreen" of "terminal" must be true or false/],
    [{ mouse: null }, /"mouse"/],
    [{ notify: "loud" }, /"notify".*bell, desktop, off/],
    [{ statusLine: "date" }, /"command"/],
  ];
  for (const [value, expected] of faults) assert.throws(() => readTerminalSettings(value, fail), expected);
});

test("before the first picture a file that is wrong is as none; wrong keys are named and the others hold", () => {
  const home = mkdtempSync(join(tmpdir(), "cloister-terminal-"));
  const write = (name: string, text: string): void => writeFileSync(join(home, ".cloister", name), text);
  try {
    assert.deepEqual(peekTerminalSettings(home), {});
    assert.deepEqual(readKeys(home), { bindings: {}, trouble: undefined });
    mkdirSync(join(home, ".cloister"));
    write("settings.json", '{"terminal": {"vim": true}}');
    assert.deepEqual(peekTerminalSettings(home), { vim: true });
    write("settings.json", "{");
    assert.deepEqual(peekTerminalSettings(home), {});
    write("keys.json", '{"ctrl+x": "leave", "ctrl+q": "quit"}');
    const keys = readKeys(home);
    assert.deepEqual(keys.bindings, { "ctrl+x": "leave" });
    assert.match(keys.trouble?.message ?? "", /keys\.json: "ctrl\+q" cannot do "quit"/);
    write("keys.json", "[");
    assert.equal(readKeys(home).trouble?.code, "bad-keys");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
