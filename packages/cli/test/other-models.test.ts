/** Endpoints beside the session's own, as they are opened when they are first asked for. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { AirlockSession } from "@cloister/airlock";
import { CloisterError, systemClock, type Clock } from "@cloister/base";
import type { Ledger } from "@cloister/ledger";
import type { ChosenEndpoint } from "../src/endpoint.ts";
import type { Environment } from "../src/environment.ts";
import { openOtherModels } from "../src/other-models.ts";

test("a fallback that is loading its model is left after five seconds, and others are waited for", async () => {
  const server = createServer((_incoming, response) => {
    response.writeHead(503, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "Loading model" } }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  for (const [fallbacks, waitedMs] of [
    [["lab/big"], 6000],
    [["big"], 6000],
    [[], 20_000],
  ] as const) {
    const leaving = new CloisterError("waited long enough", { code: "cancelled" });
    let now = 0;
    const clock: Clock = {
      ...systemClock,
      now: () => now,
      sleep: (ms, signal) => {
        // Who waits for silence is answered before.
        if (ms >= 10_000) return systemClock.sleep(ms, signal);
        now += ms;
        return now < 20_000 ? Promise.resolve() : Promise.reject(leaving);
      },
    };
    const seen: unknown[] = [];
    const models = openOtherModels(
      { named: [{ name: "lab", url, models: ["big"] }], fallbacks, check: () => undefined },
      {
        chosen: { model: "m", endpoint: { id: "home" } } as ChosenEndpoint,
        price: undefined,
        ledger: { append: () => Promise.resolve(undefined) } as unknown as Ledger,
        environment: {
          clock,
          stderr: { write: () => true },
          variable: () => undefined,
        } as unknown as Environment,
        onTrouble: (trouble) => seen.push(trouble),
      },
    );
    await assert.rejects(async () => models?.keeper.find("lab/big", {} as AirlockSession), CloisterError);
    assert.equal(now, waitedMs, fallbacks.join());
    assert.equal(seen.length, 1);
    await models?.keeper.close();
  }
});
