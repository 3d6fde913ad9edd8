/** Subagents that are other models than the session's own. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";

const key = ["lab", "key", "1234"].join("-");

test("a subagent is the model of another endpoint from the settings, which is asked nothing before, and has its own key", async () => {
  using place = createPlace();
  const task = { description: "look", prompt: "read README.md", model: "lab/big" };
  const lab = await rehearse(
    [{ calls: [{ name: "Read", arguments: { file_path: "README.md" } }] }, { text: "REPORT OF LAB" }],
    { model: "big" },
  );
  const home = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "true" } }] },
    { calls: [{ name: "Task", arguments: task }] },
    { expect: { lastMessageContains: ["REPORT OF LAB"] }, text: "Done." },
  ]);
  nameEndpoints(place, { lab: { url: lab.url, models: ["big"], keyVariable: "LAB_KEY" } });
  const options = { environment: { LAB_KEY: key, CLOISTER_API_KEY: "home-key" } };
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url], options);
  await Promise.all([lab.close(), home.close()]);
  assert.deepEqual([result.code, result.stdout], [0, "Done.\n"], result.stderr);
  assert.deepEqual([...home.failures, ...lab.failures], []);
  assert.match(bodies(home)[0] ?? "", /Task takes `model` too.*lab, lab\/big/);
  assert.match(bodies(lab)[0] ?? "", /^\{"model":"big",/);
  assert.deepEqual(
    lab.requests.map(({ headers }) => headers["authorization"]).filter((sent) => sent !== `Bearer ${key}`),
    [],
  );
  const entries = await place.entries();
  const models = entries
    .filter(({ t }) => t === "exposure.intent")
    .map(({ endpoint, model }) => JSON.stringify([isRecord(endpoint) && endpoint["id"], model]));
  assert.equal(models.filter((one) => one === '["lab","big"]').length, 2);
  // What it is was asked after the session's own first request, and on record before that.
  const first = entries.findIndex(({ t }) => t === "exposure.intent");
  const contact = entries.findIndex(
    ({ t, url }) => t === "contact" && typeof url === "string" && url.startsWith(lab.url),
  );
  assert.ok(first >= 0 && contact > first, `${first} ${contact}`);
});

test("what is above another model's clearance is not shown to it; the subagent fails, and says by which rule", async () => {
  using place = createPlace();
  const lab = await rehearse([{ text: "never" }], { model: "big" });
  const task = { description: "look", prompt: "read README.md", model: "lab" };
  const home = await rehearse([
    { calls: [{ name: "Task", arguments: task }] },
    { expect: { lastMessageContains: ["did not finish", "cleared for public"] }, text: "Done." },
  ]);
  nameEndpoints(place, { lab: { url: lab.url, clearance: "public" } });
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url, "--label", "internal"]);
  await Promise.all([lab.close(), home.close()]);
  assert.deepEqual([result.code, home.failures], [0, []], result.stderr);
  assert.deepEqual(bodies(lab), []);
});

test("an endpoint that cannot be reached is told without its address to the model, and with it to the person", async () => {
  using place = createPlace();
  const task = { description: "look", prompt: "x", model: "lab" };
  const home = await rehearse([
    { calls: [{ name: "Task", arguments: task }] },
    { expect: { lastMessageContains: ["endpoint lab cannot be used now"] }, text: "Done." },
  ]);
  nameEndpoints(place, { lab: { url: "http://127.0.0.1:9" } });
  const result = await cloister(place, ["-p", "go", "--endpoint", home.url]);
  await home.close();
  assert.deepEqual([result.code, home.failures], [0, []], result.stderr);
  assert.doesNotMatch(bodies(home).join(""), /127\.0\.0\.1:9/);
  assert.match(result.stderr, /127\.0\.0\.1:9/);
});

test("settings that name an endpoint wrongly are refused with the field", async () => {
  using place = createPlace();
  for (const [endpoints, why] of [
    [{ "a/b": { url: "http://127.0.0.1:9" } }, /"a\/b" of "endpoints" is no name/],
    [{ lab: {} }, /"lab" of "endpoints" needs a "url"/],
    [{ lab: { url: "http://127.0.0.1:9", key: "x" } }, /has no "key"; it has url, models/],
    [{ lab: { url: "http://127.0.0.1:9", clearance: "secret" } }, /must have one of public, internal/],
  ] as const) {
    nameEndpoints(place, endpoints);
    const result = await cloister(place, ["-p", "go", "--endpoint", "http://127.0.0.1:9"]);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, why);
  }
});

function nameEndpoints(place: Place, endpoints: JsonObject): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), JSON.stringify({ endpoints }));
}
