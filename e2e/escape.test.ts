/** Three hundred ways out of a cell, tried as whoever runs this and as an ordinary user; and once with no cell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { escapes, formatReport, runAsUser, runEscapes, type EscapeReport } from "./escape/run.ts";

const isRoot = process.getuid?.() === 0;
/** Without a cell an ordinary user's probes see this many escapes on a plain Linux; the kernel itself denies the others. */
const SEEN_WITHOUT_CELL_MIN = 120;

test("nothing gets out of a cell", async () => {
  const report = await runEscapes({ kind: "cell" });
  assert.ok(report.verdicts.length > 250);
  assert.deepEqual(escapes(report).map(describe), [], formatReport(report));
  assert.deepEqual(report.verdicts.filter(({ kind }) => kind === "not-run").map(describe), []);
});

test("nothing gets out of an ordinary user's cell", async (t) => {
  if (!isRoot) {
    t.diagnostic("this is an ordinary user: the test above was it");
    return;
  }
  const { code, stdout } = await runAsUser([]);
  assert.equal(code, 0, notHeld(stdout));
});

test("without a cell the same probes do get out, so they would have shown it", async () => {
  const { stdout } = isRoot
    ? await runAsUser(["--control"])
    : { stdout: formatReport(await runEscapes({ kind: "control" })) };
  const seen = Number(/ (\d+) escaped/.exec(stdout)?.[1]);
  assert.ok(seen >= SEEN_WITHOUT_CELL_MIN, `${seen} escapes seen`);
});

function describe({ probe, evidence }: EscapeReport["verdicts"][number]): string {
  return `${probe.name}: ${evidence}`;
}

function notHeld(report: string): string {
  return report
    .split("\n")
    .filter((row) => !row.startsWith("held"))
    .join("\n");
}
