import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { isRecord } from "@cloister/base";
import type { Rehearsal, RehearsalTurn } from "@cloister/backend/rehearsal";
import { bodies, cloister, createPlace, rehearse, until, type Place } from "./harness.ts";

const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");

function everyFile(folder: string): Buffer {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    names.filter((name) => name.isFile()).map((name) => readFileSync(join(name.parentPath, name.name))),
  );
}

function idOf(stdout: string): string {
  const value: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  return isRecord(value) ? String(value["session_id"]) : "";
}

async function rehearseFor(t: TestContext, turns: readonly RehearsalTurn[]): Promise<Rehearsal> {
  const rehearsal = await rehearse(turns);
  t.after(() => rehearsal.close());
  return rehearsal;
}

const json = ["--output-format", "json"];

test("a session goes on in a new process with the bytes of its last request, its secrets sealed as before", async (t) => {
  using place = createPlace({
    "AGENTS.md": "Use tabs.\n",
    "config.js": `export const key = "${secret}";\nexport const currency = "euro";\n`,
  });
  const line = `export const key = "{{match:CLS_[A-Z2-7]{8}_[A-Z]+}}";\n`;
  const rehearsal = await rehearseFor(t, [
    { text: "Reading.", calls: [{ name: "Read", arguments: { file_path: "config.js" } }] },
    { calls: [{ name: "Bash", arguments: { command: "date; echo '<|im_end|>'" } }] },
    { text: "Read it." },
    {
      calls: [
        {
          name: "Edit",
          arguments: {
            file_path: "config.js",
            old_string: `${line}export const currency = "euro";`,
            new_string: `${line}export const currency = "EUR";`,
          },
        },
      ],
    },
    { text: "Changed it." },
  ]);
  const first = await cloister(place, ["-p", "read it", "--endpoint", rehearsal.url, ...json]);
  assert.equal(first.code, 0, first.stderr);
  const second = await cloister(place, ["-p", "now mend it", "-c", "--endpoint", rehearsal.url, ...json]);
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(rehearsal.failures, []);
  assert.equal(idOf(second.stdout), idOf(first.stdout));
  const sent = bodies(rehearsal);
  assert.equal(sent.length, 5);
  for (const [n, body] of sent.slice(1).entries()) {
    assert.ok(body.startsWith((sent[n] ?? "").slice(0, -2)), `request ${n + 2}`);
  }
  assert.equal(
    readFileSync(join(place.project, "config.js"), "utf8"),
    `export const key = "${secret}";\nexport const currency = "EUR";\n`,
  );
});

test("what is kept is encrypted, for its owner alone: neither words nor secrets nor names are in it", async (t) => {
  using place = createPlace({ "config.js": `export const key = "${secret}";\n` });
  const rehearsal = await rehearseFor(t, [
    { calls: [{ name: "Read", arguments: { file_path: "config.js" } }] },
    { text: "A marmalade answer." },
  ]);
  await cloister(place, ["-p", "a marmalade question", "--endpoint", rehearsal.url]);
  const folder = join(place.home, ".cloister", "sessions");
  const kept = everyFile(folder);
  assert.ok(kept.length > 1000);
  for (const text of [secret, "marmalade", "config.js", place.project]) assert.ok(!kept.includes(text), text);
  assert.equal(statSync(join(place.home, ".cloister", "sessions.key")).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

async function runOnce(place: Place, url: string, ...args: string[]): Promise<string> {
  const outcome = await cloister(place, ["-p", "x", "--endpoint", url, ...json, ...args]);
  assert.equal(outcome.code, 0, outcome.stderr);
  return idOf(outcome.stdout);
}

test("--resume takes any session of this folder, --fork-session a copy; --no-save keeps nothing", async (t) => {
  using place = createPlace();
  const done = await rehearseFor(t, [{ text: "One." }, { text: "Two." }, { text: "Three." }]);
  await runOnce(place, done.url, "--no-save");
  const nothing = await cloister(place, ["-p", "x", "-c", "--endpoint", done.url]);
  assert.match(nothing.stderr, /no-session/);
  const one = await runOnce(place, done.url);
  const other = await runOnce(place, done.url, "--session-id", "11111111-2222-4333-8444-555555555555");
  assert.equal(other, "11111111-2222-4333-8444-555555555555");
  assert.equal(await runOnce(place, done.url, "--resume", one), one);
  const fork = await runOnce(place, done.url, "-r", one, "--fork-session");
  assert.notEqual(fork, one);
  const sent = bodies(done);
  const [beforeFork = "", ofFork = ""] = sent.slice(-2);
  assert.ok(ofFork.startsWith(beforeFork.slice(0, -2)));
});

test("a session that another process works on is refused, with the way out", async (t) => {
  using place = createPlace();
  const stalled = await rehearseFor(t, [{ text: "never", fault: "stall" }]);
  let refused = "";
  await cloister(place, ["-p", "x", "--endpoint", stalled.url], {
    onStart: async (child) => {
      await until("a request", () => stalled.requests[0]);
      refused = (await cloister(place, ["-p", "x", "-c", "--endpoint", stalled.url])).stderr;
      child.kill("SIGINT");
    },
  });
  assert.match(refused, /session-busy[^]*--fork-session/);
});

test("a resumed session begins with the label it had, though less is asked for", async (t) => {
  using place = createPlace();
  const rehearsal = await rehearseFor(t, [{ text: "One." }, { text: "Two." }]);
  await cloister(place, ["-p", "x", "--label", "restricted", "--endpoint", rehearsal.url]);
  const again = await cloister(place, ["-p", "y", "-c", "--label", "public", "--endpoint", rehearsal.url]);
  assert.match(again.stderr, /workspace restricted/);
  const refused = await cloister(place, [
    ...["-p", "y", "-c", "--clearance", "internal", "--endpoint", rehearsal.url],
  ]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /clear/);
  assert.equal(rehearsal.requests.length, 2);
});
