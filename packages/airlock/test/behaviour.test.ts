/** What strict templates and a server that compiles schemas are sent, by clients that know of neither. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { chatAnswer, createServerWorld, sendJson } from "./server-world.ts";

/** Its template refuses a system message that is not the first. */
const strict = "qwen3.5-27b";

test("BS-24: two system texts of a Chat client are one first message for a strict template, and stay so", async () => {
  const play = (_: unknown, response: Parameters<typeof sendJson>[0]): void =>
    sendJson(response, chatAnswer("ok"));
  await using world = await createServerWorld([{ models: [strict], play }]);
  const system = ["Work.", "Mind the house's rules."].map((content) => ({ role: "system", content }));
  const first = [...system, { role: "user", content: "hi" }];
  const second = [...first, { role: "assistant", content: "ok" }, { role: "user", content: "go" }];
  for (const messages of [first, second]) {
    await (await world.post("/v1/chat/completions", { model: strict, messages })).text();
  }
  const [one, two] = world.received;
  assert.deepEqual(one?.body["messages"], [
    { role: "system", content: "Work.\n\nMind the house's rules." },
    { role: "user", content: "hi" },
  ]);
  assert.ok(two?.text.startsWith(one?.text.slice(0, -2) ?? "?"));
});

test("BS-28: llama.cpp gets schemas without their large limits; a call that breaks one is sent back to the model", async () => {
  const parameters: JsonObject = {
    type: "object",
    properties: {
      text: { type: "string", maxLength: 80, pattern: "^[a-z]+$" },
      list: { type: "array", items: { $ref: "#/$defs/item" }, maxItems: 100_000 },
    },
    required: ["text"],
    $defs: { item: { type: "integer", minimum: 3 } },
  };
  const tools = [{ type: "function", function: { name: "note", parameters } }];
  const said = [`{"text":"${"long".repeat(30)}"}`, '{"text":"short","list":[7]}'];
  for (const server of ["llama.cpp", "vllm"] as const) {
    let asked = 0;
    await using world = await createServerWorld([
      {
        server,
        play: (_, response) => {
          const call = {
            id: `c${asked}`,
            type: "function",
            function: { name: "note", arguments: said[asked++] ?? "" },
          };
          const message = { role: "assistant", content: null, tool_calls: [call] };
          sendJson(response, {
            ...chatAnswer(""),
            choices: [{ index: 0, message, finish_reason: "tool_calls" }],
          });
        },
      },
    ]);
    const messages = [{ role: "user", content: "note it" }];
    const answer: unknown = await (
      await world.post("/v1/chat/completions", { model: "m", messages, tools })
    ).json();
    assert.ok(isRecord(answer));
    assert.match(JSON.stringify(answer["choices"]), /\\"short\\"/);
    const [one, two] = world.received;
    assert.equal(
      /"(maxLength|maxItems|minimum|pattern|\$ref|\$defs)"/.test(one?.text ?? ""),
      server === "vllm",
      server,
    );
    assert.match(two?.text ?? "", /may have at most 80 characters/);
  }
});
