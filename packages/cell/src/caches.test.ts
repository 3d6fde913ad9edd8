import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findCaches } from "./caches.ts";

let home: string;

before(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "caches-")));
  for (const name of [".npm/_cacache", ".npm/_logs", ".cargo/registry", ".cache"]) {
    mkdirSync(join(home, name), { recursive: true });
  }
  writeFileSync(join(home, ".cargo", "credentials.toml"), "");
  symlinkSync("/etc", join(home, ".cache", "pip"));
});

after(() => rmSync(home, { recursive: true }));

test("caches are private unless a person says otherwise", () => {
  assert.deepEqual(findCaches(home, "private"), { readable: [], writable: [] });
});

test("shared caches show contents, never what lies beside them, and none that leads elsewhere", () => {
  const shown = [join(home, ".npm/_cacache"), join(home, ".cargo/registry")];
  assert.deepEqual(findCaches(home, "read-only"), { readable: shown, writable: [] });
  assert.deepEqual(findCaches(home, "shared"), { readable: [], writable: shown });
});
