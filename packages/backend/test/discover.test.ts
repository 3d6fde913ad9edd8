import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { systemClock } from "@cloister/base";
import { discover } from "../src/index.ts";
import type { KnownPort, ServerKind } from "../src/index.ts";
import { listenHttp, listenTable, unusedPort } from "./loopback.ts";
import { createSlowClock, type SlowClock } from "./slow-clock.ts";
import type { Listening } from "./loopback.ts";

const list = (data: unknown): Record<string, unknown> => ({ "/v1/models": { object: "list", data } });

/** As each kind of server answers. */
const servers: Record<Exclude<ServerKind, "rehearsal" | "embedded" | "unknown">, Record<string, unknown>> = {
  ollama: {
    ...list([
      { id: "qwen3:8b", owned_by: "library" },
      { id: "big:cloud", owned_by: "library" },
    ]),
    "/api/version": { version: "0.14.0" },
    "/api/tags": {
      models: [{ name: "big:cloud", remote_host: "https://cloud.example" }, { name: "qwen3:8b" }],
    },
    "/api/ps": { models: [{ name: "qwen3:8b", context_length: 4096 }] },
    "/api/show": { capabilities: ["completion", "tools"] },
  },
  "llama.cpp": list([{ id: "local.gguf", owned_by: "llamacpp", meta: { n_ctx: 8192 } }]),
  vllm: list([{ id: "org/model", owned_by: "vllm", max_model_len: 65_536 }]),
  sglang: list([{ id: "org/model", owned_by: "sglang", max_model_len: 32_768 }]),
  lmstudio: {
    ...list([{ id: "qwen", owned_by: "organization_owner" }]),
    "/api/v1/models": {
      models: [
        { type: "llm", key: "qwen", loaded_instances: [{ id: "qwen", config: { context_length: 8192 } }] },
      ],
    },
  },
};

/** Of a server that was asked and does not answer: for the candidate, and for its silence. */
const LIMITS_OF_SILENT = 2;

/** Passes the time once nothing but the silent server is waited for: each of the others had at least one limit too. */
async function passForSilent(clock: SlowClock): Promise<void> {
  while (clock.waiting > LIMITS_OF_SILENT) await systemClock.sleep(1);
  clock.pass(10_000);
}

async function known(t: TestContext, name: ServerKind, server: Listening): Promise<KnownPort> {
  t.after(() => server.close());
  return { name, port: server.port };
}

test("each kind of server is found, in the order of the ports, with its window", async (t) => {
  const ports: KnownPort[] = [];
  for (const [name, routes] of Object.entries(servers)) {
    ports.push(await known(t, name as ServerKind, await listenTable(routes)));
  }
  const found = await discover({ ports, clock: createSlowClock() });
  assert.deepEqual(
    found.map(({ name, baseUrl, description }) => [name, baseUrl, description.models[0]]),
    [
      [
        "ollama",
        `http://127.0.0.1:${ports[0]?.port}/v1`,
        { id: "qwen3:8b", contextTokens: 4096, vision: false },
      ],
      ["llama.cpp", `http://127.0.0.1:${ports[1]?.port}/v1`, { id: "local.gguf", contextTokens: 8192 }],
      ["vllm", `http://127.0.0.1:${ports[2]?.port}/v1`, { id: "org/model", contextTokens: 65_536 }],
      ["sglang", `http://127.0.0.1:${ports[3]?.port}/v1`, { id: "org/model", contextTokens: 32_768 }],
      ["lmstudio", `http://127.0.0.1:${ports[4]?.port}/v1`, { id: "qwen", contextTokens: 8192 }],
    ],
  );
  assert.ok(found.every(({ description }) => description.models.every((model) => model.id !== "big:cloud")));
});

test("an Ollama that has cloud models only is not found", async (t) => {
  const routes = {
    ...servers.ollama,
    "/api/tags": { models: [{ name: "big:cloud", remote_host: "https://cloud.example" }] },
  };
  const ports = [await known(t, "ollama", await listenTable(routes))];
  assert.deepEqual(await discover({ ports, clock: createSlowClock() }), []);
});

test("strangers, the silent and the absent are passed over, and the loading comes last", async (t) => {
  const silent = await listenHttp(() => {});
  const page = await listenHttp((_, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
  );
  const busy = await listenHttp((_, response) =>
    response.writeHead(503).end(JSON.stringify({ error: { message: "Loading model" } })),
  );
  const locked = await listenHttp((_, response) => response.writeHead(401).end("{}"));
  const endless = await listenHttp((_, response) => {
    response.on("error", () => {});
    response.writeHead(200);
    const more = (): boolean => response.write("x".repeat(1_000_000), (error) => error ?? more());
    more();
  });
  const ports: KnownPort[] = [{ name: "vllm", port: await unusedPort() }];
  for (const server of [silent, page, busy, locked, endless]) ports.push(await known(t, "vllm", server));
  ports.push(await known(t, "llama.cpp", await listenTable(servers["llama.cpp"])));
  const clock = createSlowClock();
  const [found] = await Promise.all([discover({ ports, clock }), passForSilent(clock)]);
  assert.deepEqual(
    found.map(({ name, loading }) => [name, loading]),
    [
      ["llama.cpp", false],
      ["vllm", true],
    ],
  );
});

test("a model that is slow to describe itself keeps its server in the list", async (t) => {
  const clock = createSlowClock();
  const ports = [
    await known(
      t,
      "ollama",
      await listenHttp((request, response) => {
        request.resume();
        if (request.url === "/api/show") clock.pass(10_000);
        else response.end(JSON.stringify(servers.ollama[request.url ?? ""] ?? {}));
      }),
    ),
  ];
  const [found] = await discover({ ports, clock });
  assert.deepEqual(found?.description.models, [{ id: "qwen3:8b", contextTokens: 4096 }]);
});

test("a cancelled discovery says so", async (t) => {
  const ports = [await known(t, "vllm", await listenHttp(() => {}))];
  await assert.rejects(discover({ ports, clock: createSlowClock(), signal: AbortSignal.timeout(20) }), {
    code: "cancelled",
  });
});

test("nothing but the ports asked for is contacted, whatever their answers point to", async (t) => {
  const elsewhere = await listenTable(servers.vllm);
  const away = { "content-type": "application/json", location: `${elsewhere.url}/v1/models` };
  const redirecting = await listenHttp((_, response) => response.writeHead(302, away).end("{}"));
  const ports = [
    await known(t, "vllm", redirecting),
    await known(t, "ollama", await listenTable({ ...servers.ollama })),
  ];
  t.after(() => elsewhere.close());

  const contacted = new Set<string>();
  const looked: string[] = [];
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: unknown };
    assert.ok(socket instanceof Socket);
    socket.on("connectionAttempt", (ip: string, port: number) => contacted.add(`${ip}:${port}`));
    socket.on("lookup", (...[, address, , host]) => looked.push(`${host} ${address}`));
  };
  subscribe("net.client.socket", onSocket);
  t.after(() => unsubscribe("net.client.socket", onSocket));
  const found = await discover({ ports, clock: createSlowClock() });
  assert.deepEqual(
    found.map(({ name }) => name),
    ["ollama"],
  );
  assert.deepEqual([...contacted].sort(), ports.map(({ port }) => `127.0.0.1:${port}`).sort());
  assert.deepEqual(looked, []);
});
