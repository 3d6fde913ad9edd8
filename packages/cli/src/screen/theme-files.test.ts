import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listThemes, readThemeFile } from "./theme-files.ts";
import { ownThemeName, readTerminalSettings } from "./terminal-settings.ts";

test("the themes of a person are found by name; what is wrong is said with its file", () => {
  const home = mkdtempSync(join(tmpdir(), "cloister-themes-"));
  try {
    assert.deepEqual(listThemes(home), []);
    assert.match(
      readThemeFile(home, "none").trouble?.message ?? "",
      /themes\/none\.json: there is no such file/,
    );
    const folder = join(home, ".cloister", "themes");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "nord.json"), '{"colours": {"accent": "#88c0d0"}}');
    writeFileSync(join(folder, "half.json"), '{"colours": {"accent": "#88c0d0", "bad": "blue"}}');
    writeFileSync(join(folder, "broken.json"), '{"colours": {\n  "accent" "#88c0d0"\n}}');
    writeFileSync(join(folder, "large.json"), " ".repeat(70_000));
    writeFileSync(join(folder, "..odd.json"), "{}");
    writeFileSync(join(folder, "notes.txt"), "");
    assert.deepEqual(listThemes(home), ["broken", "half", "large", "nord"]);
    const nord = readThemeFile(home, "nord");
    assert.deepEqual([nord.theme?.name, nord.trouble], ["nord", undefined]);
    const half = readThemeFile(home, "half");
    assert.equal(half.theme?.looks.accent === undefined, false);
    assert.match(half.trouble?.message ?? "", /half\.json: "bad" must be a colour/);
    const broken = readThemeFile(home, "broken");
    assert.equal(broken.theme, undefined);
    assert.match(broken.trouble?.message ?? "", /broken\.json: it is not valid JSON/);
    assert.match(readThemeFile(home, "large").trouble?.message ?? "", /larger than 64 KiB/);
    mkdirSync(join(folder, "deep.json"));
    assert.match(readThemeFile(home, "deep").trouble?.message ?? "", /deep\.json: it is no plain file/);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "in its place");
    assert.deepEqual(listThemes(home), []);
    assert.match(readThemeFile(home, "nord").trouble?.message ?? "", /nord\.json: there is no such file/);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("in the settings a theme of one's own has its name after custom:, and leads nowhere else", () => {
  const fail = (why: string): Error => new Error(why);
  const { theme } = readTerminalSettings({ theme: "custom:my-nord_2" }, fail);
  assert.equal(ownThemeName(theme), "my-nord_2");
  assert.equal(ownThemeName("dark"), undefined);
  for (const bad of ["custom:", "custom:../../x", "custom:a/b", "custom:.x", `custom:${"x".repeat(50)}`]) {
    assert.throws(() => readTerminalSettings({ theme: bad }, fail), /custom:NAME/, bad);
  }
});
