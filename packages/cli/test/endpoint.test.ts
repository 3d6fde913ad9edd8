import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { chooseEndpoint, type ChosenEndpoint } from "../src/endpoint.ts";
import type { Environment } from "../src/environment.ts";

const answers: Readonly<Record<string, unknown>> = {
  "/v1/models": { data: [{ id: "qwen3:8b", owned_by: "library" }] },
  "/api/version": { version: "0.14.0" },
  "/api/tags": {
    models: [
      { name: "qwen3:8b" },
      { name: "llama3:latest" },
      { name: "big:cloud", remote_host: "https://cloud.example" },
    ],
  },
  "/api/ps": { models: [] },
  "/api/show": {
    capabilities: ["completion", "vision"],
    model_info: { "general.architecture": "qwen3", "qwen3.context_length": 40_960 },
  },
};

/** Of a model that Ollama on this machine has, or serves for another. */
async function choose(
  model: string,
  more: { readonly usualClearance?: "core"; readonly vision?: boolean } = {},
): Promise<ChosenEndpoint> {
  await using stack = new AsyncDisposableStack();
  const server = createServer((request, response) => {
    request.resume();
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  stack.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const wishes = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    model,
    clearance: undefined,
    usualClearance: more.usualClearance,
    vision: more.vision,
    network: undefined,
  };
  // All that choosing reads of it.
  const part: Partial<Environment> = { clock: systemClock, apiKey: undefined, stderr: process.stderr };
  const environment = part as Environment;
  const chosen = await chooseEndpoint(wishes, environment, new AbortController().signal);
  await chosen.endpoint.backend.close();
  return chosen;
}

test("what a local Ollama runs itself is cleared for all, and its window is known, with and without the tag", async () => {
  for (const model of ["qwen3:8b", "llama3"]) {
    const { endpoint, contextTokens } = await choose(model);
    assert.deepEqual([endpoint.clearance, endpoint.operator], ["core", "this machine"], model);
    assert.equal(contextTokens, 32_768);
  }
});

test("what it serves for somebody else is cleared for what is public, whatever was said of the endpoint", async () => {
  const { endpoint } = await choose("big:cloud", { usualClearance: "core" });
  assert.deepEqual([endpoint.clearance, endpoint.operator], ["public", "https://cloud.example"]);
});

test("a name that it does not list may be anybody's", async () => {
  const { endpoint } = await choose("bigger:cloud", { usualClearance: "core" });
  assert.equal(endpoint.clearance, "public");
  assert.notEqual(endpoint.operator, "this machine");
});

test("whether the model sees pictures is the server's word, and a person's word counts before it", async () => {
  assert.equal((await choose("qwen3:8b")).vision, true);
  assert.equal((await choose("qwen3:8b", { vision: false })).vision, false);
  assert.equal((await choose("not-listed")).vision, false);
  assert.equal((await choose("not-listed", { vision: true })).vision, true);
});
