import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { createCaller, type Caller } from "./caller.ts";

test("it answers with the call that was asked for, once, and shows the result that comes back", async () => {
  const caller = createCaller({ name: "other", clearance: "internal" });
  caller.ask({ kind: "call", name: "Read", args: { file_path: "a" }, said: "other calls Read." });
  // A hook that asks the model is not the agent.
  assert.doesNotMatch(await send(caller, { role: "user", content: "Is this good?" }), /tool_calls":/);
  const first = await send(caller, { role: "user", content: "other calls Read." });
  assert.match(first, /"name":"Read","arguments":"\{\\"file_path\\":\\"a\\"\}"/);
  assert.equal(caller.take(), undefined);
  assert.match(await send(caller, { role: "tool", content: "the text" }), /"content":"Seen\."/);
  assert.equal(caller.take(), "the text");
  assert.equal(caller.take(), undefined);
  assert.doesNotMatch(await send(caller, { role: "user", content: "again" }), /tool_calls":/);
});

test("a report is shown as it was said; parts that are no text are named", async () => {
  const caller = createCaller({ name: "other", clearance: "internal" });
  caller.ask({ kind: "text" });
  const note = { role: "user", content: "[Cloister] a word of a hook" };
  await send(caller, { role: "system", content: "prompt" }, { role: "user", content: "the report" }, note);
  assert.equal(caller.take(), "the report");
  const content = [
    { type: "text", text: "seen" },
    { type: "image_url", image_url: {} },
  ];
  caller.ask({ kind: "call", name: "Read", args: {}, said: "go" });
  await send(caller, { role: "user", content: "go" });
  await send(caller, { role: "tool", content });
  assert.equal(caller.take(), "seen\n[a picture]");
  assert.deepEqual(
    [caller.endpoint.id, caller.endpoint.operator, caller.endpoint.clearance],
    ["client:other", "other", "internal"],
  );
});

async function send({ endpoint }: Caller, ...messages: JsonObject[]): Promise<string> {
  const body = Buffer.from(JSON.stringify({ messages }));
  const answer = await endpoint.backend.send("/chat/completions", [body], {
    signal: new AbortController().signal,
  });
  const text = Buffer.concat(await Array.fromAsync(answer.body)).toString("utf8");
  assert.ok(isRecord(JSON.parse(text.split("\n")[0]?.replace("data: ", "") ?? "")));
  return text;
}
