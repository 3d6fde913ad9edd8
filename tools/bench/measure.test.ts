import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReport } from "./measure.ts";
import { parseStat } from "./processes.ts";

test("the shell's report gives elapsed time and the CPU of its children, not its own", () => {
  const report = "1795256558.550906 1795256559.068450\n0m0.902s 0m0.900s\n1m0.338s 0m0.067s\n";
  assert.deepEqual(parseReport(report), { wallMs: 518, cpuMs: 60_405 });
  assert.throws(() => parseReport(""), { code: "bench-run-failed" });
});

test("a process whose name holds parentheses and blanks is read all the same", () => {
  const stat = "17 (a (b) c) S 4 17 17 0 -1 4194560 1200 0 3 0 5 6 7 8 20 0 1 0 12 0 0";
  assert.deepEqual(parseStat(stat), { parent: 4, ticks: 26 });
  assert.equal(parseStat(""), undefined);
});
