/** What a task asks its model's server before the first prompt is on record like everything else that leaves. */
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { cloister, createPlace, rehearse } from "./harness.ts";

test("a task's question for the list of models is on record before it is asked", async () => {
  using place = createPlace();
  const unrecorded: string[] = [];
  const asked: string[] = [];
  const answer = async (method: string, path: string, response: ServerResponse): Promise<void> => {
    const contacts = (await place.entries()).filter(({ t }) => t === "contact");
    const isKnown = contacts.some((entry) => entry["method"] === method && entry["path"] === path);
    if (!isKnown) unrecorded.push(`${method} ${path}`);
    response.writeHead(404).end("{}");
  };
  const server = createServer((request, response) => {
    const { method = "", url: path = "" } = request;
    asked.push(`${method} ${path}`);
    void answer(method, path, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code } = await cloister(place, ["-p", "hi", "--endpoint", `http://127.0.0.1:${port}`]);
  server.close();
  assert.notEqual(code, 0);
  assert.equal(asked[0], "GET /v1/models");
  assert.deepEqual(unrecorded, []);
});

test("the record of a task stands in order: contact, session, exposure", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Hello." }]);
  const { code, stderr } = await cloister(place, ["-p", "hi", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(code, 0, stderr);
  const kinds = (await place.entries()).map(({ t }) => (typeof t === "string" ? t : ""));
  const of = (type: string): number => kinds.indexOf(type);
  assert.equal(of("contact"), 0);
  assert.ok(of("contact") < of("session.start") && of("session.start") < of("exposure.intent"), kinds.join());
});
