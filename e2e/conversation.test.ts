import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

const lines = (...all: readonly object[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join("");
const message = (content: unknown): object => ({ type: "user", message: { role: "user", content } });

function read(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line))
    .filter(isRecord);
}

test("messages on stdin are worked on one after another in one session, each with a result", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "One." }, { text: "Two." }]);
  const input = lines(
    { type: "control_request", request_id: "r1", request: { subtype: "initialize" } },
    { type: "keep_alive" },
    message("first"),
    message([{ type: "text", text: "second" }]),
    { type: "control_request", request_id: "r2", request: { subtype: "fly" } },
  );
  const args = [
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--endpoint",
    rehearsal.url,
  ];
  const outcome = await cloister(place, args, { input });
  await rehearsal.close();
  assert.equal(outcome.code, 0, outcome.stderr);
  const said = read(outcome.stdout);
  const results = said.filter(({ type }) => type === "result");
  assert.deepEqual(
    results.map(({ result, subtype }) => [result, subtype]),
    [
      ["One.", "success"],
      ["Two.", "success"],
    ],
  );
  const responses = said.filter(({ type }) => type === "control_response").map(({ response }) => response);
  assert.deepEqual(responses, [
    { subtype: "success", request_id: "r1", response: {} },
    { subtype: "error", request_id: "r2", error: '"fly" is not supported' },
  ]);
  const [one = "", two = ""] = bodies(rehearsal);
  assert.ok(two.startsWith(one.slice(0, -2)));
});

test("an answer after a schema is given as a value, and one that does not fit fails the run", async () => {
  using place = createPlace();
  const schema = JSON.stringify({
    type: "object",
    properties: { ok: { type: "boolean" } },
    required: ["ok"],
  });
  const fits = await rehearse([{ text: "yes" }, { text: '{"ok": true}' }]);
  const args = ["-p", "x", "--json-schema", schema, "--output-format", "json", "--endpoint"];
  const good = await cloister(place, [...args, fits.url]);
  await fits.close();
  assert.equal(good.code, 0, good.stderr);
  assert.deepEqual(read(good.stdout)[0]?.["structured_output"], { ok: true });

  const never = await rehearse([{ text: "no" }, { text: "no" }, { text: "no" }]);
  const bad = await cloister(place, [...args, never.url]);
  await never.close();
  assert.equal(bad.code, 1);
  assert.equal(read(bad.stdout)[0]?.["subtype"], "error_max_structured_output_retries");
});

test("a limit on tokens ends the run with a report; one on money needs a price", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { calls: [{ name: "Glob", arguments: { pattern: "*" } }] },
    { text: "Done." },
  ]);
  const limited = await cloister(place, ["-p", "x", "--max-tokens", "1", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(limited.code, 1);
  assert.match(limited.stderr, /max-tokens/);
  const unpriced = await cloister(place, ["-p", "x", "--max-cost", "1"]);
  assert.equal(unpriced.code, 64);
  assert.match(unpriced.stderr, /needs a price/);
});
