import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { openConnections } from "./connections.ts";
import { exchange } from "./exchange.ts";
import type { Connect } from "./network/connect.ts";

const clock = { now: () => 0, sleep: () => assert.fail("silence has no limit here") };

const request = {
  url: new URL("http://127.0.0.1:9/v1"),
  path: "/v1/chat/completions",
  method: "POST",
  headers: {},
  body: [Buffer.from("{}")],
  silenceMs: 0,
  clock,
} as const;

interface Attempts {
  readonly connect: Connect;
  readonly seen: { readonly to: string; readonly signal: AbortSignal }[];
}

function note(outcome: (signal: AbortSignal) => Promise<never>): Attempts {
  const seen: Attempts["seen"] = [];
  const connect: Connect = (to, signal) => {
    seen.push({ to: to.href, signal });
    return outcome(signal);
  };
  return { connect, seen };
}

/** Ends as sockets do, after the abort. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));
}

test("a connection that was never made is unreachable, with the system's code, and is not tried again", async () => {
  const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
  const { connect, seen } = note(() => Promise.reject(refused));
  const { signal } = new AbortController();
  await assert.rejects(exchange(openConnections(connect), { ...request, signal }), (error) => {
    assert.ok(error instanceof CloisterError);
    assert.equal(error.code, "endpoint-unreachable");
    assert.equal(error.cause, refused);
    return true;
  });
  assert.deepEqual(
    seen.map(({ to }) => to),
    [request.url.href],
  );
});

test("an error that is ours already, such as a proxy's, is passed on as it is", async () => {
  const ours = new CloisterError("the proxy refuses", { code: "proxy-refused" });
  const { connect } = note(() => Promise.reject(ours));
  const { signal } = new AbortController();
  await assert.rejects(exchange(openConnections(connect), { ...request, signal }), (error) => error === ours);
});

test("a signal that has fired already keeps everything at home", async () => {
  const { connect, seen } = note(untilAborted);
  const sent = exchange(openConnections(connect), { ...request, signal: AbortSignal.abort() });
  await assert.rejects(sent, { code: "cancelled" });
  assert.equal(seen.length, 0);
});

test("who cancels, or closes, while a connection is being made ends the attempt as well", async () => {
  for (const way of ["cancel", "close"] as const) {
    const { connect, seen } = note(untilAborted);
    const connections = openConnections(connect);
    const stop = new AbortController();
    const outcome = assert.rejects(exchange(connections, { ...request, signal: stop.signal }), {
      code: "cancelled",
    });
    if (way === "cancel") stop.abort();
    else connections.close();
    await outcome;
    assert.deepEqual(
      seen.map(({ signal }) => signal.aborted),
      [true],
    );
  }
});
