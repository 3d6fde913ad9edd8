import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProcessRequest } from "../src/client.ts";
import { createWorld } from "./world.ts";

test("what a hook said to the keeper is said again to the agent, and the hook is not started twice", async () => {
  const hooks = new Map();
  await using world = await createWorld({ tier: "bubblewrap", processes: { servers: new Map(), hooks } });
  const end = { exitCode: 2, signal: undefined, timedOut: false };
  const said = [{ ...end, stdout: '{"continue": true}', stderr: "never that" }];
  hooks.set("h1", {
    ...{ argv: ["/bin/echo", "started"], environment: {}, view: world.view },
    kept: (input: string) => (input === "asked\n" ? said.pop() : undefined),
  });
  const ask = async (input: string): Promise<readonly unknown[]> => {
    const hook: ProcessRequest = { kind: "hook", id: "h1", input, environment: {}, timeoutMs: 60_000 };
    const running = await world.client.start(hook, new AbortController().signal);
    const parts = await Array.fromAsync(running.output, ({ bytes }) => bytes);
    const text = Buffer.concat(parts).toString("utf8");
    return [text, (await running.ended).exitCode];
  };
  assert.deepEqual(await ask("other\n"), ["started\n", 0]);
  assert.deepEqual(await ask("asked\n"), ['{"continue": true}never that', 2]);
  assert.deepEqual(await ask("asked\n"), ["started\n", 0]);
  assert.equal((await world.recorded("tool.call")).length, 2);
});
