import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { judgeChanged } from "../src/changed-call.ts";
import { createWorld, request } from "./world.ts";

const list = "[Cloister] MCP server db is there. Its tools are reached through UseTool.";

async function integrityAfter(message: JsonObject): Promise<string> {
  const world = await createWorld();
  try {
    await world.ask(request(message));
    return world.session.standing.classification.integrity;
  } finally {
    await world[Symbol.asyncDispose]();
  }
}

test("what an MCP server says is untrusted, by its source, whatever the tool is called", async () => {
  const answer = { role: "user", content: "words of a server", cloister: { source: "mcp", tool: "mcp__db" } };
  assert.equal(await integrityAfter(answer), "untrusted");
  const renamed = { ...answer, cloister: { source: "mcp", tool: "ReadMcpResource" } };
  assert.equal(await integrityAfter(renamed), "untrusted");
});

test("that a server is there is no answer of it, but a result that looks so is one", async () => {
  const cloister = { source: "mcp", tool: "mcp__db" };
  assert.equal(
    await integrityAfter({ role: "user", content: list, cloister: { source: "mcp" } }),
    "workspace",
  );
  const result = { role: "tool", tool_call_id: "c1", content: list, cloister };
  assert.equal(await integrityAfter(result), "untrusted");
});

test("what a hook asks of a server is untrusted from then on, for its words come as the hook's", async () => {
  const world = await createWorld();
  try {
    const { signal } = new AbortController();
    const call = { id: "hook", name: "mcp__rules__check", arguments: "{}" };
    assert.notEqual(world.session.standing.classification.integrity, "untrusted");
    assert.equal((await judgeChanged(world.session, call, signal)).kind, "pass");
    assert.equal(world.session.standing.classification.integrity, "untrusted");
  } finally {
    await world[Symbol.asyncDispose]();
  }
});
