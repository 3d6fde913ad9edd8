import assert from "node:assert/strict";
import { test } from "node:test";
import { openScratch } from "./scratch.ts";
import type { CommandOutcome } from "./tool.ts";

async function textOf(outcome: Partial<CommandOutcome>, args: { timeout?: number } = {}): Promise<string> {
  await using scratch = await openScratch(outcome);
  return (await scratch.call("Bash", { command: "make", ...args })).text;
}

test("the command goes to the keeper untouched, with a bounded timeout", async () => {
  await using scratch = await openScratch({ output: "hi\n" });
  const result = await scratch.call("Bash", { command: " echo 'hi' ; ", description: "greet" });
  assert.deepEqual(result, { ok: true, text: "hi", sources: [] });
  await scratch.call("Bash", { command: "x", timeout: 9_999_999 });
  await scratch.call("Bash", { command: "x", timeout: 5000 });
  assert.deepEqual(scratch.commands, [
    { command: { shell: " echo 'hi' ; " }, timeoutMs: 120_000 },
    { command: { shell: "x" }, timeoutMs: 600_000 },
    { command: { shell: "x" }, timeoutMs: 5000 },
  ]);
  assert.equal((await scratch.call("Bash", { command: "  " })).ok, false);
});

test("every way to end is said plainly", async () => {
  assert.equal(await textOf({}), "(no output)");
  assert.equal(await textOf({ exitCode: 2, output: "bad\n" }), "bad\nexit code 2");
  assert.equal(await textOf({ exitCode: undefined, signal: "SIGKILL" }), "killed by SIGKILL");
  assert.match(
    await textOf({ exitCode: undefined, signal: "SIGTERM", timedOut: true, output: "a" }),
    /^a\nstopped: still running after 120000 ms/,
  );
  assert.doesNotMatch(
    await textOf({ exitCode: undefined, timedOut: true }, { timeout: 600_000 }),
    /larger timeout/,
  );
  assert.match(await textOf({ refused: "rule no-push" }), /was not run: rule no-push/);
  assert.equal(await textOf({ output: "a\n", cutBytes: 12 }), "a\n[12 bytes of output left out]");
});

test("colours are dropped and a long output keeps both ends in whole lines", async () => {
  assert.equal(await textOf({ output: "\u001b[31mred\u001b[0m\n" }), "red");
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  const text = await textOf({ output: lines.join("\n") });
  assert.ok(text.length < 30_100);
  assert.match(text, /^line 0\n/);
  assert.match(text, /\nline \d+\n\[\d+ characters left out\]\nline \d+\n/);
  assert.match(text, /\nline 19999$/);
});
