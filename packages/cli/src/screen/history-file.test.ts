import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openHistory } from "./history-file.ts";

test("messages are kept for the next time, for their owner alone, and none that holds a secret", async () => {
  const home = mkdtempSync(join(tmpdir(), "history-"));
  try {
    const secret = ["sk", "live", "4bQ9xT2mVw7Lr8Kc5Nd3Zf6H"].join("_");
    const { add } = openHistory(home);
    await add("mend the test");
    await add(`use ${secret}`);
    assert.deepEqual(openHistory(home).entries, ["mend the test"]);
    const path = join(home, ".cloister", "history");
    assert.ok(!readFileSync(path, "utf8").includes(secret));
    assert.equal(statSync(path).mode & 0o777, 0o600);
  } finally {
    rmSync(home, { recursive: true });
  }
});
