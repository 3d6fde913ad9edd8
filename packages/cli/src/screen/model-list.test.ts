import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "@cloister/airlock";
import { messageOf } from "@cloister/base";
import { listModels, type ModelRow, type ModelSource } from "./model-list.ts";

const endpoint = { id: "home" } as unknown as Endpoint;
const row = (id: string, isNow = false, more: object = {}): Extract<ModelRow, { kind: "model" }> => ({
  ...{ kind: "model", endpoint, isNow },
  model: { id, ...more },
});
const first = row("now", true);
const shown = (rows: readonly ModelRow[]): string[] =>
  rows.map((one) =>
    one.kind === "model" ? one.model.id : `${one.name}: ${one.kind} ${one.why ?? ""}`.trim(),
  );

function open(sources: readonly ModelSource[], signal: AbortSignal = new AbortController().signal) {
  let changes = 0;
  const list = listModels({ first, sources, signal, messageOf, changed: () => (changes += 1) });
  return { list, changes: () => changes };
}

test("the list is there before anybody answered, each server fills its place, and no row ever moves", async () => {
  const home = Promise.withResolvers<readonly Extract<ModelRow, { kind: "model" }>[]>();
  const far = Promise.withResolvers<readonly Extract<ModelRow, { kind: "model" }>[]>();
  const { list, changes } = open([
    { name: "home", isQuiet: true, ask: () => home.promise },
    { name: "far", ask: () => far.promise },
    { name: "gone", ask: () => Promise.reject(new Error("nobody listens")) },
  ]);
  assert.deepEqual(shown(list.rows), ["now", "far: asking", "gone: asking"]);
  far.resolve([row("f1"), row("f2")]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(shown(list.rows), ["now", "f1", "gone: silent nobody listens", "f2"]);
  home.resolve([row("h1"), row("now", true, { contextTokens: 9 })]);
  await list.complete;
  assert.deepEqual(shown(list.rows), ["now", "f1", "gone: silent nobody listens", "f2", "h1"]);
  const now = list.rows[0];
  assert.equal(now?.kind === "model" && now.model.contextTokens, 9, "its server knows more of it");
  assert.equal(changes(), 3);
});

test("a server with nothing else says so, and a hundred of them are asked four at a time", async () => {
  let busy = 0;
  let most = 0;
  const sources = Array.from({ length: 100 }, (_, n): ModelSource => ({
    name: `s${n}`,
    ask: async () => {
      busy += 1;
      most = Math.max(most, busy);
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
      return n === 0 ? [first] : [row(`m${n}`)];
    },
  }));
  const { list } = open(sources);
  await list.complete;
  assert.equal(most, 4);
  assert.equal(list.rows.length, 101);
  assert.deepEqual(shown(list.rows).slice(0, 3), ["now", "s0: silent", "m1"]);
});

test("one server with endless models cannot fill the screen", async () => {
  const models = Array.from({ length: 5000 }, (_, n) => row(`m${n}`));
  const { list } = open([{ name: "s", ask: () => Promise.resolve(models) }]);
  await list.complete;
  assert.equal(list.rows.length, 500);
});
