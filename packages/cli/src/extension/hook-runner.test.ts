import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeeperClient } from "@cloister/airlock/client";
import { createHookRunner } from "./hook-runner.ts";

type Running = Awaited<ReturnType<KeeperClient["start"]>>;
type End = Awaited<Running["ended"]>;

function keeperWith(
  chunks: readonly (readonly ["out" | "err", string])[],
  end: End,
): Pick<KeeperClient, "start"> {
  const running: Running = {
    output: (async function* () {
      for (const [stream, text] of chunks) yield { stream, bytes: Buffer.from(text) };
    })(),
    write: () => true,
    drained: () => Promise.resolve(),
    end: () => {},
    resize: () => {},
    kill: () => {},
    ended: Promise.resolve(end),
  };
  return { start: () => Promise.resolve(running) };
}

const run = (chunks: readonly (readonly ["out" | "err", string])[], end: End): Promise<unknown> =>
  createHookRunner(keeperWith(chunks, end))("hook-1", {
    ...{ input: "{}", environment: {}, timeoutMs: 1000, signal: new AbortController().signal },
  });

test("what a hook prints on each stream, and its code, come as they are", async () => {
  assert.deepEqual(
    await run(
      [
        ["out", "a"],
        ["err", "b"],
        ["out", "c"],
      ],
      { exitCode: 2, timedOut: false },
    ),
    { kind: "ended", exitCode: 2, stdout: "ac", stderr: "b" },
  );
});

test("a timeout, a signal and a keeper that went away are no codes", async () => {
  assert.deepEqual(await run([], { exitCode: 0, timedOut: true }), { kind: "timed-out" });
  assert.deepEqual(await run([], { signal: "SIGKILL", timedOut: false }), {
    ...{ kind: "failed", why: "it was ended by SIGKILL" },
  });
  assert.deepEqual(await run([], { timedOut: false }), { kind: "failed", why: "the keeper broke it off" });
});

test("a hook that never stops talking does not fill the memory", async () => {
  const mega = "x".repeat(600_000);
  const said = await run(
    [
      ["out", mega],
      ["out", mega],
      ["out", mega],
    ],
    { exitCode: 0, timedOut: false },
  );
  assert.equal((said as { stdout: string }).stdout.length, 600_000);
});
