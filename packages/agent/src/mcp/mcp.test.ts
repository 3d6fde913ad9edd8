import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock, type Json, type JsonObject } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { contentOf } from "../history.ts";
import type { ToolResult, ToolWorld } from "../tools/tool.ts";
import { bounded, resultText } from "./content.ts";
import { answerElicitation } from "./elicitation.ts";
import { answering, createFakeServer, type FakeServer } from "./fake-server.ts";
import { serverPart, textOf, toolName } from "./names.ts";
import { cleanSchema } from "./schema.ts";
import { openMcpServers, type McpServers } from "./servers.ts";

const never = new AbortController().signal;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function open(fakes: Readonly<Record<string, () => FakeServer>>, more: object = {}): McpServers {
  return openMcpServers(
    Object.keys(fakes).map((name) => Object.assign({ name }, more)),
    {
      workspace: "/w",
      clock: systemClock,
      status: () => {
        /* for the screen */
      },
      startServer: (name) => {
        const fake = fakes[name]?.();
        return fake === undefined ? Promise.reject(new Error("unknown")) : Promise.resolve(fake.link);
      },
    },
  );
}

const world = {} as ToolWorld;
const run = async (servers: McpServers, name: string, args: JsonObject): Promise<ToolResult | undefined> =>
  await servers
    .tools()
    .find((tool) => tool.name === name)
    ?.run(args, world, never);

test("a server's name cannot reach into the tools of another", () => {
  assert.equal(serverPart("db__x"), "db_x");
  assert.equal(serverPart("__db__"), "db");
  assert.equal(toolName("db_", "_x"), "mcp__db___x");
  assert.equal(toolName("数据", "查询"), "mcp__server____");
  const long = [1, 2].map((n) => toolName("db", `${"x".repeat(80)}${n}`));
  assert.ok(long.every((name) => name.length <= 64) && long[0] !== long[1]);
});

test("a schema is made small, and what is too large even so is left out", () => {
  const schema = cleanSchema({
    $schema: "s",
    properties: { title: { type: "string", description: `a\u200b${"b".repeat(400)}`, examples: ["x"] } },
    required: ["title"],
  });
  assert.deepEqual(Object.keys(schema ?? {}), ["properties", "required", "type"]);
  const { title } = (schema ?? {})["properties"] as unknown as { title: { description: string } };
  assert.match(title.description, /^a\\u\{200b\}b+…$/);
  assert.equal(title.description.length < 320, true);
  const many = Object.fromEntries(
    Array.from({ length: 2000 }, (_, n) => [`field_number_${n}`, { type: "string" }]),
  );
  assert.equal(cleanSchema({ properties: many }), undefined);
  assert.deepEqual(cleanSchema("nonsense"), { type: "object", properties: {} });
});

test("an answer is cut in its middle, in any script, and what is no text is named", () => {
  assert.ok(bounded("a".repeat(1_000_000)).length < 110_000);
  assert.ok(bounded("字".repeat(1_000_000)).length < 30_000);
  assert.match(bounded("word ".repeat(12_000)), /^\[cloister: a long answer, about 15,000 tokens; ask/);
  assert.equal(bounded("a\u202eb"), "a\\u{202e}b");
  const content: Json = [
    { type: "image", data: "AAAA", mimeType: "image/png" },
    { type: "text", text: "t" },
    7,
  ];
  assert.equal(resultText({ content }), "[image image/png, 3 B: not shown]\nt");
  assert.equal(resultText({ content: [], structuredContent: { a: 1 } }), '{"a":1}');
});

test("what a server asks is a question with its choices, and only a fitting answer is accepted", async () => {
  const params: JsonObject = {
    message: "Who?",
    requestedSchema: {
      properties: {
        sure: { type: "boolean" },
        age: { type: "integer" },
        day: { type: "string", enum: ["mon", "tue"] },
        some: { type: "array", items: { enum: ["a", "b"] } },
      },
      required: ["age"],
    },
  };
  const say = (...texts: string[]) =>
    answerElicitation(params, () => Promise.resolve({ kind: "chosen", texts }), never);
  assert.deepEqual(await say("yes", "7", "tue", "a, b"), {
    action: "accept",
    content: { sure: true, age: 7, day: "tue", some: ["a", "b"] },
  });
  assert.deepEqual(await say("", "seven", "", ""), { action: "decline" });
  assert.deepEqual(await answerElicitation(params, undefined, never), { action: "decline" });
  const other = { ...params, mode: "url" };
  assert.deepEqual(await answerElicitation(other, () => assert.fail("not asked"), never), {
    action: "decline",
  });
});

const echo = {
  name: "echo",
  description: "Says it\n again.",
  inputSchema: { properties: { a: { type: "number" } }, required: ["a"] },
};

test("a tool is called with arguments that fit its schema, and its failure is an answer", async () => {
  const servers = open({
    s: () => createFakeServer(answering([echo, { name: "echo" }, { nameless: true }])),
  });
  await servers.ready(never);
  assert.deepEqual(
    servers.tools().map(({ name }) => name),
    ["mcp__s__echo"],
  );
  assert.equal((await run(servers, "mcp__s__echo", { a: 1, b: null }))?.text, '{"a":1}');
  assert.match((await run(servers, "mcp__s__echo", { a: "x" }))?.text ?? "", /arguments a must be of type/);
  servers.close();
  assert.match(
    (await run(servers, "mcp__s__echo", { a: 1 }))?.text ?? "",
    /failed: the MCP server "s" is not there/,
  );
});

test("the model is told of a server once, again when its list changes, and again after a compaction", async () => {
  let tools: Json[] = [echo];
  const fake = createFakeServer((method, params) => answering(tools)(method, params));
  const servers = open({ s: () => fake, s2: () => createFakeServer(answering([])) });
  await servers.ready(never);
  const items: ChatMessage[] = [...servers.news([])];
  assert.equal(items.length, 2);
  assert.match(
    contentOf(items[0]),
    /^\[Cloister\] MCP server s is there[^]*- mcp__s__echo: Says it again\.$/,
  );
  assert.deepEqual(servers.news(items), []);
  tools = [echo, { name: "more" }];
  fake.say({ method: "notifications/tools/list_changed" });
  for (let n = 0; n < 20; n++) await settle();
  items.push(...servers.news(items));
  assert.equal(items.length, 3);
  assert.match(contentOf(items[2]), /^\[Cloister\] MCP server s \(as of now\) is there[^]*mcp__s__more$/);
  assert.deepEqual(servers.news(items), []);
  assert.equal(servers.news([]).length, 2, "a compacted conversation knows nothing of it");
  servers.close();
});

test("a server that dies is started once more, and a second death is told", async () => {
  const started: FakeServer[] = [];
  const servers = open({
    s: () => {
      const fake = createFakeServer(answering([echo]));
      started.push(fake);
      return fake;
    },
  });
  await servers.ready(never);
  started[0]?.die(1);
  for (let n = 0; n < 20; n++) await settle();
  assert.equal((await run(servers, "mcp__s__echo", { a: 1 }))?.ok, true);
  started[1]?.die(2);
  for (let n = 0; n < 20; n++) await settle();
  assert.equal(started.length, 2);
  assert.match(contentOf(servers.news([])[0]), /s is not there: it ended with exit code 2, also after/);
  servers.close();
});

test("a server of another version, and one that does not start, are told and not waited for", async () => {
  const strange = answering([], () => undefined);
  const servers = open({
    old: () =>
      createFakeServer((method, params) =>
        method === "initialize" ? { protocolVersion: "1999" } : strange(method, params),
      ),
    none: () => assert.fail("it is not there"),
  });
  await servers.ready(never);
  const texts = servers.news([]).map(contentOf);
  assert.match(texts[0] ?? "", /old is not there: the server speaks version "1999"/);
  assert.match(texts[1] ?? "", /none is not there/);
});

test("only wanted tools are there, and a mention or a prompt of a person is attached with its source", async () => {
  const answer = (method: string, params: JsonObject): JsonObject | undefined => {
    switch (method) {
      case "initialize":
        return { protocolVersion: "2025-11-25", capabilities: { tools: {}, resources: {}, prompts: {} } };
      case "tools/list":
        return { tools: [echo, { name: "danger" }] };
      case "resources/list":
        return { resources: [{ uri: "x://a", name: "A" }] };
      case "prompts/list":
        return { prompts: [{ name: "greet", arguments: [{ name: "who" }, { name: "how" }] }] };
      case "resources/read":
        return { contents: [{ uri: textOf(params["uri"]), text: `read ${textOf(params["uri"])}` }] };
      case "prompts/get":
        return {
          messages: [{ role: "user", content: { type: "text", text: JSON.stringify(params["arguments"]) } }],
        };
      default:
        return {};
    }
  };
  const servers = open({ s: () => createFakeServer(answer) }, { excludeTools: ["danger"] });
  await servers.ready(never);
  assert.deepEqual(
    servers.tools().map(({ name }) => name),
    ["mcp__s__echo", "ListMcpResources", "ReadMcpResource"],
  );
  const [mentioned] = await servers.attach("see @s:x://a, and mail me@s:x", never);
  assert.match(contentOf(mentioned), /resource x:\/\/a of the MCP server s:\nread x:\/\/a$/);
  assert.deepEqual(mentioned?.cloister, { source: "mcp", tool: "mcp__s" });
  const [prompt] = await servers.attach('/mcp__s__greet "Ann Lee" very kindly', never);
  assert.match(contentOf(prompt), /\{"who":"Ann Lee","how":"very kindly"\}/);
  assert.deepEqual(await servers.attach("/mcp__s__unknown @t:x", never), []);
  servers.close();
});

test("each change of a server's state is told: it starts, is ready with its tools, dies for good, starts anew", async () => {
  const started: FakeServer[] = [];
  const told: string[] = [];
  let offered: JsonObject[] = [echo];
  const servers = openMcpServers([{ name: "s" }], {
    ...{ workspace: "/w", clock: systemClock, status: () => {} },
    onState: ({ state, tools, why }) => told.push([state, tools, why ?? ""].join(" ").trim()),
    startServer: () => {
      const fake = createFakeServer((method, params) => answering(offered)(method, params));
      started.push(fake);
      return Promise.resolve(fake.link);
    },
  });
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 30; n++) await settle();
  };
  assert.deepEqual(
    servers.states().map(({ state }) => state),
    ["idle"],
  );
  await servers.ready(never);
  offered = [echo, { name: "more" }];
  started[0]?.say({ method: "notifications/tools/list_changed" });
  await settled();
  started[0]?.die(1);
  await settled();
  started[1]?.die(2);
  await settled();
  assert.deepEqual(told.slice(0, 5), ["starting 0", "ready 1", "ready 2", "starting 0", "ready 2"]);
  assert.match(told[5] ?? "", /^failed 0 .*exit code 2.*started again/);
  servers.restart("unknown");
  servers.restart("s");
  servers.restart("s");
  await settled();
  assert.deepEqual(told.slice(6), ["starting 0", "ready 2"], "what starts is not started twice");
  servers.restart("s");
  await settled();
  assert.equal(started.length, 4);
  assert.equal(started[2]?.isKilled, true);
  assert.equal(servers.states()[0]?.state, "ready");
  assert.equal((await run(servers, "mcp__s__echo", { a: 1 }))?.ok, true);
  servers.close();
});

test("a server that wants to know who asks is told apart from one that is broken", async () => {
  const servers = openMcpServers([{ name: "wiki" }], {
    ...{ workspace: "/w", clock: systemClock, status: () => {} },
    startServer: () =>
      Promise.reject(new Error("https://x wants to know who asks (401) Next: cloister mcp login NAME.")),
  });
  await servers.ready(never);
  assert.equal(servers.states()[0]?.state, "login");
});
