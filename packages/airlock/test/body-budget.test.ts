import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { chatProtocol } from "@cloister/wire";
import { createBodyBudget } from "../src/body-budget.ts";
import { sendFailure, sendJson } from "../src/door.ts";

/** A door that holds each body until `release` is called. */
async function openDoor(
  bytesMax: number,
): Promise<{ server: Server; port: number; release: () => void; arrived: () => Promise<void> }> {
  const budget = createBodyBudget(bytesMax);
  const waiting: (() => void)[] = [];
  let onArrival: () => void = () => {};
  const hold = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await budget.read(incoming, response, 1_000_000);
      waiting.push(() => sendJson(response, 200, { bytes: body.length }));
      onArrival();
    } catch (error) {
      sendFailure(response, chatProtocol, error);
    }
  };
  const server = createServer((incoming, response) => void hold(incoming, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    port: (server.address() as AddressInfo).port,
    release: () => waiting.splice(0).forEach((answer) => answer()),
    arrived: () => new Promise((resolve) => (onArrival = resolve)),
  };
}

async function post(port: number, bytes: number): Promise<IncomingMessage> {
  const asked = request({ host: "127.0.0.1", port, method: "POST", agent: false });
  asked.end(Buffer.alloc(bytes, 0x61));
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response;
}

test("bodies in flight share one budget; beyond it a client hears when to come again", async (t) => {
  const door = await openDoor(600_000);
  t.after(() => door.server.close());
  const here = door.arrived();
  const first = post(door.port, 400_000);
  await here;
  const refused = await post(door.port, 400_000);
  assert.equal(refused.statusCode, 503);
  assert.equal(refused.headers["retry-after"], "5");
  door.release();
  assert.equal((await first).statusCode, 200);
  // What the first held is free again, and so is what the refused one began to hold.
  const again = door.arrived();
  const third = post(door.port, 600_000);
  await again;
  door.release();
  assert.equal((await third).statusCode, 200);
});

test("what a client that goes away had sent is free again", async (t) => {
  const door = await openDoor(600_000);
  t.after(() => door.server.close());
  const here = door.arrived();
  const asked = request({ host: "127.0.0.1", port: door.port, method: "POST", agent: false });
  asked.on("error", () => {});
  const closed = new Promise((resolve) => asked.on("close", resolve));
  asked.end(Buffer.alloc(500_000, 0x61));
  await here;
  asked.destroy();
  await closed;
  let status = 503;
  for (let tries = 0; status === 503 && tries < 100; tries++) {
    const next = door.arrived();
    const posted = post(door.port, 500_000);
    await Promise.race([next, posted]);
    door.release();
    status = (await posted).statusCode ?? 0;
  }
  assert.equal(status, 200);
});

test("a body that is too long is answered, not cut off", async (t) => {
  const door = await openDoor(10_000_000);
  t.after(() => door.server.close());
  assert.equal((await post(door.port, 3_000_000)).statusCode, 413);
});
