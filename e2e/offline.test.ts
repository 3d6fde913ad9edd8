/** Commands that no host is open to are not kept waiting for one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

const ask = "echo retries=${NPM_CONFIG_FETCH_RETRIES-usual}";

test("package managers are told not to try again where there is no network, and left alone where there is", async () => {
  for (const [args, expected] of [
    [[], "retries=0"],
    [["--allow-host", "registry.example.com"], "retries=usual"],
  ] as const) {
    using place = createPlace();
    const rehearsal = await rehearse([
      { calls: [{ name: "Bash", arguments: { command: ask } }] },
      { text: "Done." },
    ]);
    const outcome = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url, ...args]);
    await rehearsal.close();
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.ok(bodies(rehearsal)[1]?.includes(expected), expected);
  }
});
