import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ask } from "./describe.ts";
import { describeServer } from "./describe.ts";

const url = new URL("http://127.0.0.1:8080/v1");

/** A server as a table of its routes; everything else is 404. */
function server(routes: Record<string, unknown>): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = async (path, body) => {
    const key = body === undefined ? path : `${path} ${JSON.stringify(body)}`;
    asked.push(key);
    const json = routes[key];
    if (json instanceof Error) throw json;
    return json === undefined ? { status: 404, json: { error: "not found" } } : { status: 200, json };
  };
  return { ask, asked };
}

test("llama.cpp tells the window of a slot in its list of models", async () => {
  const data = [{ id: "qwen3.gguf", owned_by: "llamacpp", meta: { n_ctx: 8192, n_ctx_train: 262_144 } }];
  const { ask, asked } = server({ "/v1/models": { data } });
  const description = await describeServer(ask, url);
  assert.deepEqual(description, { server: "llama.cpp", models: [{ id: "qwen3.gguf", contextTokens: 8192 }] });
  assert.deepEqual(asked, ["/v1/models"]);
});

test("an older llama.cpp tells the window of a slot in /props", async () => {
  const { ask } = server({
    "/v1/models": { data: [{ id: "a", owned_by: "llamacpp", meta: { n_ctx_train: 4096 } }] },
    "/props": { default_generation_settings: { n_ctx: 2048 }, total_slots: 2 },
  });
  assert.deepEqual((await describeServer(ask, url)).models, [{ id: "a", contextTokens: 2048 }]);
});

test("of several models of a llama.cpp router, /props speaks for none", async () => {
  const { ask } = server({
    "/v1/models": {
      data: [
        { id: "a", owned_by: "llamacpp" },
        { id: "b", owned_by: "llamacpp" },
      ],
    },
    "/props": { default_generation_settings: { n_ctx: 2048 } },
  });
  assert.deepEqual((await describeServer(ask, url)).models, [{ id: "a" }, { id: "b" }]);
});

test("vLLM and SGLang tell max_model_len", async () => {
  for (const owner of ["vllm", "sglang"]) {
    const { ask } = server({
      "/v1/models": { data: [{ id: "m", owned_by: owner, max_model_len: 131_072 }] },
    });
    assert.deepEqual(await describeServer(ask, url), {
      server: owner,
      models: [{ id: "m", contextTokens: 131_072 }],
    });
  }
});

test("Ollama's window is that in force, else the one written into the model, and never the training length", async () => {
  const { ask } = server({
    "/v1/models": { data: [{ id: "loaded:8b", owned_by: "library" }] },
    "/api/version": { version: "0.14.0" },
    "/api/tags": {
      models: [{ name: "loaded:8b" }, { name: "written:8b" }, { name: "plain:8b" }, { name: "broken:1b" }],
    },
    "/api/ps": { models: [{ name: "loaded:8b", context_length: 16_384 }] },
    '/api/show {"model":"loaded:8b"}': { parameters: "num_ctx 4096" },
    '/api/show {"model":"written:8b"}': {
      parameters: 'stop "<|im_end|>"\nnum_ctx                        32768\ntop_k 20',
    },
    '/api/show {"model":"plain:8b"}': { model_info: { "qwen3.context_length": 40_960 } },
    '/api/show {"model":"broken:1b"}': new Error("manifest"),
  });
  assert.deepEqual(await describeServer(ask, url), {
    server: "ollama",
    models: [
      { id: "loaded:8b", contextTokens: 16_384 },
      { id: "written:8b", contextTokens: 32_768 },
      { id: "plain:8b" },
      { id: "broken:1b" },
    ],
  });
});

test("Ollama's cloud models carry their host, whichever route tells it; embedding models are left out", async () => {
  const { ask } = server({
    "/api/version": { version: "0.14.0" },
    "/api/tags": {
      models: [{ name: "big", remote_host: "https://ollama.example" }, { name: "late" }, { name: "embed" }],
    },
    "/api/ps": { models: [] },
    '/api/show {"model":"late"}': { remote_host: "https://elsewhere.example" },
    '/api/show {"model":"embed"}': { capabilities: ["embedding"] },
  });
  assert.deepEqual((await describeServer(ask, url)).models, [
    { id: "big", remoteHost: "https://ollama.example" },
    { id: "late", remoteHost: "https://elsewhere.example" },
  ]);
});

test("whether a model sees pictures is what its server says, in the server's own way; else it is not known", async () => {
  const data = [{ id: "a", owned_by: "llamacpp", meta: { n_ctx: 8192 } }];
  const now = server({
    "/v1/models": { data, models: [{ model: "a", capabilities: ["completion", "multimodal"] }] },
  });
  assert.deepEqual((await describeServer(now.ask, url)).models, [
    { id: "a", contextTokens: 8192, vision: true },
  ]);
  const older = server({
    "/v1/models": { data: [{ id: "a", owned_by: "llamacpp" }] },
    "/props": { default_generation_settings: { n_ctx: 2048 }, modalities: { vision: false, audio: false } },
  });
  assert.deepEqual((await describeServer(older.ask, url)).models, [
    { id: "a", contextTokens: 2048, vision: false },
  ]);
  const ollama = server({
    "/api/version": { version: "0.14.0" },
    "/api/tags": { models: [{ name: "sees" }, { name: "reads" }, { name: "silent" }] },
    '/api/show {"model":"sees"}': { capabilities: ["completion", "vision"] },
    '/api/show {"model":"reads"}': { capabilities: ["completion"] },
  });
  assert.deepEqual((await describeServer(ollama.ask, url)).models, [
    { id: "sees", vision: true },
    { id: "reads", vision: false },
    { id: "silent" },
  ]);
  const router = server({
    "/v1/models": { data: [{ id: "m", architecture: { input_modalities: ["text", "image"] } }] },
  });
  assert.deepEqual((await describeServer(router.ask, url)).models, [{ id: "m", vision: true }]);
  const studio = server({
    "/api/v1/models": {
      models: [{ type: "llm", key: "q", loaded_instances: [], capabilities: { vision: true } }],
    },
  });
  assert.deepEqual((await describeServer(studio.ask, url)).models, [{ id: "q", vision: true }]);
});

test("an Ollama that does not tell which models are its own is an error, not a list of local models", async () => {
  const { ask } = server({
    "/v1/models": { data: [{ id: "big-cloud", owned_by: "library" }] },
    "/api/version": { version: "0.14.0" },
    "/api/tags": new Error("reset"),
  });
  await assert.rejects(describeServer(ask, url), /reset/);
});

test("LM Studio tells the window of a loaded instance, in its new form and its old one", async () => {
  const now = server({
    "/v1/models": { data: [{ id: "qwen", owned_by: "organization_owner" }] },
    "/api/version": { error: "Unexpected endpoint or method. (GET /api/version)" },
    "/api/v1/models": {
      models: [
        {
          type: "llm",
          key: "qwen",
          loaded_instances: [{ id: "qwen", config: { context_length: 8192 } }],
          max_context_length: 262_144,
        },
        { type: "llm", key: "idle", loaded_instances: [], max_context_length: 32_768 },
        { type: "embedding", key: "nomic", loaded_instances: [] },
      ],
    },
  });
  const expected = { server: "lmstudio", models: [{ id: "qwen", contextTokens: 8192 }, { id: "idle" }] };
  assert.deepEqual(await describeServer(now.ask, url), expected);

  const before = server({
    "/api/v1/models": { error: "Unexpected endpoint or method." },
    "/api/v0/models": {
      data: [
        {
          id: "qwen",
          type: "llm",
          state: "loaded",
          loaded_context_length: 8192,
          max_context_length: 262_144,
        },
        { id: "idle", type: "vlm", state: "not-loaded", max_context_length: 32_768 },
        { id: "nomic", type: "embeddings", state: "not-loaded" },
      ],
    },
  });
  assert.deepEqual(await describeServer(before.ask, url), {
    server: "lmstudio",
    models: [
      { id: "qwen", contextTokens: 8192 },
      { id: "idle", vision: true },
    ],
  });
});

test("a stranger is unknown, and its unlikely numbers are not believed", async () => {
  const data = [
    { id: "m", max_model_len: -1 },
    { id: "n", meta: { n_ctx: "8192" } },
    { id: 7 },
    null,
    "x",
    { id: "" },
  ];
  const { ask } = server({ "/v1/models": { data } });
  assert.deepEqual(await describeServer(ask, url), { server: "unknown", models: [{ id: "m" }, { id: "n" }] });
  assert.deepEqual(await describeServer(server({ "/v1/models": undefined }).ask, url), {
    server: "unknown",
    models: [],
  });
});

test("a refused key is an error that says so", async () => {
  const ask: Ask = async () => ({ status: 401, json: { error: { message: "Invalid API Key" } } });
  await assert.rejects(describeServer(ask, url), { code: "endpoint-key-refused" });
});

test("a server that lists as Anthropic's API does tells what a prompt may have", async () => {
  const data = [
    { type: "model", id: "big", display_name: "Big", max_input_tokens: 200_000, max_tokens: 64_000 },
  ];
  const { ask } = server({ "/v1/models": { data, has_more: false } });
  const description = await describeServer(ask, url);
  assert.deepEqual(description, { server: "unknown", models: [{ id: "big", contextTokens: 200_000 }] });
});
