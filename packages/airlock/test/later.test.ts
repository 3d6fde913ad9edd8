/** What a conversation comes to hold while its request is under way counts for all that would follow. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createBackend } from "@cloister/backend";
import { systemClock } from "@cloister/base";
import { classify } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";
import { createRoute } from "../src/route.ts";
import { warmUp } from "../src/warm.ts";
import { createWorld, request, user } from "./world.ts";

const restricted = classify("restricted");

test("an answer that cannot be used is not asked for again once the conversation is above the endpoint", async () => {
  let asked = 0;
  let raise = (): unknown => undefined;
  const server = createServer((incoming, response) => {
    incoming.resume().on("end", () => {
      asked += 1;
      raise();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  {
    // Else it is asked again: the test is about that.
    await using world = await createWorld({ url, clearance: "internal" });
    await world.ask(request(user("hi")));
    assert.equal(asked, 3);
  }
  asked = 0;
  await using world = await createWorld({ url, clearance: "internal" });
  raise = () => world.session.standing.raise(restricted);
  const events = await world.ask(request(user("hi")));
  const last = events.at(-1);
  assert.ok(last?.kind === "failed");
  assert.match(last.message, /the request is restricted/);
  assert.equal(asked, 1);
  const [decision] = await world.recorded("decision");
  assert.deepEqual(decision?.["decision"], { kind: "refuse", rule: "label-within-clearance" });
  server.closeAllConnections();
  server.close();
});

test("a warm-up shows nothing of a conversation that is above the endpoint, whatever its workspace is", async () => {
  await using world = await createWorld({ clearance: "internal" });
  const { session, rehearsal } = world;
  session.standing.raise(restricted);
  const backend = createBackend({ baseUrl: rehearsal.url, clock: systemClock });
  const operator = "this machine";
  const endpoint = {
    id: "home",
    url: rehearsal.url,
    protocol: chatProtocol,
    clearance: "internal",
    operator,
    backend,
  } as const;
  const route = createRoute(chatProtocol, chatProtocol, "m");
  assert.equal(await warmUp({ session, endpoint, route }, { messages: [] }).ended, "refused");
  assert.deepEqual(world.sent(), []);
  await backend.close();
});
