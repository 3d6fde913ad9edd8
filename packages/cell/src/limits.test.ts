import assert from "node:assert/strict";
import { test } from "node:test";
import { limitedCommand } from "./limits.ts";

const argv = ["make", "-j"];
const groups = { version: 2, memory: "/groups", pids: "/groups" } as const;

test("without limits a command is started as it is", () => {
  assert.deepEqual(limitedCommand(argv, {}, { groups: undefined, isRealRoot: false }), argv);
});

test("what a control group holds is not limited by process as well: that would be tighter than asked for", () => {
  const limits = { memoryBytes: 1000, processesMax: 5 };
  assert.deepEqual(limitedCommand(argv, limits, { groups, isRealRoot: true }), argv);
});

test("without a control group each process is limited, with its number of siblings", () => {
  const limits = { memoryBytes: 1000, processesMax: 5, fileBytesMax: 7, cpuSeconds: 9 };
  const limited = limitedCommand(argv, limits, { groups: undefined, isRealRoot: false });
  assert.deepEqual(limited.slice(-2), argv);
  assert.deepEqual(limited.slice(1, -2), ["--data=1000", "--nproc=5", "--fsize=7", "--cpu=9", "--"]);
});

test("root without a control group is refused a limit that the kernel would not hold it to", () => {
  const refused = (): unknown =>
    limitedCommand(argv, { processesMax: 5 }, { groups: undefined, isRealRoot: true });
  assert.throws(refused, { code: "cell-limits" });
});
