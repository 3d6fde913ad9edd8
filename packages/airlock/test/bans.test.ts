/** A ban holds at every door, however its address is written and whatever the client calls itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock, type JsonObject } from "@cloister/base";
import { createHouse, policyOf, user } from "./policy-world.ts";

const july = Date.parse("2026-07-10T00:00:00Z");
const policy = policyOf({
  endpoints: { unlisted: "as-configured" },
  bans: [
    {
      client: "claude-*",
      versions: ">=2.1",
      from: "2026-07-10",
      message: "it marks its requests",
      instead: "cloister",
    },
  ],
});

function at(now: number): Parameters<typeof createHouse>[0] {
  return { policy, session: { clock: { ...systemClock, now: () => now } } };
}

const banned = { "user-agent": "claude-cli/2.1.196 (external, cli)" };
const body = {
  model: "m",
  max_tokens: 5,
  messages: [user("hi")],
  input: "hi",
  prompt: "hi",
};

const posts = [
  "/chat/completions",
  "/messages",
  "/responses",
  "/messages/count_tokens",
  "/embeddings",
  "/completions",
];
const gets = ["/models", "/models/cloud%2Fm"];
const spellings: readonly ((path: string) => string)[] = [
  (path) => `/v1${path}`,
  (path) => path,
  (path) => `/v1${path}/`,
  (path) => `//v1/${path}`,
  (path) => `/v1${path.replaceAll("/", "//")}//`,
  (path) => `/V1${path.replace(/[a-z]+/g, (word) => word.toUpperCase())}`,
  (path) => `/v1${path}?beta=true`,
  (path) => `${path}/?x=/v1/models`,
];

test("at every door, in every spelling, a banned client is refused with the same rule, and nothing leaves", async () => {
  await using world = await createHouse(at(july));
  const told = new Map<string, string>();
  for (const path of [...posts, ...gets]) {
    for (const spell of spellings) {
      const url = spell(path);
      const response = gets.includes(path)
        ? await world.get(url, banned)
        : await world.post(url, body, banned);
      const text = await response.text();
      assert.match(
        text,
        /claude-cli 2\.1\.196 is not allowed here since 2026-07-10: it marks its requests/,
        url,
      );
      assert.match(text, /bans\[0\]/, url);
      assert.match(text, /use cloister/, url);
      told.set(`${path} ${response.status}`, url);
    }
  }
  assert.equal(told.size, posts.length + gets.length, "one answer for each route");
  assert.equal(world.bytesTo("cloud") + world.bytesTo("home"), 0);
  const decisions = await world.recorded("decision", (posts.length + gets.length) * spellings.length);
  assert.equal(decisions.length, (posts.length + gets.length) * spellings.length);
  for (const { decision } of decisions) assert.equal((decision as JsonObject)["rule"], "bans[0]");
});

test("there is no further door: other versions, batches, files and other methods are nobody's route", async () => {
  await using world = await createHouse(at(july));
  for (const path of [
    "/v2/chat/completions",
    "/v1/batches",
    "/v1/files",
    "/v1/messages/batches",
    "/api/v1/messages",
    "/v1/v1/messages",
    "/openai/v1/chat/completions",
    "/v1/chat/completions/x",
    "/v1/chat%2Fcompletions",
    "/v1/./messages",
  ]) {
    const response = await world.post(path, body, banned);
    assert.ok([403, 404, 501].includes(response.status), `${path} ${response.status}`);
    await response.text();
  }
  assert.equal(world.bytesTo("cloud") + world.bytesTo("home"), 0);
});

test("every spelling of a route is the route, for those who may", async () => {
  await using world = await createHouse(at(july));
  for (const path of posts) {
    for (const spell of spellings) {
      const { prompt, ...rest } = body;
      const asked = path === "/completions" ? { model: "m", prompt } : rest;
      const response = await world.post(spell(path), asked, { "user-agent": "codex_cli_rs/0.169.0" });
      assert.equal(response.status, 200, spell(path));
      await response.text();
    }
  }
});

test("before its day it does not hold, nor for versions that it leaves out", async () => {
  await using before = await createHouse(at(july - 1));
  assert.equal((await before.post("/v1/messages", body, banned)).status, 200);
  await using world = await createHouse(at(july));
  const older = await world.post("/v1/messages", body, { "user-agent": "claude-cli/2.0.9 (x)" });
  assert.equal(older.status, 200);
});

test("a client that hides its name is known by the shape of its requests, and one that hides its version has any", async () => {
  const user_id = JSON.stringify({ device_id: "d", account_uuid: "", session_id: "s" });
  const disguises: readonly { headers?: Record<string, string>; more?: JsonObject }[] = [
    { more: { metadata: { user_id } } },
    { more: { metadata: { user_id: `user_${"0a".repeat(32)}_account__session_0b` } } },
    { more: { system: "You are Claude Code, Anthropic's official CLI for Claude." } },
    { more: { system: [{ type: "text", text: "x-anthropic-billing-header: cc_version=2.1.1" }] } },
    { headers: { "x-claude-code-session-id": "s" } },
    { headers: { "user-agent": "claude-cli" } },
  ];
  await using world = await createHouse(at(july));
  for (const { headers = {}, more = {} } of disguises) {
    const response = await world.post(
      "/v1/messages",
      { ...body, ...more },
      { "user-agent": "curl/8.0", ...headers },
    );
    assert.equal(response.status, 403, JSON.stringify([headers, more]));
    await response.text();
  }
  const system = { role: "system", content: "You are Claude Code, Anthropic's official CLI for Claude." };
  const chat = await world.post("/v1/chat/completions", { model: "m", messages: [system, user("hi")] });
  assert.equal(chat.status, 403);
  const [decision] = await world.recorded("decision");
  assert.deepEqual(decision?.["client"], { name: "claude-cli", version: "", evidence: "recognised" });
});
