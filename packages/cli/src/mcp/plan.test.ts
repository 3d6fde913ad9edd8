import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseMcpServers, type McpServer } from "@cloister/agent/extensions";
import { builtInPolicy, type Policy } from "@cloister/policy";
import { parseMcpArguments } from "./mcp-arguments.ts";
import { readMcpFile, type McpFile } from "./mcp-file.ts";
import { confinedBy, planMcp } from "./plan.ts";

function fileWith(value: object, mode = 0o600): McpFile {
  const home = mkdtempSync(join(tmpdir(), "mcp-plan-"));
  const path = join(home, ".cloister", "mcp.json");
  try {
    mkdirSync(join(home, ".cloister"));
    writeFileSync(path, JSON.stringify(value));
    chmodSync(path, mode);
    return readMcpFile(home);
  } finally {
    rmSync(home, { recursive: true });
  }
}

const project = (servers: object): readonly McpServer[] =>
  parseMcpServers(servers, { scope: "project", path: "/w/.mcp.json" }, "claude").servers;
const variables: Readonly<Record<string, string>> = { MINE: "value-of-mine", NAMED: "value-of-named" };
const plan = (file: McpFile, others: readonly McpServer[] = [], policy: Policy = builtInPolicy) =>
  planMcp({ file, others, policy, variable: (name) => variables[name] });

test("a project's server gets the variables that the person named for others, and none of their rights", () => {
  const file = fileWith({
    variables: ["NAMED"],
    mcpServers: { own: { command: "x", env: { A: "${MINE}" }, write: true } },
  });
  const others = project({
    theirs: { command: "y", env: { A: "${MINE}", B: "${NAMED}" }, write: true, allow: ["evil.example"] },
  });
  const { servers, secrets, losses } = plan(file, others);
  const found = new Map(servers.map(({ server, rights }) => [server.name, { server, rights }]));
  assert.deepEqual(found.get("theirs")?.server.kind === "stdio" && found.get("theirs")?.server, {
    ...others[0],
    env: { A: "${MINE}", B: "value-of-named" },
  });
  assert.deepEqual([found.get("theirs")?.rights.write, found.get("theirs")?.rights.allow], [false, []]);
  assert.equal(found.get("own")?.rights.write, true);
  assert.deepEqual(new Set(secrets), new Set(["value-of-mine", "value-of-named"]));
  assert.equal(losses.length, 1, "that a variable is missing is told");
});

test("the person's own definition of a name wins over a project's, and no two servers share a name of their tools", () => {
  const file = fileWith({
    mcpServers: { db: { command: "mine" }, "a.b": { url: "https://a.example", type: "http" } },
  });
  const { servers, losses } = plan(file, project({ db: { command: "theirs" }, a_b: { command: "theirs" } }));
  const commands = servers.map(({ server }) => (server.kind === "stdio" ? server.command : server.url));
  assert.ok(commands.includes("mine") && commands.length === 2);
  assert.match(losses[0]?.message ?? "", /another server is called a_b already/);
});

test("an organisation's list is the only one, and its hosts bound those of a server", () => {
  const source = { rule: "settings", line: 1 };
  const policy: Policy = {
    ...builtInPolicy,
    settings: {
      "mcp.servers": { mode: "mandatory", value: ["db"], source },
      "cell.allow": { mode: "mandatory", value: ["a.example"], source },
    },
  };
  const file = fileWith({
    mcpServers: { db: { command: "x", allow: ["a.example", "b.example"] }, other: { command: "y" } },
  });
  const { servers, losses } = plan(file, [], policy);
  assert.deepEqual(
    servers.map(({ server, rights }) => [server.name, rights.allow]),
    [["db", ["a.example"]]],
  );
  assert.match(losses[0]?.message ?? "", /other: it is not among those of the policy/);
});

test("confined is what can change nothing and reach nothing, and nothing is without a cell", () => {
  const mcpServers = {
    still: { command: "x" },
    hands: { command: "x", write: true },
    far: { command: "x", allow: ["a.example"] },
    web: { url: "https://a.example", type: "http" },
  };
  const made = plan(fileWith({ mcpServers }));
  const isConfined = confinedBy(made, "bubblewrap");
  const tools = ["still", "hands", "far", "web", "stil"].filter((name) => isConfined(`mcp__${name}__do`));
  assert.deepEqual(tools, ["still"]);
  assert.equal(confinedBy(made, "none")("mcp__still__do"), false);
});

test("a right that cannot be read, or a file that others can write, is refused", () => {
  assert.throws(() => fileWith({ mcpServers: { a: { command: "x", write: "yes" } } }), /"write" must be/);
  assert.throws(
    () => fileWith({ mcpServers: { a: { url: "https://x", type: "http", clearance: "top" } } }),
    /no label/,
  );
  assert.throws(() => fileWith({ mcpServers: { a: {} } }), /neither a command nor an address/);
  assert.throws(() => fileWith({ mcpServers: {} }, 0o666), /others can write it/);
});

test("what follows -- is the server's own command line", () => {
  const parsed = parseMcpArguments([
    "add",
    "db",
    "--write",
    "--env",
    "A=b=c",
    "--",
    "node",
    "--write",
    "x.js",
  ]);
  assert.deepEqual(parsed, {
    ...{ command: "mcp", action: "add", name: "db" },
    entry: { command: "node", args: ["--write", "x.js"], env: { A: "b=c" }, write: true },
  });
  assert.throws(() => parseMcpArguments(["add", "db"]), /a command or an address/);
  assert.throws(() => parseMcpArguments(["add", "db", "--env", "A", "--", "x"]), /is not NAME=VALUE/);
});
