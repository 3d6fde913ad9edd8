import assert from "node:assert/strict";
import { test } from "node:test";
import { formatEntries, type Entry } from "./table.ts";
import { placeOf } from "./versus.ts";

const unchecked: Entry = {
  ...{ model: "small", outcome: "done", files: ["a.ts"], text: "Done." },
  ...{ promptTokens: 12_000, completionTokens: 300, ms: 31_400 },
  ...{ branch: "cloister/try-1-small", worktree: "try-1-small", path: "/w/try-1-small" },
};

test("each model has a row; what did not come to its end says why, and control characters are shown", () => {
  const entry: Entry = { ...unchecked, check: "passed" };
  const failed: Entry = {
    ...unchecked,
    ...{ model: "lab/big", outcome: "failed", files: [], text: "no \u001b[31mserver" },
  };
  const [head = "", first = "", second = "", , files, why = ""] = formatEntries([entry, failed]).split("\n");
  assert.match(head, /^model +outcome +check +files +tokens in +out +time +branch$/);
  assert.match(first, /^small +done +passed +1 +12000 +300 +31 s +cloister\/try-1-small$/);
  assert.match(second, /^lab\/big +failed +– +0 /);
  assert.equal(head.indexOf("branch"), first.indexOf("cloister/"));
  assert.equal(files, "small: a.ts");
  assert.ok(why.startsWith("lab/big: no ") && !why.includes("\u001b"));
});

test("a model of a named endpoint goes there; any other is one of the session's own", () => {
  const endpoints = [{ name: "lab", url: "http://127.0.0.1:9/v1", models: ["big"] }];
  assert.deepEqual(placeOf("lab/x/y", { endpoints }), { endpoint: "http://127.0.0.1:9/v1", model: "x/y" });
  assert.deepEqual(placeOf("lab", { endpoints }), { endpoint: "http://127.0.0.1:9/v1", model: "big" });
  assert.deepEqual(placeOf("qwen/coder", { endpoints }), { model: "qwen/coder" });
});
