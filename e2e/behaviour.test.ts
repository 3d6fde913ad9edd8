/** What a session does where servers, windows and the world around it are not what one hopes for. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";

function settings(place: Place, value: JsonObject): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister/settings.json"), JSON.stringify(value));
}

test("BS-01: a server with a smaller window than the configured one is told with both numbers, and no task begins", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([{ text: "Done." }], { contextTokens: 8192 });
  const args = ["-p", "x", "--endpoint", rehearsal.url];
  const refused = await cloister(place, [...args, "--context", "32768"]);
  settings(place, { contextTokens: 16_384 });
  const bySetting = await cloister(place, args);
  assert.equal(rehearsal.requests.length, 0);
  // What is said for a run counts before the settings; less than the server has is no trouble.
  const fits = await cloister(place, [...args, "--context", "8000"]);
  await rehearsal.close();
  for (const [{ code, stderr }, wished] of [
    [refused, "32768"],
    [bySetting, "16384"],
  ] as const) {
    assert.notEqual(code, 0);
    assert.match(stderr, new RegExp(`8192 tokens, and ${wished} are configured \\[window-too-small\\]`));
    assert.match(stderr, /next: .*--context 8192/);
  }
  assert.equal(fits.code, 0, fits.stderr);
  assert.match(fits.stderr, /, 8000 tokens,/);
});

test("BS-01: where the server does not say, the configured window counts: what cannot fit it is not sent", async () => {
  using place = createPlace({ "AGENTS.md": "Mind this. ".repeat(2000) });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method}`);
    request.resume();
    response.writeHead(request.url === "/v1/models" ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ object: "list", data: [{ id: "silent" }] }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const { code, stderr } = await cloister(place, ["-p", "x", "--endpoint", url, "--context", "2048"]);
  server.close();
  server.closeAllConnections();
  assert.equal(code, 1, stderr);
  assert.match(stderr, /, 2048 tokens,/);
  assert.ok(!asked.includes("POST"), asked.join(" "));
});

/** Of a request, all that stands before the first message of a user. */
const fixedPart = (body: string): string => body.slice(0, body.indexOf('{"role":"user"'));

test("BS-10: clock, commits and files change between sessions and turns; the fixed part stays the same bytes", async () => {
  using place = createPlace({ "notes.md": "one\n" });
  const git = (...args: readonly string[]): unknown =>
    execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.test", ...args], {
      cwd: place.project,
      env: { PATH: process.env["PATH"] ?? "", HOME: place.home },
    });
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "first");
  const heads: string[] = [];
  const all: string[] = [];
  for (const day of ["one", "two"]) {
    const rehearsal = await rehearse([
      { calls: [{ name: "Bash", arguments: { command: `date > now-${day}; git checkout -qb ${day}; ls` } }] },
      { text: "Done." },
    ]);
    await cloister(place, ["-p", day, "--endpoint", rehearsal.url], {
      environment: { TZ: `UTC-${heads.length}` },
    });
    await rehearsal.close();
    const [first = "", second = ""] = bodies(rehearsal);
    heads.push(fixedPart(first), fixedPart(second));
    all.push(first, second);
    writeFileSync(join(place.project, "notes.md"), `${day}, later\n`);
    git("add", ".");
    git("commit", "-qam", `after ${day}`);
  }
  assert.equal(heads.length, 4);
  assert.ok((heads[0]?.length ?? 0) > 1000);
  assert.equal(new Set(heads).size, 1);
  // Two machines' clocks would not help here: nothing in it may tell a time, a commit or a branch at all.
  const head = heads[0] ?? "";
  const now = new Date();
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
    cwd: place.project,
    encoding: "utf8",
  });
  for (const sign of [String(now.getFullYear()), now.toISOString().slice(0, 10), commit.trim(), "notes.md"]) {
    assert.ok(!head.includes(sign), sign);
  }
  assert.ok(all[1]?.startsWith((all[0] ?? "").slice(0, -2)), "what changed stands behind what was sent");
});

test("BS-14: a request lives as long as the settings say, is not asked again, and the run says why it failed", async () => {
  using place = createPlace();
  settings(place, { timeoutSeconds: 1 });
  const rehearsal = await rehearse([{ text: "never", fault: "stall" }]);
  const { code, stderr } = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  assert.equal(await rehearsal.requests[0]?.closed, "early");
  await rehearsal.close();
  assert.equal(code, 1);
  assert.match(stderr, /longer than 1 seconds.*\[request-timeout\]\nnext: raise "timeoutSeconds"/);
  assert.equal(rehearsal.requests.length, 1);
});

test("BS-15: a server that loads at the start and in the middle is waited for, says so, and no turn is lost", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { calls: [{ name: "Glob", arguments: { pattern: "*" } }], fault: "status-503-once" },
    { text: "Both turns.", fault: "status-503-once" },
  ]);
  const args = ["-p", "x", "--endpoint", rehearsal.url, "--output-format", "stream-json"];
  const { code, stdout, stderr } = await cloister(place, args);
  await rehearsal.close();
  assert.equal(code, 0, stderr);
  assert.match(stdout + stderr, /loading its model/);
  assert.deepEqual([rehearsal.requests.length, rehearsal.failures.length, rehearsal.turnsLeft], [4, 0, 0]);
  const last: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  assert.ok(isRecord(last));
  assert.deepEqual([last["result"], last["num_turns"]], ["Both turns.", 2]);
});
