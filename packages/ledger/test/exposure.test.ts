import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { exposureReport, openLedger, verifyLedger } from "../src/index.ts";
import type { Attachment, Ledger } from "../src/index.ts";
import { fixedClock, makeFolder } from "./support.ts";

interface Shown {
  readonly text: string;
  readonly source?: string;
  readonly sources?: readonly { readonly path: string; readonly from: number; readonly to: number }[];
  readonly sealed?: JsonObject;
}

const house = { id: "house", url: "http://models.example:8000", clearance: "restricted", operator: "us" };
const vendor = { id: "vendor", url: "https://vendor.example", clearance: "public", operator: "vendor" };

function part({ text, source = "file", sources, sealed }: Shown): Attachment {
  return {
    type: "text",
    data: Buffer.from(text),
    open: { bytes: text.length, label: "internal", source, ...(sealed === undefined ? {} : { sealed }) },
    hidden: sources === undefined ? {} : { sources },
  };
}

async function intend(
  ledger: Ledger,
  endpoint: JsonObject,
  shown: readonly Shown[],
  session = "ses_1",
): Promise<number> {
  const fields = { session, endpoint, model: "m1", label: "internal", client: { name: "cloister" } };
  const receipt = await ledger.append({ type: "exposure.intent", fields, attachments: shown.map(part) });
  return receipt.index;
}

async function end(ledger: Ledger, intent: number, outcome: string, bytesIn: number): Promise<void> {
  await ledger.append({ type: "exposure.result", fields: { intent, outcome, bytesIn, session: "ses_1" } });
}

/** Three requests: two to the house's model, one of them never answered, and one to a vendor. */
async function writeExposures(directory: string): Promise<void> {
  const clock = fixedClock("2026-07-01T08:00:00Z");
  const ledger = await openLedger({ directory, origin: "example.org/test", clock });
  await ledger.append({ type: "session.start", fields: { session: "ses_1" } });
  const pay = { path: "src/pay.ts", from: 1, to: 40 };
  const first = await intend(ledger, house, [
    { text: "s".repeat(10), source: "system" },
    { text: "a".repeat(100), sources: [pay], sealed: { "aws-key": 2 } },
  ]);
  clock.set("2026-07-01T09:00:00Z");
  await end(ledger, first, "answered", 500);
  const search = [
    { path: "src/pay.ts", from: 41, to: 60 },
    { path: "src/log.ts", from: 5, to: 5 },
    { path: "src/pay.ts", from: 90, to: 90 },
  ];
  await intend(ledger, house, [{ text: "b".repeat(30), source: "tool", sources: search }]);
  const other = await intend(ledger, vendor, [{ text: "c".repeat(7), source: "user" }], "ses_2");
  await end(ledger, other, "refused-by-server", 3);
  await ledger.append({ type: "exposure.intent", fields: { session: "ses_1", endpoint: "none" } });
  await ledger.close();
}

test("the report says which lines of which file went to which endpoint", async (t) => {
  const directory = makeFolder(t);
  await writeExposures(directory);
  const report = await exposureReport({ directory });
  const nothing = { parts: 0, bytes: 0 };
  assert.deepEqual(report, {
    session: null,
    entries: 7,
    malformed: 1,
    endpoints: [
      {
        ...house,
        requests: 2,
        bytes: 140,
        bytesIn: 500,
        first: "2026-07-01T08:00:00.000Z",
        last: "2026-07-01T09:00:00.000Z",
        outcomes: { answered: 1, failed: 0, cancelled: 0, "refused-by-server": 0, unknown: 1 },
        models: { m1: 2 },
        labels: { internal: 2 },
        sealed: { "aws-key": 2 },
        sources: {
          system: { parts: 1, bytes: 10 },
          file: { parts: 1, bytes: 100 },
          tool: { parts: 1, bytes: 30 },
        },
        files: [
          {
            path: "src/log.ts",
            ranges: [{ from: 5, to: 5 }],
            bytes: 0,
            bytesShared: 30,
            shown: 1,
            first: "2026-07-01T09:00:00.000Z",
            last: "2026-07-01T09:00:00.000Z",
            sealed: {},
          },
          {
            path: "src/pay.ts",
            ranges: [
              { from: 1, to: 60 },
              { from: 90, to: 90 },
            ],
            bytes: 100,
            bytesShared: 30,
            shown: 2,
            first: "2026-07-01T08:00:00.000Z",
            last: "2026-07-01T09:00:00.000Z",
            sealed: { "aws-key": 2 },
          },
        ],
        withheld: { erased: nothing, missing: nothing, unreadable: nothing },
      },
      {
        ...vendor,
        requests: 1,
        bytes: 7,
        bytesIn: 3,
        first: "2026-07-01T09:00:00.000Z",
        last: "2026-07-01T09:00:00.000Z",
        outcomes: { answered: 0, failed: 0, cancelled: 0, "refused-by-server": 1, unknown: 0 },
        models: { m1: 1 },
        labels: { internal: 1 },
        sealed: {},
        sources: { user: { parts: 1, bytes: 7 } },
        files: [],
        withheld: { erased: nothing, missing: nothing, unreadable: nothing },
      },
    ],
  });
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

test("a report on one session leaves the others out", async (t) => {
  const directory = makeFolder(t);
  await writeExposures(directory);
  const report = await exposureReport({ directory, session: "ses_2" });
  assert.deepEqual(
    report.endpoints.map((endpoint) => [endpoint.id, endpoint.requests, endpoint.outcomes.unknown]),
    [["vendor", 1, 0]],
  );
});

test("with its salt erased a part is reported as erased, not left out, and the log verifies", async (t) => {
  const directory = makeFolder(t);
  await writeExposures(directory);
  const database = new DatabaseSync(join(directory, "side.db"));
  database.exec("UPDATE parts SET salt = NULL");
  database.close();
  const [report] = (await exposureReport({ directory })).endpoints;
  assert.equal(report?.bytes, 140);
  assert.deepEqual(report?.files, []);
  assert.deepEqual(report?.withheld.erased, { parts: 3, bytes: 140 });
  assert.equal((await verifyLedger({ directory })).kind, "intact");
});

test("hidden fields that somebody exchanged are reported as unreadable", async (t) => {
  const directory = makeFolder(t);
  await writeExposures(directory);
  const database = new DatabaseSync(join(directory, "side.db"));
  database.exec("UPDATE parts SET hidden = (SELECT hidden FROM parts LIMIT 1)");
  database.close();
  const [report] = (await exposureReport({ directory })).endpoints;
  assert.equal(report?.bytes, 140);
  assert.deepEqual(report?.withheld.unreadable, { parts: 2, bytes: 130 });
});
