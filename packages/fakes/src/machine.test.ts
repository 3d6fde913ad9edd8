import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually, runningWith } from "./machine.ts";

test("what comes late is waited for, and what is so already is not", async () => {
  let looks = 0;
  await eventually("the third look", () => ++looks === 3);
  await eventually("what is so", () => ++looks === 4);
  assert.equal(looks, 4);
});

test("a process is known by its command line, and one that nobody runs is not there", () => {
  assert.ok(runningWith(readFileSync("/proc/self/cmdline", "utf8")).includes(String(process.pid)));
  assert.deepEqual(runningWith(`no such ${process.pid} ${"mark".repeat(2)}`), []);
});
