// What of Node a request loads, in the form in which it is published: it is paid for at each start.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { createAuthority } from "./certificates.ts";
import { listenTls } from "./house.ts";
import { listenHttp } from "./loopback.ts";

const program = `
const { createBackend } = require("./backend.cjs");
const clock = { now: Date.now, sleep: () => new Promise(() => {}) };
const [baseUrl, extraCa] = process.argv.slice(2);
const backend = createBackend({ baseUrl, clock, network: extraCa === undefined ? {} : { extraCa } });
const { signal } = new AbortController();
backend.send("/x", [Buffer.from("{}")], { signal }).then(async ({ status, body }) => {
  for await (const _ of body);
  await backend.close();
  const loaded = process.moduleLoadList.filter((name) => name.startsWith("NativeModule "));
  console.log(status + " " + loaded.map((name) => name.slice("NativeModule ".length)).join(" "));
});`;

test("a plain request to this machine loads nothing of TLS, of names, of HTTP/2 or of address ranges", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cloister-modules-"));
  t.after(() => rm(folder, { recursive: true }));
  const common = { bundle: true, platform: "node", format: "cjs", logLevel: "silent" } as const;
  const entry = join(import.meta.dirname, "../src/index.ts");
  const external = ["node-llama-cpp"];
  await build({ ...common, external, entryPoints: [entry], outfile: join(folder, "backend.cjs") });
  await build({
    stdin: { contents: program },
    ...{ platform: "node", format: "cjs", outfile: join(folder, "ask.cjs") },
  });
  const ask = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "ask.cjs"), ...args]);
    return stdout.trim().split(" ");
  };
  const heavy = ["tls", "https", "http2", "dns", "dns/promises", "internal/blocklist"];

  const plain = await listenHttp((_, response) => response.end("ok"));
  t.after(() => plain.close());
  const [status, ...loaded] = await ask(plain.url);
  assert.equal(status, "200");
  assert.ok(loaded.includes("http"));
  assert.deepEqual(
    heavy.filter((name) => loaded.includes(name)),
    [],
  );

  const house = createAuthority();
  t.after(() => house.remove());
  const { port } = await listenTls(t, house.issue(["DNS:localhost"]));
  const [, ...overTls] = await ask(`https://localhost:${port}`, house.ca);
  assert.ok(overTls.includes("tls"), "the list would tell");
});
