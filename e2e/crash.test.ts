/** kill -9 at any moment: what was sent is on record, and the record verifies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { verifyLedger } from "@cloister/ledger";
import { cloister, createPlace, rehearse } from "./harness.ts";

const KILLS = 20;

test(`after kill -9 at ${KILLS} random moments the ledger verifies and holds an intent for every request the server saw`, async () => {
  using place = createPlace({ "a.txt": "x\n" });
  let seen = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const turns = Array.from({ length: 6 }, (_, n) => ({
      text: `turn ${n}`,
      calls: [
        { name: "Read", arguments: { file_path: "a.txt" } },
        { name: "Bash", arguments: { command: "echo x >> a.txt" } },
      ],
    }));
    const rehearsal = await rehearse([...turns, { text: "Done." }]);
    // Anywhere: before the first request, or some moments after the first, second, … one has arrived.
    const after = kill % 7;
    let killedMs = 0;
    await cloister(place, ["-p", `kill ${kill}`, "--endpoint", rehearsal.url], {
      onStart: async (child) => {
        const started = Date.now();
        while (rehearsal.requests.length < after && child.exitCode === null) await sleep(2);
        await sleep(Math.random() * (after === 0 ? 600 : 40));
        child.kill("SIGKILL");
        killedMs = Date.now() - started;
      },
    });
    await rehearsal.close();
    seen += rehearsal.requests.length;

    const entries = await place.entries().catch(() => []);
    const intents = entries.filter((entry) => entry["t"] === "exposure.intent").length;
    assert.ok(intents >= seen, `${killedMs} ms: ${seen} requests seen, ${intents} intents`);
    if (entries.length > 0) {
      const verification = await verifyLedger({ directory: place.ledger });
      assert.equal(verification.kind, "intact", `${killedMs} ms: ${JSON.stringify(verification)}`);
    }
  }
  assert.ok(seen > KILLS / 2, `only ${seen} requests were made: the kills came too early to prove anything`);
});
