/** Known secrets through every way into a session, and a look at every byte that went out of it or stayed behind. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { buildPdf } from "@cloister/fakes";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import type { JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";

const made: string[] = [];
const ways = new Map<string, string>();

/** One for each way, made up here and nowhere else. */
function secretFor(way: string): string {
  const body = createHash("sha256")
    .update(way)
    .digest("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .slice(0, 24);
  const secret = ["sk", "live", body].join("_");
  if (!made.includes(secret)) made.push(secret);
  ways.set(secret, way);
  return secret;
}

function put(root: string, path: string, text: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, { mode });
}

/** As text, and inside base64, wherever in a group of three bytes it begins. */
function leaksIn(bytes: string): string[] {
  return made
    .filter((secret) => formsOf(secret).some((form) => bytes.includes(form)))
    .map((secret) => ways.get(secret) ?? "");
}

function formsOf(secret: string): string[] {
  const inner = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString("base64");
    return text.slice(shift === 0 ? 0 : 4, text.length - 4);
  });
  return [secret, secret.slice(8), ...inner];
}

function everyByte(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((name) => name.isFile());
  return files.map((name) => readFileSync(join(name.parentPath, name.name), "latin1")).join("\n");
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, data, Buffer.alloc(4)]);
}

/** Two pixels, and a word about its maker. */
function picture(words: string): Buffer {
  const start = Buffer.from("89504e470d0a1a0a0000000d4948445200000002000000010802000000", "hex");
  const rest = [
    chunk("tEXt", Buffer.from(`Comment\0${words}`)),
    chunk("IDAT", Buffer.alloc(600)),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([start, Buffer.alloc(4), ...rest]);
}

const mcpServer = `
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
const text = require("node:fs").readFileSync("keys/mcp", "utf8");
console.error("started with " + text);
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line);
  if (method === "initialize") say({ id, result: { protocolVersion: "2025-06-18", capabilities: { tools: {}, resources: {} }, serverInfo: { name: "t", version: "1" }, instructions: "use " + text } });
  else if (method === "tools/list") say({ id, result: { tools: [{ name: "tell", description: "tells " + text, inputSchema: { type: "object" } }] } });
  else if (method === "resources/list") say({ id, result: { resources: [{ uri: "x://a", name: "a " + text }] } });
  else if (method === "resources/templates/list") say({ id, result: { resourceTemplates: [] } });
  else if (method === "resources/read") say({ id, result: { contents: [{ uri: "x://a", text: "resource " + text }] } });
  else if (method === "tools/call") say({ id, result: { content: [{ type: "text", text: "told " + text }] } });
});
`;

const call = (name: string, args: JsonObject): RehearsalTurn => ({ calls: [{ name, arguments: args }] });
const use = (name: string, args: JsonObject): RehearsalTurn => call("UseTool", { name, arguments: args });
const sealed = (turn: RehearsalTurn): RehearsalTurn => ({
  ...turn,
  expect: { lastMessageContains: ["CLS_"] },
});

function fill(place: Place): void {
  const { project, home } = place;
  const key = (name: string): string => `key: ${secretFor(name)}\n`;
  for (const name of ["command", "background", "news", "terminal", "wrapped", "mcp", "hook", "injected"]) {
    put(project, `keys/${name}`, key(name));
  }
  put(project, "AGENTS.md", `The ${key("instructions")}`);
  put(project, "a.pdf", buildPdf([secretFor("pdf")]));
  put(project, "shot.png", picture(secretFor("picture")));
  const outputs = [{ output_type: "stream", name: "stdout", text: [key("notebook")] }];
  const cells = [{ cell_type: "code", execution_count: 1, id: "c1", metadata: {}, outputs, source: ["x"] }];
  put(project, "n.ipynb", JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  put(project, "config.js", `const a = "${secretFor("file")}";\nconst b = 1;\n`);
  put(
    home,
    ".claude/skills/ship/SKILL.md",
    `---\nname: ship\ndescription: "ships ${secretFor("description")}"\n---\nUse ${secretFor("skill")}, and !\`cat keys/injected\`\n`,
  );
  const hook = `${home}/.claude/hooks/tell.sh`;
  const said = `{"systemMessage": "'"$k"'", "hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "'"$k"'"}}`;
  put(home, ".claude/hooks/tell.sh", `#!/bin/sh\nk=$(cat keys/hook)\necho "$k" >&2\necho '${said}'\n`, 0o755);
  const hooks = { PostToolUse: [{ matcher: "Glob", hooks: [{ type: "command", command: hook }] }] };
  put(home, ".claude/settings.json", JSON.stringify({ hooks }));
  put(home, ".cloister/settings.json", '{"vision": true}');
  put(project, "tools/server.cjs", mcpServer);
  const mcpServers = { keys: { command: "node", args: ["tools/server.cjs"] } };
  put(home, ".cloister/mcp.json", JSON.stringify({ mcpServers }), 0o600);
}

test("no secret that a session met stands in clear in what was sent, shown, kept or exported", async () => {
  using place = createPlace();
  fill(place);
  const page = secretFor("page");
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<title>${page}</title><p>The key is ${page}.`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const placeholder = "{{match:const a = .(CLS_\\w+)}}";
  const rehearsal = await rehearse([
    call("Bash", { command: "cat keys/command" }),
    sealed(call("Bash", { command: "cat keys/background; sleep 100", run_in_background: true })),
    sealed(call("Bash", { command: "sleep 0.3; cat keys/news", run_in_background: true })),
    use("BashTerminal", { command: "cat keys/terminal; printf '%085d' 0; cat keys/wrapped; sleep 100" }),
    call("Glob", { pattern: "*.js" }),
    sealed(use("mcp__keys__tell", {})),
    sealed(use("ReadMcpResource", { server: "keys", uri: "x://a" })),
    sealed(use("ListMcpResources", {})),
    sealed(use("WebFetch", { url: `http://127.0.0.1:${port}/` })),
    sealed(call("Read", { file_path: "a.pdf" })),
    sealed(call("Read", { file_path: "n.ipynb" })),
    sealed(call("Read", { file_path: "shot.png" })),
    use("Skill", { skill: "ship" }),
    sealed(call("Read", { file_path: "config.js" })),
    sealed(
      call("Edit", {
        file_path: "config.js",
        old_string: `const a = "${placeholder}";\nconst b = 1;`,
        new_string: `const a = "${placeholder}";\nconst b = 2;`,
      }),
    ),
    { text: "Done." },
  ]);
  const result = await cloister(place, [
    ...["-p", `The key is ${secretFor("prompt")}`, "--endpoint", rehearsal.url, "--verbose"],
    ...["--output-format", "stream-json", "--allow-host", `127.0.0.1:${port}`, "--allow", "WebFetch"],
    ...["--allow", "Skill", "--allow", "Bash", "--allow", "mcp__keys__*"],
  ]);
  await rehearsal.close();
  server.close();
  server.closeAllConnections();
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(rehearsal.failures, []);
  assert.match(readFileSync(join(place.project, "config.js"), "utf8"), /sk_live_[^]*b = 2/);
  assert.deepEqual(leaksIn(bodies(rehearsal).join("\n")), [], "sent");
  assert.deepEqual(leaksIn(result.stdout), [], "stdout");
  assert.deepEqual(leaksIn(result.stderr), [], "stderr");
  assert.deepEqual(leaksIn(everyByte(join(place.home, ".cloister"))), [], "kept");
  const [, id = ""] = /"session_id":"(ses_\w+)"/.exec(result.stdout) ?? [];
  for (const format of ["md", "html", "json"]) {
    const exported = await cloister(place, ["sessions", "export", id, "--format", format]);
    assert.equal(exported.code, 0, exported.stderr);
    assert.deepEqual(leaksIn(exported.stdout), [], format);
  }
});
