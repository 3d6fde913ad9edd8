/** Pictures in requests of other people's tools, in each protocol: carried, recorded, and kept at home where a rule says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { createHouse, policyOf } from "./policy-world.ts";
import type { ServerWorld } from "./server-world.ts";

const data = Buffer.from(Array.from({ length: 900 }, (_, at) => (at * 7919) % 251)).toString("base64");
const url = `data:image/png;base64,${data}`;
const source = { type: "base64", media_type: "image/png", data };

const requests: readonly (readonly [path: string, body: JsonObject])[] = [
  [
    "/v1/chat/completions",
    { model: "m", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] },
  ],
  [
    "/v1/messages",
    {
      model: "m",
      max_tokens: 100,
      messages: [{ role: "user", content: [{ type: "image", source }] }],
    },
  ],
  [
    "/v1/messages",
    {
      model: "m",
      max_tokens: 100,
      messages: [
        { role: "user", content: "look" },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "t1", name: "Read", input: { file_path: "a.png" } }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "t1", content: [{ type: "image", source }] }],
        },
      ],
    },
  ],
  [
    "/v1/responses",
    {
      model: "m",
      input: [{ type: "message", role: "user", content: [{ type: "input_image", image_url: url }] }],
    },
  ],
];

async function ask(world: ServerWorld, path: string, body: JsonObject): Promise<string> {
  const response = await world.post(path, body);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

for (const [number, [path, body]] of requests.entries()) {
  test(`a picture in a request to ${path} reaches the model, and is in the record as it was sent (${number})`, async () => {
    await using world = await createHouse();
    await ask(world, path, body);
    const [received] = world.received;
    assert.ok(received !== undefined);
    assert.ok(received.text.includes(url), received.text.slice(0, 500));
    const [intent] = await world.recorded("exposure.intent");
    assert.ok(world.contents(intent).includes(data));
  });

  test(`a rule on pictures keeps one in a request to ${path} at home (${number})`, async () => {
    const labels = { pictures: "restricted" };
    await using world = await createHouse({
      policy: policyOf({ labels, endpoints: { unlisted: "as-configured" } }),
      session: { indexes: [] },
    });
    assert.match(await ask(world, path, body), /home/);
    assert.equal(world.bytesTo("cloud"), 0);
  });
}
