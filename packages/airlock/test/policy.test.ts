/** What the policy decides about requests, over HTTP on both sides: labels, other ways, refusals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { chat, createHouse, house, indexOf, user } from "./policy-world.ts";
import { lines, messages, pasted, ways } from "./policy-ways.ts";
import { createWorld, request, user as said } from "./world.ts";

for (const [name, requests] of Object.entries(ways)) {
  for (const withHome of [true, false]) {
    const where = withHome ? "while the cleared model is down" : "without a cleared model";
    test(`${name}: not one byte of restricted code goes to the cloud ${where}`, async () => {
      await using world = await createHouse({ homeIsDown: true, withHome });
      for (const { path, body, headers } of requests) {
        const response = await world.post(path, body, headers);
        const text = await response.text();
        if (path.endsWith("count_tokens")) assert.equal(response.headers.get("x-cloister-estimate"), "1");
        // Responses has its own status for it, at which its clients do not try again.
        else assert.ok(/permission|cannot connect/.test(text), `${response.status} ${text}`);
      }
      assert.equal(world.bytesTo("cloud"), 0);
      const exposed = (await world.entries("exposure.intent")).map((entry) => endpointOf(entry));
      assert.ok(!exposed.includes("cloud"));
    });
  }
}

test("the same requests without the code do reach the cloud: the bytes are counted", async () => {
  await using world = await createHouse({ homeIsDown: true });
  for (const path of ["/v1/chat/completions", "/v1/embeddings", "/v1/completions"]) {
    const before = world.bytesTo("cloud");
    await world.post(path, { ...chat(user("hi")), input: "a", prompt: "a" });
    assert.ok(world.bytesTo("cloud") > before, path);
  }
});

test("what a program may not send is refused with rule, line, why and next, in its protocol's words, and on record", async () => {
  await using world = await createHouse({ withHome: false });
  for (const path of ["/v1/chat/completions", "/v1/messages", "/v1/responses"]) {
    const body = path.endsWith("responses") ? { model: "m", input: pasted } : chat(user(pasted));
    const response = await world.post(path, { max_tokens: 5, ...body });
    assert.equal(response.status, path.endsWith("responses") ? 400 : 403);
    const answer = (await response.json()) as { error: JsonObject };
    assert.match(JSON.stringify(answer), /the request is restricted; cloud is cleared for internal only/);
    assert.match(JSON.stringify(answer), /endpoints\.unlisted/);
    assert.match(JSON.stringify(answer), /use an endpoint that is cleared/);
  }
  const [change] = await world.recorded("label.change", 3);
  assert.deepEqual([change?.["from"], change?.["label"]], ["internal", "restricted"]);
  const [cause] = listOf(change?.["causes"]);
  assert.deepEqual(
    [cause?.["kind"], cause?.["index"], cause?.["rule"]],
    ["fingerprint", "chip", "labels.fingerprints[0]"],
  );
  assert.equal(listOf(change?.["parts"]).length, 1);
  const [decision] = await world.recorded("decision", 3);
  assert.deepEqual(decision?.["decision"], { kind: "refuse", rule: "endpoints.unlisted" });
  assert.deepEqual(decision?.["policy"], { name: "house", sha256: "ab".repeat(32) });
});

test("a pasted copy goes to the model that may see it instead; the client is told, and all that follows goes there too", async () => {
  await using world = await createHouse();
  const first = [user("hello")];
  const plain = await world.post("/v1/chat/completions", chat(...first));
  assert.equal(plain.headers.get("x-cloister-endpoint"), null);
  const second = [...first, answerOf(await plain.json()), user(pasted)];
  const rerouted = await world.post("/v1/chat/completions", chat(...second));
  assert.equal(rerouted.status, 200);
  assert.equal(rerouted.headers.get("x-cloister-endpoint"), "home");
  const body = (await rerouted.json()) as { cloister: { rerouted: JsonObject } };
  assert.equal(body.cloister.rerouted["to"], "home");
  assert.equal(body.cloister.rerouted["rule"], "endpoints.unlisted");
  assert.match(JSON.stringify(body.cloister.rerouted), /cloud is cleared for internal only/);
  const bytes = world.bytesTo("cloud");
  const third = [...second, answerOf(body), user("thanks")];
  assert.equal(
    (await world.post("/v1/chat/completions", chat(...third))).headers.get("x-cloister-endpoint"),
    "home",
  );
  assert.equal(world.bytesTo("cloud"), bytes);
  assert.equal(listOf(world.received.at(-1)?.body["messages"]).length, 5);

  const intents = await world.recorded("exposure.intent", 3);
  assert.deepEqual(intents.map(endpointOf), ["cloud", "home", "home"]);
  assert.deepEqual(
    intents.map((entry) => entry["label"]),
    ["internal", "restricted", "restricted"],
  );
  // What the cloud was shown is new to the other; of the third only the end is.
  assert.deepEqual(
    intents.map((entry) => [entry["known"], listOf(entry["parts"]).length]),
    [
      [0, 2],
      [0, 4],
      [0, 2],
    ],
  );
  assert.deepEqual(intents[1]?.["rerouted"], { from: "cloud", rule: "endpoints.unlisted" });
  const [decision] = await world.recorded("decision");
  assert.deepEqual(decision?.["decision"], { kind: "reroute", rule: "endpoints.unlisted", to: "home" });
  assert.equal((await world.entries("decision")).length, 1);
});

test("a request made for one protocol is made anew for the other way's", async () => {
  await using world = await createHouse({ cloudMessages: true });
  const response = await world.post("/v1/messages", {
    ...messages,
    system: "Be brief.",
    messages: [user(pasted)],
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("x-cloister-endpoint"), "home");
  const answer = (await response.json()) as { content: JsonObject[]; cloister: JsonObject };
  assert.equal(answer.content[0]?.["text"], "home");
  assert.ok(isRecord(answer.cloister["rerouted"]));
  const [sent] = world.received;
  assert.equal(sent?.path, "/v1/chat/completions");
  assert.deepEqual(
    listOf(sent.body["messages"]).map(({ role }) => role),
    ["system", "user"],
  );
  assert.equal(world.bytesTo("cloud"), 0);
});

test("token ids, which nobody but the model can read, count as what they may be", async () => {
  await using world = await createHouse({ withHome: false });
  for (const [path, body] of [
    ["/v1/embeddings", { model: "m", input: [[1, 2], [3]] }],
    ["/v1/completions", { model: "m", prompt: [1, 2, 3] }],
  ] as const) {
    const response = await world.post(path, body);
    assert.equal(response.status, 403, path);
    await response.text();
  }
  assert.equal(world.bytesTo("cloud"), 0);
  const [change] = await world.recorded("label.change", 2);
  assert.equal(listOf(change?.["causes"])[0]?.["kind"], "unreadable");
});

test("embeddings go elsewhere only for the same model", async () => {
  await using world = await createHouse();
  const same = await world.post("/v1/embeddings", { model: "m", input: pasted });
  assert.deepEqual([same.status, same.headers.get("x-cloister-endpoint")], [200, "home"]);
  await same.text();
  const other = await world.post("/v1/embeddings", { model: "small", input: pasted });
  assert.equal(other.status, 403);
  const harmless = await world.post("/v1/embeddings", { model: "small", input: "a" });
  assert.equal(harmless.status, 200, "what one request held says nothing about the next");
});

test("a file that a rule on paths names is known by the call that reads it, wherever the workspace lies", async () => {
  for (const call of [
    { name: "Read", arguments: '{"file_path":"/home/u/p/restricted/pay.ts"}' },
    { name: "Bash", arguments: '{"command":"cd src && cat restricted/pay.ts | head"}' },
    { name: "shell", arguments: '{"command":["bash","-lc","cat ./restricted/*"]}' },
    { name: "grep", arguments: '{"pattern":"x","path":"a/restricted"}' },
  ]) {
    await using world = await createHouse({ withHome: false });
    const asking = (name: string, args: string): JsonObject =>
      chat(
        user("look"),
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c", type: "function", function: { name, arguments: args } }],
        },
        { role: "tool", tool_call_id: "c", content: "pay()" },
      );
    const harmless = await world.post("/v1/chat/completions", asking("Read", '{"file_path":"src/a.ts"}'));
    assert.equal(harmless.status, 200);
    await harmless.text();
    const response = await world.post("/v1/chat/completions", asking(call.name, call.arguments));
    assert.equal(response.status, 403, call.arguments);
    const [change] = await world.recorded("label.change");
    assert.equal(listOf(change?.["causes"])[0]?.["rule"], "labels.paths[0]");
  }
});

test("what a person released exactly loses what it contributed, and nothing else does", async () => {
  const released = lines.slice(0, 45).join("\n");
  await using world = await createHouse({ withHome: false, session: { declassified: [released] } });
  const free = await world.post("/v1/chat/completions", chat(user(`See:\n${released}\nand say.`)));
  assert.equal(free.status, 200, await free.text());
  const altered = await world.post(
    "/v1/chat/completions",
    chat(user(`Now:\n${released.replace("latch", "Latch")}`)),
  );
  assert.equal(altered.status, 403);
  const beside = await world.post(
    "/v1/chat/completions",
    chat(user(`${released}\n${lines.slice(20).join("\n")}`)),
  );
  assert.equal(beside.status, 403, "the rest of it is still known");
});

test("a person's own code, and one line of the confidential, are nobody's copy", async () => {
  await using world = await createHouse({ withHome: false });
  const response = await world.post("/v1/chat/completions", chat(user(`${lines[3]}\nconst a = 1;`)));
  assert.equal(response.status, 200);
  assert.deepEqual(await world.entries("label.change"), []);
});

test("at the agent's own door: what it reads below a restricted path is refused from then on, retries and warm-ups too", async () => {
  await using world = await createWorld({
    clearance: "internal",
    policy: house,
    indexes: [indexOf()],
  });
  assert.equal((await world.ask(request(said("hi")))).at(-1)?.kind, "end");
  const sent = world.sent().length;
  const read = {
    role: "tool",
    tool_call_id: "c",
    content: "1\tpay()",
    cloister: { source: "file", tool: "Read", files: [{ path: "a/restricted/pay.ts", from: 1, to: 1 }] },
  };
  const asked = { role: "assistant", content: null, tool_calls: [] };
  const [refused] = await world.ask(request(said("hi"), asked, read));
  assert.ok(refused?.kind === "failed");
  assert.match(refused.message, /restricted.*home is cleared for internal only/);
  const [summary] = await world.ask(request(said("A summary of another shape")));
  assert.equal(summary?.kind, "failed", "compacted, it is still what it was");
  assert.equal(world.sent().length, sent);
  const [change] = await world.recorded("label.change");
  assert.equal(listOf(change?.["causes"])[0]?.["rule"], "labels.paths[0]");
});

test("what was read of third parties or the network is less trusted from then on", async () => {
  await using world = await createHouse();
  const asking = (name: string, args: string): JsonObject =>
    chat(
      user("look"),
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c", type: "function", function: { name, arguments: args } }],
      },
      { role: "tool", tool_call_id: "c", content: "text" },
    );
  for (const [name, args, integrity] of [
    ["Read", '{"file_path":"node_modules/x/index.js"}', "third-party"],
    ["WebFetch", '{"url":"https://docs.example"}', "untrusted"],
    ["mcp__tracker__get", "{}", "untrusted"],
    ["Bash", '{"command":"curl https://docs.example"}', "untrusted"],
    ["Read", '{"file_path":"src/a.ts"}', undefined],
  ] as const) {
    const before = (await world.entries("label.change")).length;
    await (await world.post("/v1/chat/completions", asking(name, args))).text();
    const changes = integrity === undefined ? [] : await world.recorded("label.change", before + 1);
    assert.equal(changes[before]?.["integrity"], integrity, name);
  }
});

function endpointOf({ endpoint }: JsonObject): unknown {
  return isRecord(endpoint) ? endpoint["id"] : undefined;
}

function answerOf(answer: unknown): JsonObject {
  const { choices } = answer as { choices: { message: JsonObject }[] };
  return choices[0]?.message ?? {};
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
