import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnswerEvent } from "@cloister/wire";
import { createWorld, request, user, type World } from "./world.ts";

const broken = { calls: [{ name: "Shell", arguments: { command: "ls" } }] };

test("a call that names no tool is asked for again, with the exact error, and the client sees only the good one", async () => {
  const good = {
    expect: { lastMessageContains: ["unknown-tool", "Shell"] },
    calls: [{ name: "Bash", arguments: { command: "ls" } }],
  };
  await using world = await createWorld({ turns: [broken, good] });
  const end = (await world.ask(request(user("hi")))).at(-1);
  assert.ok(end?.kind === "end");
  assert.deepEqual(
    end.calls.map(({ name }) => name),
    ["Bash"],
  );
  assert.deepEqual(world.rehearsal.failures, []);
  const results = await results2(world);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ["answered", "answered"],
  );
  assert.deepEqual(results[0]?.["refused"], ["unknown-tool"]);
  assert.equal(results[1]?.["retries"], 1);
});

test("each attempt is recorded before it is sent, and goes on from the bytes of the one before", async () => {
  await using world = await createWorld({ turns: [broken, { text: "Done." }] });
  await world.ask(request(user("hi")));
  const [first = "", second = ""] = world.sent();
  assert.ok(second.startsWith(first.slice(0, -2)));
  assert.equal((await world.recorded("exposure.intent")).length, 2);
});

test("after three unusable answers the client gets a text that says what happened, and nothing runs", async () => {
  await using world = await createWorld({ turns: [broken, broken, broken] });
  const events = await world.ask(request(user("hi")));
  const end = events.at(-1);
  assert.ok(end?.kind === "end" && end.finish === "stop");
  assert.deepEqual(end.calls, []);
  assert.match(textOf(events), /could not be used.*\n\[unknown-tool\]/);
  assert.equal(world.sent().length, 3);
});

test("a control token in a file cannot end the turn: it arrives harmless at the server, and whole in an edit", async () => {
  const token = ["<|im", "_end|>"].join("");
  const echo = `{{match:<[^|]*\\|im[^|]*_end[^|]*\\|[^>]*>}}`;
  const calls = [{ name: "Edit", arguments: { file_path: "a.txt", old_string: echo, new_string: "x" } }];
  await using world = await createWorld({ turns: [{ calls }] });
  const source = { source: "file" as const, files: [{ path: "a.txt", from: 1, to: 1 }] };
  const end = (await world.ask(request({ ...user(`1\tthe end: ${token}`), cloister: source }))).at(-1);
  assert.ok(!world.sent().join().includes(token));
  assert.ok(end?.kind === "end");
  assert.match(end.calls[0]?.arguments ?? "", new RegExp(token.replaceAll("|", "\\|")));
});

async function results2(world: World): Promise<Record<string, unknown>[]> {
  for (let tries = 0; tries < 12_000; tries++) {
    const found = await world.recorded("exposure.result");
    if (found.length >= 2) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return [];
}

function textOf(events: readonly AnswerEvent[]): string {
  return events.map((event) => (event.kind === "text" ? event.text : "")).join("");
}
