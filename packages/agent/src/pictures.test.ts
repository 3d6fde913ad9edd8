import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chatProtocol, familyOf, messagesProtocol, responsesProtocol, shapeForFamily } from "@cloister/wire";
import { startConversation } from "./conversation.ts";
import { countPictures, holdsPictures, picturesMessage, PICTURES_MAX } from "./pictures.ts";
import { rehearse, type Rehearsed } from "./rehearsed.ts";
import { shortenItem } from "./shorten.ts";

const png = Buffer.from("89504e470d0a1a0a0000000d494844520000000a0000001408060000", "hex");

function read(id: string, name = "a.png"): object {
  return { id, name: "Read", arguments: JSON.stringify({ file_path: name }) };
}

function withPicture(rehearsed: Rehearsed, name = "a.png"): Rehearsed {
  writeFileSync(join(rehearsed.workspace, name), png);
  return rehearsed;
}

test("a picture that was read follows all results of its answer, as bytes of its file", async () => {
  const calls = [read("1"), { id: "2", name: "Bash", arguments: '{"command":"ls"}' }] as never;
  using played = withPicture(rehearse([{ calls }, { text: "Seen." }], { seesPictures: true }));
  await played.ask("look");
  const messages = played.requests[1]?.messages ?? [];
  assert.deepEqual(
    messages.slice(-3).map(({ role }) => role),
    ["tool", "tool", "user"],
  );
  assert.match(JSON.stringify(messages.at(-3)?.["content"]), /image\/png, 10 × 20 pixels/);
  assert.deepEqual(messages.at(-1)?.["content"], [
    { type: "text", text: "[Cloister] Picture read from a.png:" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${png.toString("base64")}` } },
  ]);
  assert.deepEqual(messages.at(-1)?.["cloister"], {
    source: "file",
    tool: "Read",
    files: [{ path: "a.png", from: 1, to: 1 }],
  });
});

test("a model that does not see is sent no picture", async () => {
  using played = withPicture(rehearse([{ calls: [read("1")] as never }, { text: "So be it." }]));
  await played.ask("look");
  assert.ok(!(played.requests[1]?.text ?? "").includes("image_url"));
});

test("a conversation takes so many pictures and no more", async () => {
  const names = Array.from({ length: PICTURES_MAX + 1 }, (_, at) => `a${at}.png`);
  const script = names.map((name) => ({ calls: [read(name, name)] as never }));
  using played = rehearse(script, { seesPictures: true });
  for (const name of names) withPicture(played, name);
  await played.ask("look");
  const last = (played.requests.at(-1)?.messages ?? []) as never[];
  assert.equal(countPictures(last), PICTURES_MAX);
  assert.match(played.requests.at(-1)?.text ?? "", /takes no more/);
});

test("a picture takes of the window what models count for it, and not its bytes", () => {
  const conversation = startConversation("m", []);
  const before = conversation.bytes;
  const base64 = "A".repeat(3_000_000);
  conversation.add(picturesMessage([{ path: "a.png", mediaType: "image/png", base64 }]));
  assert.ok(conversation.bytes - before < 5000);
  const size = conversation.request().reduce((sum, piece) => sum + piece.length, 0);
  assert.ok(size > 3_000_000);
  conversation.replace([]);
  assert.equal(conversation.bytes, before);
});

test("an old picture is left out when room is made, with its path in its place", () => {
  const item = picturesMessage([{ path: "a.png", mediaType: "image/png", base64: "AAAA" }]);
  const short = shortenItem(item);
  assert.ok(!holdsPictures(short));
  assert.equal(short.content, "[Cloister] Picture read from a.png:\n[left out; Read shows it again]");
  assert.deepEqual(short.cloister, item.cloister);
});

test("each protocol carries the picture of a result to the model", () => {
  const item = picturesMessage([{ path: "a.png", mediaType: "image/png", base64: "QUJD" }]);
  const messages = [
    { role: "user", content: "look" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "Read", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "1", content: "It follows below." },
    item,
  ];
  const turn = chatProtocol.parseRequest({ model: "m", messages } as never);
  const carried: Readonly<Record<string, string>> = {
    chat: '{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}',
    messages: '{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}',
    responses: '{"type":"input_image","image_url":"data:image/png;base64,QUJD","detail":"auto"}',
  };
  for (const protocol of [chatProtocol, messagesProtocol, responsesProtocol]) {
    const { body, losses } = protocol.formatRequest(turn, { midSystem: "keep" });
    assert.ok(JSON.stringify(body).includes(carried[protocol.name] ?? "?"), JSON.stringify(body));
    assert.deepEqual(
      losses.filter(({ severity }) => severity === "semantic"),
      [],
    );
  }
});

test("a picture after results is not lost on families in which users and assistants take turns", () => {
  const call = { id: "1", type: "function", function: { name: "Read", arguments: "{}" } };
  const messages = [
    { role: "user", content: "look" },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "1", content: "It follows below." },
    picturesMessage([{ path: "a.png", mediaType: "image/png", base64: "QUJD" }]),
  ];
  const turn = chatProtocol.parseRequest({ model: "m", messages } as never);
  for (const model of ["mistral-small-3.2", "gemma-3-27b", "qwen3-vl", "glm-4.5v"]) {
    const shaped = shapeForFamily(turn, familyOf(model));
    assert.ok(JSON.stringify(shaped).includes("QUJD"), model);
  }
});
