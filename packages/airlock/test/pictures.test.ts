/** Pictures that our agent read: labelled by their file, sent as they are, and recorded as what they are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { house, policyOf } from "./policy-world.ts";
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

test("an address that the model's server would fetch is refused, however it is written, and nothing is sent", async () => {
  const parts: JsonObject[] = [
    { type: "image_url", image_url: { url: "http://169.254.169.254/?q=stolen" } },
    { type: "image_url", image_url: "https://evil.example/x.png" },
    { type: "image_url", image_url: { url: "\n file:///etc/passwd" } },
    { type: "video_url", video_url: { url: "HTTPS://evil.example/" } },
    { type: "audio_url", audio_url: { url: "//evil.example/" } },
    { type: "image", source: { type: "url", url: "https://evil.example/" } },
    { type: "input_file", file_url: "https://evil.example/" },
    { type: "image", url: "https://evil.example/" },
  ];
  await using world = await createWorld();
  for (const part of parts) {
    for (let times = 0; times < 2; times++) {
      const content = [{ type: "text", text: "look" }, part];
      const events = await world.ask(request({ role: "user", content }));
      const end = events.at(-1);
      assert.ok(end?.kind === "failed", JSON.stringify(part));
    }
  }
  assert.deepEqual(world.sent(), []);
  // A text may speak of addresses.
  const said = await world.ask(request(user("see https://docs.example/a.png")));
  assert.equal(said.at(-1)?.kind, "end");
});

test("what a picture says of itself beside the picture stays here", async () => {
  const words = Buffer.from("made with key");
  const head = Buffer.alloc(8);
  head.writeUInt32BE(words.length);
  head.write("tEXt", 4, "latin1");
  const png = Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    head,
    words,
    Buffer.alloc(4),
    Buffer.alloc(300),
  ]);
  const url = `data:image/png;base64,${png.toString("base64")}`;
  await using world = await createWorld();
  await world.ask(request({ role: "user", content: [{ type: "image_url", image_url: { url } }] }));
  const [sent = ""] = world.sent();
  const [, body = ""] = /base64,([^"]*)/.exec(sent) ?? [];
  assert.ok(body.startsWith("iVBORw0KGgo"));
  assert.ok(!Buffer.from(body, "base64").includes("made with"));
});

const careful = policyOf({ labels: { pictures: "restricted" }, endpoints: { unlisted: "as-configured" } });

function shown(cloister: JsonObject): JsonObject {
  return { ...picture("a.png"), cloister };
}

test("the policy gives a picture of unknown origin a label, and it goes nowhere that may not see it", async () => {
  await using world = await createWorld({ policy: careful, clearance: "internal" });
  const pasted = shown({ source: "attachment", tool: "clipboard" });
  const events = await world.ask(request(user("look"), pasted));
  const end = events.at(-1);
  assert.ok(end?.kind === "failed" && /restricted/.test(end.message), JSON.stringify(end));
  assert.deepEqual(world.sent(), []);
  const [change] = await world.recorded("label.change");
  assert.match(JSON.stringify(change?.["causes"]), /"kind":"picture".*labels\.pictures/);
});

test("a picture that our agent read from the workspace has the label of its path, and no other", async () => {
  await using world = await createWorld({ policy: careful, clearance: "internal" });
  const events = await world.ask(request(user("look"), picture("shots/a.png")));
  assert.equal(events.at(-1)?.kind, "end");
});

test("a picture from the clipboard is on record as one, and makes the conversation less trusted", async () => {
  await using world = await createWorld();
  await world.ask(request(user("look"), shown({ source: "attachment", tool: "clipboard" })));
  const [intent] = await world.recorded("exposure.intent");
  assert.match(JSON.stringify(intent?.["parts"]), /"source":"attachment"/);
  const [change] = await world.recorded("label.change");
  assert.equal(change?.["integrity"], "third-party");
});
