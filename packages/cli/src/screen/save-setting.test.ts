import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { saveSetting } from "./save-setting.ts";

const theme = ["terminal", "theme"] as const;

function inHome(use: (home: string, path: string) => void): void {
  const home = mkdtempSync(join(tmpdir(), "cloister-save-"));
  try {
    use(home, join(home, ".cloister", "settings.json"));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

test("the first setting makes the file, which is its owner's alone", () => {
  inHome((home, path) => {
    assert.equal(saveSetting(home, theme, "light"), path);
    assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), { terminal: { theme: "light" } });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });
});

test("everything else in the file stays, its mode too, and no draft is left beside it", () => {
  inHome((home, path) => {
    mkdirSync(join(home, ".cloister"));
    const text = '{ "price": {"prompt": 1.0, "completion": 2e0},\n"terminal": {"theme": "dark"}}';
    writeFileSync(path, text, { mode: 0o640 });
    saveSetting(home, theme, "light");
    assert.equal(readFileSync(path, "utf8"), text.replace("dark", "light"));
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(join(home, ".cloister")), ["settings.json"]);
  });
});

test("settings that are kept elsewhere, behind a link, stay there", () => {
  inHome((home, path) => {
    mkdirSync(join(home, ".cloister"));
    mkdirSync(join(home, "dotfiles"));
    const kept = join(home, "dotfiles", "cloister.json");
    writeFileSync(kept, "{}");
    symlinkSync(kept, path);
    saveSetting(home, theme, "light");
    assert.match(readFileSync(kept, "utf8"), /"theme": "light"/);
    assert.equal(readFileSync(path, "utf8"), readFileSync(kept, "utf8"));
  });
});

test("a file that is wrong is named and left as it is", () => {
  inHome((home, path) => {
    mkdirSync(join(home, ".cloister"));
    for (const text of ["{", '{"terminal": {"colour": 1}}', "[]"]) {
      writeFileSync(path, text);
      assert.throws(() => saveSetting(home, theme, "light"), { code: "bad-settings" });
      assert.equal(readFileSync(path, "utf8"), text);
    }
  });
});
