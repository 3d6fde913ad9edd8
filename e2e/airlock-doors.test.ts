/** `cloister airlock` as a user starts it: where it listens, what it records before anybody asks, what it prints. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { readLines } from "@cloister/base";
import { cloister, createPlace, mainFile, type Place } from "./harness.ts";

test("what a server is asked at start is on record before it is asked, and nothing of it is content", async () => {
  using place = createPlace();
  // Asked for anything while the ledger holds no entry for it, it remembers that.
  const unrecorded: string[] = [];
  const asked: string[] = [];
  await using server = await openServer(async ({ method, path }) => {
    asked.push(`${method} ${path}`);
    const contacts = (await place.entries()).filter(({ t }) => t === "contact");
    const times = asked.filter((one) => one === `${method} ${path}`).length;
    const known = contacts.filter((entry) => entry["method"] === method && entry["path"] === path).length;
    if (known < times) unrecorded.push(`${method} ${path}`);
    return path === "/v1/messages" ? [400, "{}"] : [404, "{}"];
  });
  const airlock = await startAirlock(place, ["--endpoint", server.url, "--model", "m"]);
  await airlock[Symbol.asyncDispose]();
  assert.deepEqual(unrecorded, []);
  // A server without a list is asked by its routes, one protocol after the other.
  assert.ok(asked.includes("GET /v1/models"));
  assert.deepEqual(asked.slice(-2), ["POST /v1/chat/completions", "POST /v1/messages"]);
  const contacts = (await place.entries()).filter(({ t }) => t === "contact");
  for (const entry of contacts) {
    assert.deepEqual(Object.keys(entry).toSorted(), ["bytes", "method", "n", "path", "t", "ts", "url", "v"]);
  }
});

test("a foreign session is on record from its beginning to the airlock's end", async () => {
  using place = createPlace();
  await using server = await openServer(({ path }) => {
    if (path === "/v1/models") return [200, JSON.stringify({ data: [{ id: "m", owned_by: "vllm" }] })];
    const choices = [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }];
    return [200, JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices })];
  });
  {
    await using airlock = await startAirlock(place, ["--endpoint", `home=${server.url}`]);
    const response = await fetch(`${airlock.lines[0]}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "Tool/3.1 (x)" },
      body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "hello" }] }),
    });
    assert.equal(response.status, 200);
    await response.text();
  }
  const entries = await place.entries();
  const of = (type: string): number => entries.findIndex(({ t }) => t === type);
  const start = entries[of("session.start")];
  assert.deepEqual(start?.["client"], { name: "Tool", version: "3.1", evidence: "claimed" });
  assert.deepEqual([start["endpoint"], start["door"]], ["home", "chat"]);
  assert.ok(of("session.start") < of("exposure.intent") && of("exposure.intent") < of("session.end"));
  assert.equal(entries[of("session.end")]?.["outcome"], "closed");
  assert.equal(entries[of("session.end")]?.["session"], start["session"]);
});

test("--setup names every program, with the address and the model; for a socket it says how to bridge it", async () => {
  using place = createPlace();
  await using server = await openServer(() => [
    200,
    JSON.stringify({ data: [{ id: "qwen3", owned_by: "vllm" }] }),
  ]);
  const names = [
    "Claude Code",
    "Codex",
    "Qwen Code",
    "opencode",
    "Cline",
    "Continue",
    "OpenAI SDK",
    "Anthropic SDK",
  ];
  {
    await using airlock = await startAirlock(place, ["--endpoint", server.url, "--setup"], 1 + names.length);
    const [address = "", ...lines] = airlock.lines;
    assert.deepEqual(
      lines.map((line) => line.split(":")[0]),
      names,
    );
    for (const line of lines) assert.ok(line.includes(address), line);
    for (const line of lines.slice(0, -2)) assert.ok(line.includes("qwen3"), line);
  }
  const socket = join(place.base, "airlock.sock");
  await using airlock = await startAirlock(place, ["--endpoint", server.url, "--setup"], 5 + names.length, [
    "--socket",
    socket,
  ]);
  const text = airlock.lines.slice(1).join("\n");
  assert.match(text, /No client takes a Unix socket/);
  assert.ok(text.includes(`UNIX-CONNECT:${socket}`));
  assert.equal(text.includes("unix:"), false);
  assert.equal(await statusOver(socket), 200);
  assert.ok(existsSync(socket));
});

test("it listens on loopback only, on one place only, and says so", async () => {
  using place = createPlace();
  for (const [args, expected] of [
    [["--listen", "0.0.0.0:8642"], /127\.0\.0\.1:PORT only/],
    [["--listen", "[::]:8642"], /127\.0\.0\.1:PORT only/],
    [["--listen", "192.0.2.1:8642"], /127\.0\.0\.1:PORT only/],
    [["--listen", "example.test:1"], /127\.0\.0\.1:PORT only/],
    [["--listen", "127.0.0.1"], /--listen cannot be "127\.0\.0\.1"/],
    [["--listen", "127.0.0.1:99999"], /from 0 to 65535/],
    [["--listen", "127.0.0.1:1", "--socket", "x"], /do not go together/],
  ] as const) {
    const { code, stderr } = await cloister(place, ["airlock", ...args]);
    assert.notEqual(code, 0);
    assert.match(stderr, expected, args.join(" "));
  }
});

interface Started extends AsyncDisposable {
  readonly lines: string[];
}

/** Waits for so many lines of output; the first is the address. */
async function startAirlock(
  place: Place,
  args: readonly string[],
  lineCount = 1,
  where: readonly string[] = ["--listen", "127.0.0.1:0"],
): Promise<Started> {
  const child = spawn(process.execPath, [mainFile, "airlock", ...where, ...args], {
    cwd: place.project,
    env: { PATH: process.env["PATH"], HOME: place.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const lines: string[] = [];
  for await (const line of readLines(child.stdout, { lineCharsMax: 10_000 })) {
    lines.push(line);
    if (lines.length === lineCount) break;
  }
  if (lines.length < lineCount) throw new Error(`only ${lines.length} lines: ${lines.join("\n")}\n${errors}`);
  return {
    lines,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

type Reply = readonly [status: number, body: string];

interface Opened extends AsyncDisposable {
  readonly url: string;
}

async function openServer(
  answer: (asked: { method: string; path: string }) => Reply | Promise<Reply>,
): Promise<Opened> {
  const server = createServer((request, response) => {
    void (async () => {
      await Array.fromAsync(request);
      const [status, body] = await answer({ method: request.method ?? "", path: request.url ?? "" });
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function statusOver(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath, path: "/v1/models", method: "GET" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
