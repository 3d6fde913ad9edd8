/** Rules that hold for a connection rather than for what is said over it. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { createServerWorld } from "./server-world.ts";

const body = { model: "m", stream: true, messages: [{ role: "user", content: "hi" }] };
const start = `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Well, "}}]}\n\n`;

test("G8: when the client is gone the server's connection ends at once, and what came is on record", async () => {
  const closed = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await using world = await createServerWorld([
    {
      play(_, response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.on("close", () => closed.resolve());
        response.write(start, () => started.resolve());
      },
    },
  ]);
  const client = httpRequest(`${world.url}/v1/chat/completions`, { method: "POST" });
  client.on("error", () => undefined); // we break it off ourselves
  const said = new Promise<void>((resolve) => {
    client.on("response", (answer) => answer.once("data", () => resolve()));
  });
  client.end(JSON.stringify(body));
  await Promise.all([started.promise, said]);
  client.destroy();
  await closed.promise;
  const [result] = await world.recorded("exposure.result");
  assert.equal(result?.["outcome"], "cancelled");
  assert.equal(result?.["bytesIn"], start.length);
  assert.equal((await world.entries("exposure.intent")).length, 1);
  assert.equal(world.received.length, 1, "nobody asks again for a client that is gone");
});

test("G9: a client that does not read holds the server back, and gets everything when it does", async () => {
  const chunk = Buffer.from(
    `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"${"x".repeat(128 * 1024)}"}}]}\n\n`,
  );
  const chunks = 192;
  let written = 0;
  await using world = await createServerWorld([
    {
      async play(_, response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(start);
        for (; written < chunks; written++) {
          if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve));
        }
        response.end(
          `data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`,
        );
      },
    },
  ]);
  const client = httpRequest(`${world.url}/v1/chat/completions`, { method: "POST" });
  client.end(JSON.stringify(body));
  const answer = await new Promise<AsyncIterable<Buffer>>((resolve) => client.on("response", resolve));
  // Until nothing moves any more, or everything has.
  let seen = -1;
  for (let still = 0; still < 40; still = written === seen ? still + 1 : 0) {
    seen = written;
    await systemClock.sleep(5);
  }
  assert.ok(written < chunks / 2, `${written} of ${chunks} pieces left the server unread`);
  let bytes = 0;
  for await (const piece of answer) bytes += piece.length;
  assert.ok(bytes > chunks * 128 * 1024);
});

test("R5: a WebSocket on /v1/responses is refused once with 426, and nothing is opened or recorded", async () => {
  await using world = await createServerWorld([{ play: () => assert.fail("nothing was asked") }]);
  const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const client = httpRequest(`${world.url}/v1/responses`, { headers });
    client.on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    client.on("upgrade", () => reject(new Error("it was opened")));
    client.on("error", reject);
    client.end();
  });
  assert.equal(status, 426);
  assert.deepEqual(await world.entries(), []);
});
