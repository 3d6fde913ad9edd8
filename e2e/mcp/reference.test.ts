/**
 * The reference servers of MCP, unmodified from the package registry, in real sessions: each in a cell of its own,
 * without a network. Run by hand (`npm run e2e:mcp`), for it needs a registry.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, type Place } from "../harness.ts";

const packages = ["everything", "filesystem", "memory", "sequential-thinking"];
const INSTALL_MS_MAX = 120_000;

/** Why the servers cannot be had, when they cannot. */
function install(place: Place): string | undefined {
  writeFileSync(join(place.project, "package.json"), "{}");
  const names = packages.map((name) => `@modelcontextprotocol/server-${name}`);
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...names];
  const done = spawnSync("npm", args, { cwd: place.project, encoding: "utf8", timeout: INSTALL_MS_MAX });
  return done.status === 0 ? undefined : `the registry gave no servers: ${done.stderr.slice(-300)}`;
}

const use = (name: string, args: JsonObject): { name: string; arguments: JsonObject } => ({
  name: "UseTool",
  arguments: { name, arguments: args },
});

/** The results of the calls, in order. */
function resultsIn(body: string): string[] {
  const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
  return messages.filter(({ role }) => role === "tool").map(({ content }) => content);
}

// Once, before the test: without servers there is nothing to test.
const shared = createPlace({ "src/a.txt": "the text of a\n" });
const missing = install(shared);
const skip = missing ?? false;
after(() => shared[Symbol.dispose]());

test("the reference servers list and run their tools, resources and prompts in cells", { skip }, async () => {
  const place = shared;
  const bin = (name: string): string => `node_modules/.bin/mcp-server-${name}`;
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const mcpServers = {
    everything: { command: bin("everything") },
    files: { command: bin("filesystem"), args: [place.project] },
    memory: { command: bin("memory"), env: { MEMORY_FILE_PATH: "/tmp/memory.jsonl" } },
    thinking: { command: bin("sequential-thinking") },
  };
  writeFileSync(join(place.home, ".cloister", "mcp.json"), JSON.stringify({ mcpServers }), { mode: 0o600 });

  const listed = await cloister(place, ["mcp", "test", "everything"]);
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /mcp__everything__echo: Echoes back/);

  const everything: readonly (readonly [string, JsonObject, RegExp])[] = [
    ["echo", { message: "hello cell" }, /Echo: hello cell/],
    ["get-sum", { a: 2, b: 40 }, /42/],
    ["get-tiny-image", {}, /\[image image\/png, .*: not shown\]/],
    ["get-annotated-message", { messageType: "error" }, /Error/],
    ["get-structured-content", { location: "Chicago" }, /temperature/],
    ["get-resource-links", { count: 2 }, /\[resource demo:/],
    ["get-resource-reference", { resourceType: "Text", resourceId: 1 }, /demo:\/\/resource/],
    ["get-env", {}, /PATH/],
    ["get-roots-list", {}, /workspace/],
    ["toggle-simulated-logging", {}, /logging/i],
    ["toggle-subscriber-updates", {}, /updates/i],
    ["trigger-long-running-operation", { duration: 1, steps: 2 }, /completed/],
  ];
  const calls: readonly (readonly [string, JsonObject, RegExp])[] = [
    ...everything.map(([name, args, result]) => [`mcp__everything__${name}`, args, result] as const),
    ["ListMcpResources", { server: "everything" }, /demo:\/\/resource\/dynamic\/text/],
    ["ReadMcpResource", { server: "everything", uri: "demo://resource/dynamic/text/7" }, /Resource 7/],
    ["mcp__files__list_directory", { path: `${place.project}/src` }, /a\.txt/],
    ["mcp__files__read_text_file", { path: `${place.project}/src/a.txt` }, /the text of a/],
    ["mcp__files__write_file", { path: `${place.project}/src/b.txt`, content: "x" }, /EROFS|EACCES/],
    ["mcp__files__read_text_file", { path: `${place.home}/.ssh/id_ed25519` }, /denied|outside/i],
    [
      "mcp__memory__create_entities",
      { entities: [{ name: "cell", entityType: "thing", observations: ["closed"] }] },
      /cell/,
    ],
    ["mcp__memory__read_graph", {}, /closed/],
    [
      "mcp__thinking__sequentialthinking",
      { thought: "one", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      /thoughtNumber/,
    ],
  ];
  const rehearsal = await rehearse([
    ...calls.map(([name, args]) => ({ calls: [use(name, args)] })),
    { text: "Done." },
  ]);
  const allow = [
    "mcp__everything",
    "mcp__files",
    "mcp__memory",
    "mcp__thinking",
    "ListMcpResources",
    "ReadMcpResource",
  ];
  const outcome = await cloister(place, [
    ...["-p", "Use them all. @everything:demo://resource/dynamic/text/3", "--endpoint", rehearsal.url],
    ...allow.flatMap((rule) => ["--allow", rule]),
  ]);
  await rehearsal.close();
  assert.equal(outcome.code, 0, outcome.stderr);
  const all = bodies(rehearsal);
  for (const [index, body] of all.entries()) {
    assert.ok(index === 0 || body.startsWith((all[index - 1] ?? "").slice(0, -2)), "the prefix only grows");
  }
  assert.match(all[0] ?? "", /Resource 3/, "the mentioned resource is attached");
  const results = resultsIn(all.at(-1) ?? "{}");
  for (const [index, [name, , expected]] of calls.entries()) {
    assert.match(results[index] ?? "(no result)", expected, name);
  }
  const entries = await place.entries();
  const contacts = entries.filter((entry) => /"t":"egress/.test(JSON.stringify(entry)));
  assert.deepEqual(contacts, [], "none of them had a network");
});
