import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { canonicalJson, isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { leafHash, openSide, readEntries, verifyLedger } from "../src/index.ts";
import { makeFolder, openTestLedger } from "./support.ts";

const appender = fileURLToPath(new URL("appender.ts", import.meta.url));

interface Running {
  /** Lines printed: index and leaf hash of every acknowledged entry. */
  readonly acknowledged: string[];
  readonly ended: Promise<number | null>;
  readonly spoke: Promise<unknown>;
  kill(): void;
}

function startAppender(...options: readonly string[]): Running {
  const child = spawn(process.execPath, ["--no-warnings", appender, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    acknowledged.push(...lines);
  });
  return {
    acknowledged,
    ended: once(child, "close").then(() => child.exitCode),
    spoke: once(child.stdout, "data"),
    kill: () => child.kill("SIGKILL"),
  };
}

/** The leaf hash of every entry in the log, as the appender prints them. */
async function recorded(directory: string): Promise<Map<string, JsonObject>> {
  const lines = new Map<string, JsonObject>();
  for await (const { index, body } of readEntries(directory)) {
    lines.set(`${index} ${leafHash(Buffer.from(canonicalJson(body))).toString("hex")}`, body);
  }
  return lines;
}

for (const together of [["together"], []]) {
  test(`two processes appending 200 entries each ${together[0] ?? "one by one"} make one log of 400`, async (t) => {
    const directory = makeFolder(t);
    // Neither finds a ledger there: they also create it at once.
    const writers = [1, 2].map(() => startAppender(directory, "200", ...together));
    assert.deepEqual(await Promise.all(writers.map(async (writer) => writer.ended)), [0, 0]);
    const lines = await recorded(directory);
    assert.equal(lines.size, 400);
    for (const writer of writers) {
      assert.equal(writer.acknowledged.length, 200);
      for (const line of writer.acknowledged) assert.ok(lines.has(line), line);
    }
    const verification = await verifyLedger({ directory });
    assert.ok(verification.kind === "intact" && verification.entries === 400 && verification.unsealed === 0);
  });
}

test("killed at any moment, a writer loses nothing it acknowledged, and the next one recovers", async (t) => {
  const directory = makeFolder(t);
  const acknowledged: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    const writer = startAppender(directory, "100000", ...(round % 3 === 0 ? ["together"] : []));
    await Promise.race([writer.spoke, writer.ended]);
    assert.ok(writer.acknowledged.length > 0, "the writer ended before it wrote");
    // Real time on purpose, and another moment each round: a kill between any two steps is what is tried.
    await new Promise((resolve) => setTimeout(resolve, (round * 13) % 60));
    writer.kill();
    await writer.ended;
    acknowledged.push(...writer.acknowledged);
    const verification = await verifyLedger({ directory });
    assert.equal(verification.kind, "intact", JSON.stringify(verification));
  }
  const ledger = await openTestLedger(directory);
  await ledger.append({ type: "after", fields: {} });
  await ledger.close();

  const lines = await recorded(directory);
  assert.ok(acknowledged.length >= 12);
  for (const line of acknowledged) assert.ok(lines.has(line), `acknowledged and gone: ${line}`);
  const verification = await verifyLedger({ directory });
  assert.ok(verification.kind === "intact" && verification.unsealed === 0 && !verification.torn);

  // Content is stored before its entry: no entry, acknowledged or not, is without it.
  const side = openSide(directory);
  for (const body of lines.values()) {
    const [part] = Array.isArray(body["parts"]) ? (body["parts"] as unknown[]) : [];
    if (isRecord(part)) assert.equal(side.open(part as JsonObject).kind, "open");
  }
  side.close();
});
