/** Dates and marks at the head of foreign clients' prompts, on every way through the airlock, over HTTP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { chatProtocol, messagesProtocol, responsesProtocol, type Protocol } from "@cloister/wire";
import { chatAnswer, createServerWorld, messagesAnswer, sendJson, type ServerWorld } from "./server-world.ts";

const marked = "Today\u2019s date: ";
const mark = "x-anthropic-billing-header: cc_version=2.1.29; cc_entrypoint=cli; cch=";

/** A request of each protocol with a head that changes, and a user's text that must not. */
const doors: readonly { path: string; body: (date: string, told: readonly string[]) => JsonObject }[] = [
  {
    path: "/v1/messages",
    body: (date, told) => ({
      model: "m",
      max_tokens: 5,
      system: [
        { type: "text", text: `${mark}${date};` },
        { type: "text", text: `Work.\n${marked}${date}\n` },
      ],
      messages: turns(told),
    }),
  },
  {
    path: "/v1/chat/completions",
    body: (date, told) => ({
      model: "m",
      messages: [{ role: "system", content: `${mark}${date};\nWork.\n${marked}${date}\n` }, ...turns(told)],
    }),
  },
  {
    path: "/v1/responses",
    body: (date, told) => ({
      model: "m",
      store: false,
      instructions: `${mark}${date};\nWork.\n${marked}${date}\n`,
      input: turns(told),
    }),
  },
];

const answers: readonly [Protocol, JsonObject][] = [
  [chatProtocol, chatAnswer("ok")],
  [messagesProtocol, messagesAnswer("ok")],
  [
    responsesProtocol,
    {
      id: "r",
      object: "response",
      status: "completed",
      model: "m",
      output: [
        {
          type: "message",
          id: "i",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "ok", annotations: [] }],
        },
      ],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    },
  ],
];

const question = `${marked}2026-11-21 is in my file, and ${mark}1 too.`;

for (const { path, body } of doors) {
  for (const [protocol, answer] of answers) {
    test(`BS-11: ${path} to ${protocol.name}: marks go, the date stays what it was, the user's words are untouched`, async () => {
      await using world = await createServerWorld([
        { protocol, play: (_, response) => sendJson(response, answer) },
      ]);
      const headers = { "x-session-id": "one" };
      const first = await world.post(path, body("2026-11-21", [question]), headers);
      assert.equal(first.status, 200, await first.text());
      await world.post(path, body("2026-11-22", [question, "ok", "go on"]), headers);
      const [one = "", two = ""] = world.received.map(({ text }) => text);
      assert.ok(one.includes("Today's date: 2026-11-21"));
      assert.equal(two.includes("2026-11-22"), false);
      assert.ok(one.includes(question), "the user's text");
      assert.equal(one.replace(question, "").includes("billing-header"), false);
      // Up to the end of its items the first request stands at the beginning of the second.
      const end = one.lastIndexOf(question) + question.length;
      assert.equal(two.slice(0, end), one.slice(0, end));
      const [intent = {}, again = {}] = await world.entries("exposure.intent");
      const counts = intent["volatile"] as JsonObject;
      assert.equal(counts["date"], 1);
      assert.equal(counts["invisible"], 1);
      const isLost = JSON.stringify(intent["losses"] ?? []).includes("billing");
      assert.ok(counts["mark"] === 1 || isLost, "the mark is on record");
      assert.equal((again["volatile"] as JsonObject)["date"], 1);
    });
  }
}

test("another conversation has its own date", async () => {
  await using world = await createServerWorld([
    { play: (_, response) => sendJson(response, chatAnswer("ok")) },
  ]);
  await say(world, "2026-11-21", "one");
  await say(world, "2026-11-22", "two");
  assert.ok(world.received[1]?.text.includes("2026-11-22"));
});

test("`keep` sends what the client sent, and `remove` takes the dates out too", async () => {
  for (const volatile of ["keep", "remove"] as const) {
    await using world = await createServerWorld(
      [{ play: (_, response) => sendJson(response, chatAnswer("ok")) }],
      { volatile },
    );
    await say(world, "2026-11-21", "one");
    const [sent] = world.received;
    assert.ok(sent);
    const [head] = sent.body["messages"] as JsonObject[];
    const kept = `${mark}2026-11-21;\nWork.\n${marked}2026-11-21\n`;
    assert.equal(head?.["content"], volatile === "keep" ? kept : "Work.\n");
  }
});

test("tools are looked at for marks in their descriptions, and nowhere else", async () => {
  await using world = await createServerWorld([
    { play: (_, response) => sendJson(response, chatAnswer("ok")) },
  ]);
  const schema = {
    type: "object",
    properties: { a: { type: "string", enum: ["x\u200By"], description: "a\u200Bb" } },
  };
  const tool = { name: "t", description: "It\u2019s a\u200B tool.", parameters: schema };
  await world.post("/v1/chat/completions", {
    model: "m",
    tools: [{ type: "function", function: tool }],
    messages: [{ role: "user", content: "x\u200By" }],
  });
  const text = world.received[0]?.text ?? "";
  assert.ok(text.includes("It's a tool.") && text.includes('"ab"'));
  assert.equal(text.split("x\u200By").length, 3);
});

async function say(world: ServerWorld, date: string, session: string): Promise<void> {
  const body = doors[1]?.body(date, ["hi"]);
  await (await world.post("/v1/chat/completions", body, { "x-session-id": session })).text();
}

function turns(told: readonly string[]): JsonObject[] {
  return told.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));
}
