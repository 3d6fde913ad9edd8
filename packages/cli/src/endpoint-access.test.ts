import assert from "node:assert/strict";
import { test } from "node:test";
import { accessTo, isSameEndpoint, otherEndpoints } from "./endpoint-access.ts";

const settings = {
  endpoint: "http://127.0.0.1:8080",
  clearance: "restricted",
  network: { proxy: "http://proxy.test:1" },
  contextTokens: 1000,
  price: { prompt: 1, completion: 1 },
  endpoints: [
    {
      ...{ name: "big", url: "https://big.test/v1", models: [], clearance: "internal" },
      ...{ keyVariable: "BIG_KEY", price: { prompt: 2, completion: 3 } },
    },
    { name: "plain", url: "https://plain.test", models: [] },
    { name: "broken", url: "not a url", models: [] },
  ],
} as unknown as Parameters<typeof accessTo>[1];
const environment = {
  apiKey: "key-of-the-session",
  variable: (name: string) => (name === "BIG_KEY" ? "key-of-big" : undefined),
};

test("an endpoint of the settings has its own key, network and clearance, and never another's", () => {
  const big = accessTo("https://big.test/v1/", settings, environment);
  assert.deepEqual(big, {
    ...{ apiKey: "key-of-big", network: undefined, contextTokens: undefined, clearance: "internal" },
    price: { prompt: 2, completion: 3 },
  });
  const plain = accessTo("https://plain.test/v1", settings, { ...environment, apiKey: undefined });
  assert.deepEqual([plain.apiKey, plain.network, plain.clearance], [undefined, undefined, undefined]);
  assert.equal(plain.price, undefined, "what the session's own costs says nothing of another");
  assert.equal(accessTo("http://127.0.0.1:8080", settings, environment).price?.prompt, 1);
  const without = accessTo("https://big.test/v1", settings, { ...environment, variable: () => undefined });
  assert.equal(without.apiKey, undefined, "the session's key is not sent in its place");
});

test("the usual endpoint has the usual clearance, and a stranger has none", () => {
  assert.equal(accessTo("http://127.0.0.1:8080/v1", settings, environment).clearance, "restricted");
  assert.equal(accessTo("http://127.0.0.1:9/v1", settings, environment).clearance, undefined);
  assert.equal(accessTo(undefined, settings, environment).clearance, undefined);
});

test("the others are all but the one in use, each once, and what is no address is left to whoever opens it", () => {
  const names = (at: string): string[] =>
    otherEndpoints(settings, settings.endpoints ?? [], at).map(({ name }) => name);
  assert.deepEqual(names("http://127.0.0.1:8080/v1"), ["big", "plain"]);
  assert.deepEqual(names("https://plain.test/v1"), ["big", "127.0.0.1:8080"]);
  assert.equal(isSameEndpoint("https://a.test", "https://a.test/v1"), true);
  assert.equal(isSameEndpoint("https://a.test", undefined), false);
});
