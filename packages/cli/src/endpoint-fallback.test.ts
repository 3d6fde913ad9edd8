import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import type { ChosenEndpoint, EndpointWishes } from "./endpoint.ts";
import type { EndpointAccess } from "./endpoint-access.ts";
import { chooseFirst, type StartOptions } from "./endpoint-fallback.ts";
import { checkFallback, namedIn, toFallbacks } from "./fallback-names.ts";

const named = [
  { name: "lab", url: "https://lab.test/v1", models: ["big"] },
  { name: "far", url: "messages+https://far.test/v1", models: [], clearance: "internal" as const },
];
const access = (url: string): EndpointAccess => ({
  ...{ apiKey: `key of ${url}`, network: undefined, contextTokens: undefined, clearance: undefined },
  price: undefined,
});

const wishes: EndpointWishes = {
  ...{ endpoint: "http://home.test/v1", model: "m", clearance: "core", usualClearance: undefined },
  network: undefined,
};

/** The endpoints of which the address holds one of these are down, and why. */
async function start(
  downs: Readonly<Record<string, string>>,
  fallbacks: readonly string[],
  more: Partial<StartOptions> = {},
): Promise<{ asked: [string | undefined, string | undefined][]; told: string[]; left: readonly string[] }> {
  const asked: [string | undefined, string | undefined][] = [];
  const told: string[] = [];
  const { fallbacks: left } = await chooseFirst({
    ...{ wishes, access: access("home"), fallbacks, named },
    accessTo: ({ url }) => access(url),
    choose: (wish, { apiKey }) => {
      asked.push([wish.endpoint, wish.model]);
      if (wish.endpoint !== wishes.endpoint) {
        assert.equal(wish.clearance, undefined, "what was said of the first says nothing of another");
        assert.equal(apiKey, `key of ${wish.endpoint}`);
      }
      const code = Object.entries(downs).find(([part]) => wish.endpoint?.includes(part))?.[1];
      if (code !== undefined) return Promise.reject(new CloisterError("no", { code }));
      return Promise.resolve({} as ChosenEndpoint);
    },
    tell: (text) => told.push(text),
    ...more,
  });
  return { asked, told, left };
}

test("the first that answers is the session's, and those after it are left", async () => {
  assert.deepEqual(await start({}, ["lab", "far"]), {
    asked: [["http://home.test/v1", "m"]],
    told: [],
    left: ["lab", "far"],
  });
  const second = await start({ home: "endpoint-unreachable" }, ["other-model", "lab", "far/x"]);
  assert.deepEqual(second.asked.at(-1), ["https://lab.test/v1", "big"]);
  assert.deepEqual(second.left, ["far/x"]);
  assert.match(second.told.join(), /home\.test.* does not answer \(no\): lab answers now/);
  const third = await start({ home: "endpoint-loading", lab: "endpoint-key-refused" }, ["lab", "far/x"]);
  assert.deepEqual(third.asked.at(-1), ["messages+https://far.test/v1", "x"]);
  assert.deepEqual(third.left, []);
  assert.equal((await start({ home: "client-certificate-refused" }, ["lab"])).asked.length, 2);
});

test("what is wrong with the first one itself is told, and so is that nobody answers", async () => {
  for (const code of ["endpoint-key-refused", "window-too-small", "bad-endpoint-url", "cancelled"]) {
    await assert.rejects(start({ home: code }, ["lab"]), { code });
  }
  const both = start({ home: "endpoint-unreachable", lab: "proxy-refused" }, ["lab"]);
  await assert.rejects(both, { code: "endpoint-unreachable" });
  await assert.rejects(start({ home: "endpoint-unreachable", lab: "cancelled" }, ["lab", "far"]), {
    code: "cancelled",
  });
});

test("a model of the endpoint that is down is nobody to fall back to from another one", async () => {
  const { left } = await start({ home: "endpoint-unreachable" }, ["lab", "own-2", "far/x"]);
  assert.deepEqual(left, ["far/x"]);
  for (const name of left) checkFallback(name, named, ["big"]);
});

test("a model of a named endpoint is found there by its own name alone", async () => {
  const { asked, left } = await start({ home: "endpoint-unreachable", far: "proxy-refused" }, ["far", "big"]);
  assert.deepEqual(asked.at(-1), ["https://lab.test/v1", "big"]);
  assert.deepEqual(left, []);
});

test("what was said of the first one's model says nothing of another's", async () => {
  const seen: unknown[] = [];
  await start({}, ["lab"], {
    wishes: { ...wishes, vision: true, clearance: "core" },
    choose: ({ endpoint, vision, clearance }) => {
      seen.push([endpoint, vision, clearance]);
      if (endpoint === wishes.endpoint) throw new CloisterError("no", { code: "endpoint-unreachable" });
      return Promise.resolve({} as ChosenEndpoint);
    },
  });
  assert.deepEqual(seen, [
    ["http://home.test/v1", true, "core"],
    ["https://lab.test/v1", undefined, undefined],
  ]);
});

test("one that is loading is waited for when nobody else answers, as it is where there is nobody else", async () => {
  const asked: unknown[] = [];
  const { told, left } = await start({}, ["lab"], {
    choose: ({ endpoint, loadingMsMax }) => {
      asked.push([endpoint, loadingMsMax]);
      if (endpoint !== wishes.endpoint) throw new CloisterError("no", { code: "endpoint-unreachable" });
      if (loadingMsMax !== undefined) throw new CloisterError("soon", { code: "endpoint-loading" });
      return Promise.resolve({} as ChosenEndpoint);
    },
  });
  assert.deepEqual(asked, [
    ["http://home.test/v1", 5000],
    ["https://lab.test/v1", 5000],
    ["http://home.test/v1", undefined],
  ]);
  assert.match(told.at(-1) ?? "", /waiting for http:\/\/home\.test/);
  assert.deepEqual(left, ["lab"]);
});

test("one that the policy forbids is passed over", async () => {
  const accessTo: StartOptions["accessTo"] = ({ name, url }) => {
    if (name === "lab") throw new CloisterError("not here", { code: "forbidden-by-policy" });
    return access(url);
  };
  const { asked } = await start({ home: "endpoint-unreachable" }, ["lab", "far"], { accessTo });
  assert.deepEqual(
    asked.map(([address]) => address),
    ["http://home.test/v1", "messages+https://far.test/v1"],
  );
});

test("names are read from a list, and those that nobody knows are refused with those there are", () => {
  assert.deepEqual(toFallbacks({}), {});
  assert.deepEqual(toFallbacks({ fallback: "" }), { fallbacks: [] });
  assert.deepEqual(toFallbacks({ "fallback-model": "lab, far/x" }), { fallbacks: ["lab", "far/x"] });
  for (const list of ["a,,b", ",", "a,b,c,d,e,f,g,h,i"]) {
    assert.throws(() => toFallbacks({ fallback: list }), { code: "usage" }, list);
  }
  assert.equal(namedIn("far/a/b", named)?.model, "a/b");
  for (const name of ["lab", "lab/any", "big", "own-2"]) checkFallback(name, named, ["own-2"]);
  assert.throws(() => checkFallback("sonnet", named, ["own-2"]), /lab|there is no "sonnet"/);
});
