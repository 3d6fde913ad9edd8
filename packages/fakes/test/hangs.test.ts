import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

test("a hang after an await ends the whole process, and is named by it", () => {
  const hangs = join(import.meta.dirname, "../src/hangs.ts");
  const program = `import { neverHangsAsync } from ${JSON.stringify(hangs)};
    await neverHangsAsync("aaa", async () => { await null; for (;;); }, { limitMs: 50 });`;
  const { signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(signal, "SIGKILL", stderr);
  assert.equal(stderr, 'not over after 0.05 s: "aaa"\n');
});
