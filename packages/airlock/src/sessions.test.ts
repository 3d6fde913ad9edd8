import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import type { Entry, Ledger } from "@cloister/ledger";
import { chatProtocol, messagesProtocol, type Protocol } from "@cloister/wire";
import { createSessions, type Sessions } from "./sessions.ts";
import type { Endpoint } from "./endpoint.ts";
import type { AirlockSession } from "./session.ts";

const sealed = "AK" + "IA" + "Q3EGRIXMPLU7V2WZ";

test("a request that goes on from the last one is the same conversation; items stand last or not", () => {
  for (const rest of [{}, { stream: true }]) {
    const { ask } = open();
    const one = ask({ model: "m", messages: [user("a")], ...rest });
    const two = ask({ model: "m", messages: [user("a"), said("b"), user("c")], ...rest });
    const three = ask({
      model: "m",
      messages: [user("a"), said("b"), user("c"), said("d"), user("e")],
      ...rest,
    });
    assert.equal(two, one);
    assert.equal(three, one);
  }
});

test("two conversations that begin with the same words do not share a session", () => {
  const { ask } = open();
  const body = { model: "m", messages: [user("hello")] };
  const [one, two] = [ask(body), ask(body)];
  assert.notEqual(one, two);
  // One of them goes on; the other one then goes on as itself.
  const more = ask({ model: "m", messages: [user("hello"), said("x"), user("1")] });
  const other = ask({ model: "m", messages: [user("hello"), said("x"), user("2")] });
  assert.deepEqual(new Set([more, other]), new Set([one, two]));
});

test("of two that were the same so far, the one goes on whose placeholders are spoken of", () => {
  for (const rest of [{}, { stream: true }]) {
    const { ask } = open();
    const body = { model: "m", messages: [user("hello")], ...rest };
    const [one, two] = [ask(body), ask(body)];
    one.seals.seal(sealed);
    const { text } = two.seals.seal(sealed);
    const more = { model: "m", messages: [user("hello"), said(`I see ${text}`), user("1")], ...rest };
    assert.equal(ask(more), two);
  }
});

test("the same request once more is a retry only if the client says so", () => {
  const { ask } = open();
  const body = { model: "m", messages: [user("hello")] };
  const one = ask(body);
  assert.equal(ask(body, { "x-stainless-retry-count": "1" }), one);
  assert.notEqual(ask(body, { "x-stainless-retry-count": "0" }), one);
});

test("more tools, another history or another head are another conversation", () => {
  const tools = [{ type: "function", function: { name: "a" } }];
  const { ask } = open();
  const one = ask({ messages: [user("a")], model: "m", tools });
  assert.notEqual(ask({ messages: [user("a")], model: "m", tools: [...tools, ...tools] }), one);
  assert.notEqual(ask({ messages: [user("b"), said("b"), user("c")], model: "m", tools }), one);
  const { ask: messages } = open(messagesProtocol);
  const first = messages({ model: "m", system: "one", messages: [user("a")] });
  assert.notEqual(
    messages({ model: "m", system: "two", messages: [user("a"), said("b"), user("c")] }),
    first,
  );
});

test("cache marks that move and dates that change do not hide a conversation", () => {
  const { ask } = open(messagesProtocol);
  const marked = (text: string): JsonObject => ({
    role: "user",
    content: [{ type: "text", text, cache_control: { type: "ephemeral" } }],
  });
  const plain = (text: string): JsonObject => ({ role: "user", content: [{ type: "text", text }] });
  const one = ask({ model: "m", system: "Today's date: 2026-11-21", messages: [marked("a")], max_tokens: 9 });
  const two = ask({
    model: "m",
    system: "Today's date: 2026-11-22",
    messages: [plain("a"), said("b"), marked("c")],
    max_tokens: 9,
  });
  assert.equal(two, one);
});

test("a name that the client gives is what a conversation is known by, whatever is in it", () => {
  const names: [object, JsonObject, Protocol][] = [
    [{ "x-claude-code-session-id": "1" }, {}, messagesProtocol],
    [{ "session-id": "1" }, {}, chatProtocol],
    [{ session_id: "1" }, {}, chatProtocol],
    [{ "x-session-id": "1" }, {}, chatProtocol],
    [{ "x-session-affinity": "1" }, {}, chatProtocol],
    [{}, { prompt_cache_key: "1" }, chatProtocol],
    [{}, { metadata: { user_id: JSON.stringify({ device_id: "d", session_id: "1" }) } }, messagesProtocol],
    [{}, { metadata: { user_id: "user_ab_account__session_0123-4567" } }, messagesProtocol],
  ];
  for (const [headers, fields, door] of names) {
    const { ask } = open(door);
    const one = ask({ model: "m", messages: [user("a")], ...fields }, headers);
    assert.equal(ask({ model: "m", messages: [user("compacted")], ...fields }, headers), one);
    assert.notEqual(ask({ model: "m", messages: [user("a")] }), one);
  }
  const { ask } = open(messagesProtocol);
  const body = { model: "m", messages: [user("a")] };
  const main = ask(body, { "x-claude-code-session-id": "1" });
  assert.notEqual(ask(body, { "x-claude-code-session-id": "1", "x-claude-code-agent-id": "2" }), main);
  assert.notEqual(ask(body, { "x-claude-code-session-id": "2" }), main);
});

test("nobody goes on with the conversation of another client, endpoint or name", () => {
  const { sessions, asking } = open();
  const body = { model: "m", messages: [user("a")] };
  const more = { model: "m", messages: [user("a"), said("b"), user("c")] };
  const one = sessions.find(asking(body));
  const client = { name: "other", version: "1", evidence: "claimed" } as const;
  assert.notEqual(sessions.find({ ...asking(more), client }), one);
  assert.notEqual(sessions.find({ ...asking(more), endpoint: { ...endpoint, id: "cloud" } }), one);
  assert.equal(sessions.known(asking(more)), one);
});

test("a session is on record before anything is shown in it, and its end when it goes", async () => {
  const { sessions, asking, entries } = open();
  const last = 256;
  for (let index = 0; index <= last; index++) {
    sessions.find(asking({ model: "m", messages: [user(`${index}`)] }));
  }
  sessions.aside(asking({}), "/embeddings");
  assert.equal(sessions.aside(asking({}), "/embeddings"), sessions.aside(asking({}), "/embeddings"));
  await sessions.close();
  const [start] = entries;
  assert.deepEqual(start, {
    type: "session.start",
    fields: {
      session: start?.fields["session"],
      client: { name: "test", version: "1", evidence: "claimed" },
      endpoint: "home",
      door: "chat",
      label: "internal",
    },
  });
  const ends = entries.filter(({ type }) => type === "session.end").map(({ fields }) => fields["outcome"]);
  assert.equal(ends.filter((outcome) => outcome === "evicted").length, 2);
  assert.equal(ends.filter((outcome) => outcome === "closed").length, 256);
});

const endpoint: Endpoint = {
  id: "home",
  url: "http://127.0.0.1:1",
  protocol: chatProtocol,
  clearance: "core",
  operator: "this machine",
  backend: {} as Backend,
};

interface Opened {
  readonly sessions: Sessions;
  readonly entries: Entry[];
  readonly asking: (body: JsonObject, headers?: object) => Parameters<Sessions["find"]>[0];
  readonly ask: (body: JsonObject, headers?: object) => AirlockSession;
}

function open(door: Protocol = chatProtocol): Opened {
  const entries: Entry[] = [];
  const append = async (entry: Entry): Promise<{ index: number }> => ({ index: entries.push(entry) });
  const sessions = createSessions({
    workspaceLabel: "internal",
    workspace: undefined,
    ledger: { append } as unknown as Ledger,
    clock: systemClock,
    onTrouble: (trouble) => assert.fail(String(trouble)),
  });
  const client = { name: "test", version: "1", evidence: "claimed" } as const;
  const asking: Opened["asking"] = (body, headers = {}) => {
    const bytes = Buffer.from(JSON.stringify(body));
    return { client, endpoint, door, headers: headers as never, body: bytes, request: () => body };
  };
  return { sessions, entries, asking, ask: (body, headers) => sessions.find(asking(body, headers)) };
}

function user(content: string): JsonObject {
  return { role: "user", content };
}

function said(content: string): JsonObject {
  return { role: "assistant", content };
}
