import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { TurnEvent } from "../../turn.ts";
import { assertLegal, framesOf } from "./legal-answer.ts";
import { messagesProtocol } from "./messages.ts";
import { restoreThoughts } from "./thoughts.ts";

const open = (token: string): string | undefined => (token.startsWith("ours.") ? token.slice(5) : undefined);
const said = { type: "text", text: "Looking." };
const context = { id: "msg_1", model: "m", created: 0 };
const request = messagesProtocol.parseRequest({ model: "m", messages: [{ role: "user", content: "hi" }] });

test("Q10: blocks go back as their maker gave them; another's are dropped with their paths, our own without", () => {
  const content = [
    { type: "thinking", signature: "ours.sig", thinking: "Hm." },
    { type: "redacted_thinking", data: "ours.hidden" },
    { type: "thinking", thinking: "Hm?", signature: "theirs" },
    { type: "redacted_thinking", data: "theirs" },
    { type: "thinking", thinking: "Hm!", signature: "cloister" },
    said,
  ];
  const { item, dropped } = restoreThoughts({ role: "assistant", content }, open);
  const kept = [
    { type: "thinking", signature: "sig", thinking: "Hm." },
    { type: "redacted_thinking", data: "hidden" },
    said,
  ];
  assert.equal(JSON.stringify(item), JSON.stringify({ role: "assistant", content: kept }));
  assert.deepEqual(dropped, ["content[2]", "content[3]"]);
});

test("Q10: a message of another maker's thinking alone is left out, one without thinking is the very same", () => {
  const alone = { role: "assistant", content: [{ type: "thinking", thinking: "Hm.", signature: "theirs" }] };
  assert.deepEqual(restoreThoughts(alone, open), { item: undefined, dropped: ["content[0]"] });
  const plain = { role: "assistant", content: [said] };
  assert.equal(restoreThoughts(plain, open).item, plain);
});

test("Q10: kept thinking stands before all else of its message, also in one that is shaped for a model", () => {
  const thought = { type: "thinking", thinking: "Hm.", signature: "sig" };
  const call = { type: "tool_use", id: "t1", name: "Read", input: {} };
  const messages: JsonObject[] = [
    { role: "user", content: "hi" },
    { role: "assistant", content: [thought, said, call] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "x" }] },
  ];
  const turn = messagesProtocol.parseRequest({ model: "m", messages }, { keepsThoughts: true });
  assert.deepEqual(turn.losses, []);
  const { body, losses } = messagesProtocol.formatRequest(turn, { midSystem: "keep" });
  assert.deepEqual((body["messages"] as JsonObject[])[1], messages[1]);
  assert.deepEqual(losses, []);
});

test("T2: a maker's signature stands under its thinking, ours under what was thought before it, in one piece too", () => {
  const events: readonly TurnEvent[] = [
    { kind: "reasoning", text: "broken off" },
    { kind: "thought", token: undefined },
    { kind: "reasoning", text: "Hm." },
    { kind: "thought", token: "sig" },
    { kind: "thought", token: "hidden", hidden: true },
    { kind: "text", text: "x" },
    { kind: "end", finish: "stop" },
  ];
  const expected = [
    { type: "thinking", thinking: "broken off", signature: "cloister" },
    { type: "thinking", thinking: "Hm.", signature: "sig" },
    { type: "redacted_thinking", data: "hidden" },
    { type: "text", text: "x" },
  ];
  assert.deepEqual(messagesProtocol.writeWhole(request, events, context)["content"], expected);

  const writer = messagesProtocol.createWriter(request, context);
  const frames = framesOf(Buffer.concat(events.map((event) => writer.write(event))));
  assertLegal(frames);
  assert.deepEqual(
    frames.flatMap(({ delta }) => (delta !== undefined && "signature" in (delta as object) ? [delta] : [])),
    ["cloister", "sig"].map((signature) => ({ type: "signature_delta", signature })),
  );
});

test("T10: neither a signature nor hidden thinking closes a block before something follows", () => {
  const writer = messagesProtocol.createWriter(request, context);
  const write = (event: TurnEvent): string => writer.write(event).toString();
  const bytes =
    write({ kind: "reasoning", text: "Hm." }) +
    write({ kind: "thought", token: "sig" }) +
    write({ kind: "failed", code: "upstream-broken", message: "gone" });
  assert.ok(!bytes.includes("content_block_stop"));

  const hidden = messagesProtocol.createWriter(request, context);
  assert.ok(!hidden.write({ kind: "thought", token: "h", hidden: true }).includes("content_block_stop"));
});
