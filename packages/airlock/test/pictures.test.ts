/** Pictures that our agent read: labelled by their file, sent as they are, and recorded as what they are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { house } from "./policy-world.ts";
import { createWorld, request, user } from "./world.ts";

const base64 = Buffer.from(Array.from({ length: 900 }, (_, at) => (at * 7919) % 251)).toString("base64");

function picture(path: string): JsonObject {
  return {
    role: "user",
    content: [
      { type: "text", text: `[Cloister] Picture read from ${path}:` },
      { type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } },
    ],
    cloister: { source: "file", tool: "Read", files: [{ path, from: 1, to: 1 }] },
  };
}

test("a picture reaches the model byte for byte, and the record holds it with its file", async () => {
  await using world = await createWorld();
  const events = await world.ask(request(user("look"), picture("shots/a.png")));
  assert.equal(events.at(-1)?.kind, "end");
  const [sent = ""] = world.sent();
  assert.ok(sent.includes(`data:image/png;base64,${base64}`));
  assert.ok(!sent.includes('"cloister"'));
  const [intent] = await world.recorded("exposure.intent");
  assert.match(JSON.stringify(intent?.["parts"]), /"source":"file"/);
});

test("a picture from a restricted folder goes to no endpoint that may not see it", async () => {
  await using world = await createWorld({ policy: house, clearance: "internal" });
  const events = await world.ask(request(user("look"), picture("a/restricted/plan.png")));
  const end = events.at(-1);
  assert.ok(end?.kind === "failed" && /restricted/.test(end.message), JSON.stringify(end));
  assert.deepEqual(world.sent(), []);
});
