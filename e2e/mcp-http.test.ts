/** MCP servers over HTTP in real sessions: recorded, judged by label, and reached only where a person named them. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse, bodies, type Place } from "./harness.ts";

interface Remote extends AsyncDisposable {
  readonly url: string;
  readonly bodies: string[];
}

/** It has one tool, which repeats what it is told. */
async function startRemote(): Promise<Remote> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method !== "POST") return response.writeHead(405).end();
      const body = Buffer.concat(chunks).toString();
      received.push(body);
      const { id, method, params } = JSON.parse(body) as {
        id?: number;
        method: string;
        params?: { arguments?: object };
      };
      if (id === undefined) return response.writeHead(202).end();
      const text = JSON.stringify(params?.arguments ?? {});
      const results: Record<string, object> = {
        initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "r" } },
        "tools/list": {
          tools: [
            { name: "repeat", inputSchema: { type: "object", properties: { text: { type: "string" } } } },
          ],
        },
        "tools/call": { content: [{ type: "text", text }] },
      };
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] ?? {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    url: `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}/mcp`,
    bodies: received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function settle(place: Place, mcpServers: object): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "mcp.json"), JSON.stringify({ mcpServers }), { mode: 0o600 });
}

const turns = (text: string): Parameters<typeof rehearse>[0] => [
  { calls: [{ name: "UseTool", arguments: { name: "mcp__far__repeat", arguments: { text } } }] },
  { text: "Done." },
];

test("what a server elsewhere is told is recorded first, and a secret in it stays sealed", async () => {
  using place = createPlace();
  await using remote = await startRemote();
  const key = ["AK", "IA", "QYLPMN5HHHFPZAM2"].join("");
  settle(place, { far: { type: "http", url: remote.url, headers: { "x-key": key } } });
  const rehearsal = await rehearse(turns(`hello ${key}`));
  const outcome = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(bodies(rehearsal)[1] ?? "", /hello CLS_/);
  const call = remote.bodies.find((body) => body.includes("tools/call")) ?? "";
  assert.match(call, /hello CLS_/);
  assert.ok(!remote.bodies.some((body) => body.includes(key)));
  const entries = (await place.entries()).filter(({ t }) => t === "mcp.message");
  assert.deepEqual(
    entries.map((entry) => /"method":"([^"]+)"/.exec(JSON.stringify(entry))?.[1]),
    remote.bodies.map((body) => (JSON.parse(body) as { method: string }).method),
  );
});

test("a server that is not cleared for what the session holds is told nothing", async () => {
  using place = createPlace();
  await using remote = await startRemote();
  settle(place, { far: { type: "http", url: remote.url } });
  const rehearsal = await rehearse([{ text: "Done." }]);
  const outcome = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url, "--label", "restricted"]);
  await rehearsal.close();
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(
    bodies(rehearsal)[0] ?? "",
    /far is not there: .*holds something restricted.*cleared for internal/,
  );
  assert.deepEqual(remote.bodies, []);
});
