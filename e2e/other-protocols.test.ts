/** Our own agent at servers that speak Messages or Responses, from the command line to the bytes that they get. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import {
  messagesProtocol,
  responsesProtocol,
  type Protocol,
  type TurnEvent,
  type TurnRequest,
} from "@cloister/wire";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";

const asked: TurnRequest = {
  ...{ model: "big", stream: true, system: [], items: [], tools: [], sampling: {}, includeUsage: true },
  losses: [],
};
const key = ["lab", "key", "1234"].join("-");
const secret = ["AK", "IA", "Q3EGR5TY7UJ2LM4N"].join("");
const signature = Buffer.alloc(300, "signed").toString("base64");
const usage = { promptTokens: 2000, cachedTokens: 500, completionTokens: 10 };

type Turn = readonly TurnEvent[];

const reads = (path: string): Turn => [
  { kind: "reasoning", text: "Let me look." },
  { kind: "thought", token: signature },
  { kind: "text", text: "I look." },
  {
    kind: "call",
    call: { id: `toolu_${path[0]}`, name: "Read", arguments: JSON.stringify({ file_path: path }) },
  },
  { kind: "end", finish: "calls", usage },
];
/** As models do whose server does not know their dialect. */
const prints: Turn = [
  { kind: "text", text: '<tool_call>\n{"name":"Read","arguments":{"file_path":"b.txt"}}\n</tool_call>' },
  { kind: "end", finish: "stop", usage },
];
const done: Turn = [
  { kind: "text", text: "Done." },
  { kind: "end", finish: "stop", usage },
];

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly received: { readonly text: string; readonly headers: Readonly<Record<string, unknown>> }[];
  readonly lists: Readonly<Record<string, unknown>>[];
}

async function openServer(protocol: Protocol, turns: readonly Turn[]): Promise<Server> {
  const received: Server["received"] = [];
  const lists: Server["lists"] = [];
  const server = createServer((incoming, response) => {
    if (incoming.url === "/v1/models") {
      lists.push(incoming.headers);
      response.end(JSON.stringify({ data: [{ id: "big", type: "model", max_model_len: 32_000 }] }));
    } else if (incoming.url === `/v1${protocol.path}`) {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const events = turns[Math.min(received.length, turns.length - 1)] ?? [];
        received.push({ text: Buffer.concat(chunks).toString("utf8"), headers: incoming.headers });
        const id = `a${received.length}`;
        const writer = protocol.createWriter(asked, { id, model: "big", created: 1 });
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const event of [{ kind: "start", id, model: "big" } as const, ...events]) {
          response.write(writer.write(event));
        }
        response.end();
      });
    } else {
      response.writeHead(404).end("{}");
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    ...{ received, lists },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

for (const protocol of [messagesProtocol, responsesProtocol]) {
  test(`a task at a server of ${protocol.name}: calls run and are mended, secrets stay, reasoning goes back, the beginning is kept, also when the session goes on`, async () => {
    using place = createPlace({ "a.txt": `key = ${secret}\n`, "b.txt": "B\n" });
    await using server = await openServer(protocol, [reads("a.txt"), prints, done, done]);
    const endpoint = `${protocol.name}+${server.url}`;
    const environment = { CLOISTER_API_KEY: key };
    const first = await cloister(place, ["-p", "go", "--endpoint", endpoint, "--output-format", "json"], {
      environment,
    });
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /big at .*32000 tokens/);
    const result = JSON.parse(first.stdout) as JsonObject;
    assert.deepEqual(result["usage"], {
      ...{ input_tokens: 6000, cache_read_input_tokens: 1500, output_tokens: 30 },
    });
    const next = await cloister(place, ["-p", "and now?", "--continue", "--endpoint", endpoint], {
      environment,
    });
    assert.deepEqual([next.code, next.stdout], [0, "Done.\n"], next.stderr);

    const sent = server.received.map(({ text }) => text);
    assert.equal(sent.length, 4);
    for (const [at, text] of sent.entries()) {
      assert.ok(
        at === 0 || text.startsWith((sent[at - 1] ?? "").slice(0, -2)),
        `${at}\n${sent[at - 1]}\n${text}`,
      );
    }
    const last = sent.at(-1) ?? "";
    assert.ok(!last.includes(secret) && !last.includes("cloister1."), last);
    assert.equal(last.split(signature).length - 1, 1, last);
    if (protocol === messagesProtocol) {
      assert.ok(
        last.includes(JSON.stringify({ type: "thinking", thinking: "Let me look.", signature })),
        last,
      );
      assert.ok(server.received.every(({ headers }) => headers["anthropic-version"] === "2023-06-01"));
      assert.ok(
        [...server.received.map(({ headers }) => headers), ...server.lists].every(
          (h) => h["x-api-key"] === key,
        ),
      );
      assert.match(last, /"max_tokens":8000/);
    }
    const entries = await place.entries();
    const intents = entries.filter(({ t }) => t === "exposure.intent");
    assert.ok(intents.every(({ translated }) => translated === `chat to ${protocol.name}`));
    assert.ok(!JSON.stringify(entries).includes("CLOISTER_API_KEY"));
  });
}

test("a subagent's model in another protocol, named in the settings with its own key and its own price", async () => {
  using place = createPlace();
  await using lab = await openServer(messagesProtocol, [
    [
      { kind: "text", text: "REPORT OF LAB" },
      {
        kind: "end",
        finish: "stop",
        usage: { promptTokens: 100_000, cachedTokens: undefined, completionTokens: 0 },
      },
    ],
  ]);
  const task = { description: "look", prompt: "look", model: "lab/big" };
  const home = await rehearse([
    { calls: [{ name: "Task", arguments: task }] },
    { expect: { lastMessageContains: ["REPORT OF LAB"] }, text: "Done." },
  ]);
  const price = { prompt: 10, completion: 0 };
  settings(place, {
    price: { prompt: 0, completion: 0 },
    endpoints: { lab: { url: `messages+${lab.url}`, models: ["big"], keyVariable: "LAB_KEY", price } },
  });
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url, "--output-format", "json"], {
    environment: { LAB_KEY: key, CLOISTER_API_KEY: "home-key" },
  });
  await home.close();
  assert.deepEqual([result.code, home.failures], [0, []], result.stderr);
  assert.equal((JSON.parse(result.stdout) as JsonObject)["total_cost_usd"], 1);
  assert.ok(lab.received.every(({ headers }) => headers["x-api-key"] === key));
});

test("what a model without a price used is said, and not counted at another's", async () => {
  using place = createPlace();
  const task = { description: "look", prompt: "look", model: "lab/big" };
  const lab = await rehearse([{ text: "REPORT OF LAB" }], { model: "big" });
  const home = await rehearse([{ calls: [{ name: "Task", arguments: task }] }, { text: "Done." }]);
  settings(place, {
    price: { prompt: 0, completion: 0 },
    endpoints: { lab: { url: lab.url, models: ["big"] } },
  });
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url, "--output-format", "json"]);
  await Promise.all([home.close(), lab.close()]);
  const { total_cost_usd: cost, unpriced_tokens: unpriced } = JSON.parse(result.stdout) as JsonObject;
  assert.equal(cost, 0);
  assert.ok(typeof unpriced === "number" && unpriced > 0, result.stdout);
});

test("an endpoint that is down when a session begins: the next one answers, with its own key, and says so", async () => {
  using place = createPlace();
  await using lab = await openServer(messagesProtocol, [done]);
  settings(place, {
    endpoint: "http://127.0.0.1:9",
    fallbacks: ["gone", "lab"],
    endpoints: {
      gone: { url: "http://127.0.0.1:9/v2" },
      lab: { url: `messages+${lab.url}`, keyVariable: "LAB_KEY" },
    },
  });
  const environment = { LAB_KEY: key, CLOISTER_API_KEY: "home-key" };
  const result = await cloister(place, ["-p", "go"], { environment });
  assert.deepEqual([result.code, result.stdout], [0, "Done.\n"], result.stderr);
  assert.match(result.stderr, /gone does not answer either/);
  assert.match(result.stderr, /127\.0\.0\.1:9 does not answer \(.*\): lab answers now/);
  assert.ok(lab.received.every(({ headers }) => headers["x-api-key"] === key));
  const without = await cloister(place, ["-p", "go", "--fallback", ""], { environment });
  assert.notEqual(without.code, 0);
  assert.equal(lab.received.length, 1);
});

test("an endpoint that goes down in the middle of a task: the other one goes on with it, on record with the reason", async () => {
  using place = createPlace();
  const lab = await rehearse([{ text: "never" }, { text: "Done by the lab." }], { model: "big" });
  const call = { calls: [{ name: "Read", arguments: { file_path: "README.md" } }] };
  const home = await rehearse([call, { text: "never" }]);
  settings(place, {
    endpoints: { lab: { url: lab.url, models: ["big"], price: { prompt: 1, completion: 1 } } },
  });
  const how = ["--fallback-model", "lab/big", "--output-format", "stream-json", "--verbose"];
  let closing: Promise<void> | undefined;
  // Gone as soon as it has been asked once.
  const watching = setInterval(() => {
    if (home.requests.length > 0) closing ??= home.close();
  }, 1);
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url, ...how]);
  clearInterval(watching);
  await Promise.all([closing, lab.close()]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /Done by the lab\./);
  assert.match(bodies(lab)[0] ?? "", /A project\./);
  const intents = (await place.entries()).filter(({ t }) => t === "exposure.intent");
  const last = intents.at(-1);
  assert.ok(isRecord(last?.["fallback"]) && isRecord(last["endpoint"]), JSON.stringify(last));
  assert.equal(last["endpoint"]["id"], "lab");
});

test("a name that nobody knows is refused before anything is asked of a model", async () => {
  using place = createPlace();
  const home = await rehearse([{ text: "never" }]);
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url, "--fallback", "nobody"]);
  await home.close();
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /there is no "nobody" to fall back to/);
  assert.deepEqual(bodies(home), []);
  const wrong = await cloister(place, ["-p", "go", "--endpoint", "message+http://127.0.0.1:9"]);
  assert.match(wrong.stderr, /no protocol "message"/);
});

function settings(place: Place, value: JsonObject): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), JSON.stringify(value));
}
