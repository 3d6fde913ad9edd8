/** The keeper's door to an MCP server elsewhere, asked by an agent that was taken over: no model made these calls. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { createJudgement, openSession, type AirlockSession } from "@cloister/airlock";
import { systemClock } from "@cloister/base";
import { createIndexBuilder, parseRules, type Label } from "@cloister/policy";
import { clearancesOf } from "../src/mcp/clearance.ts";
import { defineHttpServer } from "../src/mcp/http-server.ts";
import { createMessageGate } from "../src/mcp/judge-message.ts";

interface Far extends Disposable {
  readonly url: string;
  readonly heard: string[];
}

async function startFar(): Promise<Far> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      heard.push(Buffer.concat(chunks).toString());
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/mcp`,
    heard,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function openTestSession(
  denied: readonly string[],
  more: Partial<Parameters<typeof openSession>[0]> = {},
): AirlockSession {
  const { rules } = parseRules({ deny: denied }, { origin: "permissions.yaml:1", isTrusted: true });
  return openSession({
    client: { name: "test", version: "1", evidence: "started" },
    workspaceLabel: "internal",
    workspace: "/tmp",
    judgement: createJudgement({ rules }),
    ledger: { append: () => Promise.resolve({ index: 0 }) } as unknown as AirlockSession["ledger"],
    clock: systemClock,
    onTrouble: () => undefined,
    ...more,
  });
}

/** What the agent hears for these lines. */
async function say(
  session: AirlockSession,
  url: string,
  lines: readonly string[],
  clearance = "core",
): Promise<string> {
  const origin = { scope: "user", path: "/home/me/.cloister/mcp.json" } as never;
  const definition = defineHttpServer(
    { kind: "http", name: "far", url, headers: {}, origin } as never,
    {
      server: {} as never,
      rights: { read: [], write: false, allow: [], isPrivate: false, clearance } as never,
    },
    { session, clock: systemClock, tokens: { read: () => undefined, write: () => undefined } },
  );
  assert.ok("bridge" in definition);
  const heard: string[] = [];
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const line of lines) yield Buffer.from(`${line}\n`);
  }
  await definition.bridge({
    input: input(),
    output: (bytes) => {
      heard.push(Buffer.from(bytes).toString());
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  });
  return heard.join("");
}

const callOf = (name: string, args: object): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } });

test("a tool that a rule denies is not called, whoever asks and however its name is written", async () => {
  using far = await startFar();
  const session = openTestSession(["mcp__far__delete_all"]);
  for (const name of ["delete_all", "delete.all", "delete all"]) {
    assert.match(await say(session, far.url, [callOf(name, {})]), /not allowed .*mcp__far__delete_all/);
  }
  assert.deepEqual(far.heard, []);
  await say(session, far.url, [callOf("list", {})]);
  assert.equal(far.heard.length, 1);
});

test("a secret leaves in no spelling that JSON has for it, and several messages in one are none", async () => {
  using far = await startFar();
  const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
  const spelled = Array.from(
    secret,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  ).join("");
  const session = openTestSession(["mcp__far__delete_all"]);
  await say(session, far.url, [
    callOf("list", { a: secret, [secret]: 1 }),
    callOf("list", { a: "x" }).replace("x", spelled),
    `[${callOf("delete_all", {})}]`,
  ]);
  assert.equal(far.heard.length, 2);
  assert.ok(
    far.heard.every((body) => !JSON.stringify(JSON.parse(body)).includes(secret) && body.includes("CLS_")),
  );
});

test("a server that is a program hears no denied call either, and each message in the one reading that was judged", () => {
  const gate = createMessageGate("far", openTestSession(["mcp__far__delete_all"]));
  const denied = gate(callOf("delete_all", {}));
  assert.match(denied !== undefined && "answer" in denied ? denied.answer : "", /"id":1,.*not allowed/);
  const twice = callOf("list", {}).replace('"list"', '"delete_all","name":"list"');
  assert.deepEqual(gate(twice), { pass: callOf("list", {}) });
  for (const line of ["no json", "5", "null", `[${callOf("delete_all", {})}]`]) {
    assert.equal(gate(line), undefined, line);
  }
  const listed = '{"jsonrpc":"2.0","id":2,"method":"tools/list"}';
  assert.deepEqual(gate(listed), { pass: listed });
});

test("a program with a way out is told nothing above what its hosts are cleared for, and no secret; one without is", () => {
  const { session, ours, call } = withPrints();
  const { policy } = session;
  const heard = (hosts: readonly string[], label: Label, text: string): string => {
    const clearances = clearancesOf(hosts, label, { policy, isConfined: true });
    return JSON.stringify(createMessageGate("far", session, clearances)(call(text)));
  };
  assert.match(heard(["far.example:443"], "internal", ours), /"answer".*restricted.*cleared for internal/);
  assert.match(heard([], "internal", ours), /"answer".*cleared for internal/);
  assert.match(heard(["far.example:443"], "restricted", ours), /"pass"/);
  assert.match(heard(["far.example:443"], "internal", "plain words"), /"pass"/);
  const secret = ["sk", "live", "8dJ2kQw9Zr5Tn3Xb7Vm4Lc6P"].join("_");
  assert.match(heard(["far.example"], "internal", `key ${secret}`), /"pass".*CLS_/);
  assert.match(JSON.stringify(createMessageGate("far", session)(call(ours))), /"pass"/);
});

function withPrints(): {
  readonly session: AirlockSession;
  readonly ours: string;
  readonly call: (text: string) => string;
} {
  const ours = Array.from({ length: 60 }, (_, at) => `assign lane_${at * 7} = gate[${at * 13}] ^ tap;`).join(
    "\n",
  );
  const builder = createIndexBuilder();
  builder.add(ours);
  const index = builder.build({ name: "chip", label: "restricted", compartments: [] });
  const call = (text: string): string =>
    JSON.stringify({
      ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
      params: { name: "note", arguments: { text } },
    });
  return { session: openTestSession([], { indexes: [index] }), ours, call };
}

test("a text that no model was shown does not pass either, where the server is not cleared for it", async () => {
  using far = await startFar();
  const { session, ours, call } = withPrints();
  assert.match(await say(session, far.url, [call(ours)], "internal"), /restricted.*cleared for internal/);
  assert.deepEqual(far.heard, []);
  await say(session, far.url, [call("plain words")], "internal");
  await say(session, far.url, [call(ours)], "restricted");
  assert.equal(far.heard.length, 2);
});
