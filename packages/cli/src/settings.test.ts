import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSettings, type Settings } from "./settings.ts";

test("what is set is read; certificates are named by their files", () => {
  const settings = read({
    endpoint: "https://llm.test/v1",
    clearance: "restricted",
    network: { extraCa: "CA", noProxy: [".test"] },
  });
  assert.deepEqual(settings.network, { extraCa: "pem", noProxy: [".test"] });
  assert.equal(settings.clearance, "restricted");
  assert.deepEqual(read({ vision: false, lsp: false }), { vision: false, lsp: false });
  assert.deepEqual(read({ warmUp: false, volatile: "keep" }), { warmUp: false, volatile: "keep" });
});

test("a setting that is misread in silence protects nobody: each fault is named", () => {
  const faults: [object, RegExp][] = [
    [{ clearence: "core" }, /no setting "clearence"/],
    [{ clearance: "top" }, /"clearance" must be one of/],
    [{ model: 3 }, /"model" must be a string/],
    [{ network: { proxi: "x" } }, /no "proxi"/],
    [{ network: { extraCa: "missing" } }, /cannot be read/],
    [{ network: { noProxy: "x" } }, /list of hosts/],
    [{ warmUp: "yes" }, /"warmUp" must be true or false/],
    [{ lsp: "off" }, /"lsp" must be true or false/],
    [{ vision: "yes" }, /"vision" must be true or false/],
    [{ volatile: "thaw" }, /"volatile" must be one of freeze, remove, keep/],
  ];
  for (const [value, expected] of faults) {
    assert.throws(
      () => read(value),
      (error: { code?: string; message: string }) => {
        assert.equal(error.code, "bad-settings");
        assert.match(error.message, expected);
        return true;
      },
    );
  }
});

test("a file that is no JSON is named, with the place where it is known and none of its text", () => {
  for (const [text, place] of [
    ['{"model": "kept quiet"\n "lsp": false}', /not valid JSON, at line 2 column 2$/],
    ['{"model": quiet}', /not valid JSON$/],
    ['{"model": ', /not valid JSON$/],
  ] as const) {
    assert.throws(() => readText(text), { code: "bad-settings", message: place });
  }
});

/** `CA` in the value stands for a file that is there. */
function read(value: object): Settings {
  return readText(JSON.stringify(value));
}

function readText(settings: string): Settings {
  const home = mkdtempSync(join(tmpdir(), "settings-"));
  try {
    mkdirSync(join(home, ".cloister"));
    writeFileSync(join(home, "ca.pem"), "pem");
    const text = settings.replace('"CA"', JSON.stringify(join(home, "ca.pem")));
    writeFileSync(join(home, ".cloister", "settings.json"), text);
    return readSettings(home);
  } finally {
    rmSync(home, { recursive: true });
  }
}
