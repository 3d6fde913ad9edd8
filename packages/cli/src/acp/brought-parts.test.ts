/** What an editor brings and may choose, without a session. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { OpenedExtensions } from "../extension/open.ts";
import { askServers, askTrust } from "./before-first.ts";
import { choicesOf, modeNamed } from "./config-options.ts";
import { openServerApprovals, readEditorServers } from "./editor-servers.ts";
import { createLiveOutput } from "./live-output.ts";
import { readBlocks } from "./prompt-blocks.ts";
import { updatesOf } from "./updates.ts";

const program = { name: "my eyes", command: "/bin/eyes", args: ["-x"], env: [{ name: "K", value: "v" }] };
const user = { uid: process.getuid?.() ?? 0, gid: 0 };

test("servers of an editor are read with names that can be called; what reads our variables is refused by name", () => {
  const { servers, refused } = readEditorServers([
    program,
    { type: "http", name: "far", url: "https://h.example/mcp", headers: [{ name: "A", value: "b" }] },
    { name: "greedy", command: "/bin/x", args: ["${CLOISTER_API_KEY}"], env: [] },
    { name: "empty", args: [], env: [] },
    { type: "stream", name: "odd", url: "https://h.example", headers: [] },
    7,
    null,
  ]);
  assert.deepEqual(
    servers.map(({ name, kind }) => `${name} ${kind}`),
    ["my-eyes stdio", "far http"],
  );
  assert.deepEqual(
    refused.map(({ name }) => name),
    ["greedy", "empty", "odd"],
  );
  assert.deepEqual(readEditorServers("no list").servers, []);
});

test("a server counts after a yes to exactly that, in that folder; a list that others can write stops everything", async () => {
  const home = mkdtempSync(join(tmpdir(), "cloister-acp-"));
  const environment = { home, user } as Parameters<typeof askServers>[1]["environment"];
  const { signal } = new AbortController();
  try {
    const titles: unknown[] = [];
    let shown = "";
    const ask = (
      list: readonly unknown[],
      answer: string | undefined,
      workspace = "/w",
    ): Promise<unknown[]> =>
      askServers(readEditorServers(list).servers, {
        ...{ environment, workspace, signal },
        choose: (call) => {
          titles.push(call["title"]);
          shown = JSON.stringify(call["content"]);
          return Promise.resolve(answer);
        },
      }).then((allowed) => allowed.map(({ name }) => name));
    assert.deepEqual(await ask([program], undefined), []);
    assert.deepEqual(await ask([program], "no"), []);
    assert.deepEqual(await ask([program], "allow"), ["my-eyes"]);
    assert.equal(titles.length, 3);
    assert.deepEqual(await ask([program], "no"), ["my-eyes"]);
    assert.equal(titles.length, 3, "it was not asked about again");
    assert.deepEqual(await ask([{ ...program, args: ["\u202e-x"] }], "no"), []);
    assert.match(shown, /u\{202e\}-x/, "what cannot be seen is shown");
    assert.deepEqual(await ask([{ ...program, env: [] }], "no"), []);
    assert.deepEqual(await ask([program], "no", "/other"), []);
    const [server] = readEditorServers([program]).servers;
    assert.ok(server !== undefined);
    chmodSync(join(home, ".cloister", "editor-servers.json"), 0o666);
    assert.throws(() => openServerApprovals(home, user).has(server, "/w"), { code: "unsafe-trust" });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("a project without anything to run asks nothing", async () => {
  const opened = { trust: { kind: "nothing" }, items: [] } as unknown as OpenedExtensions;
  const fail = (): never => assert.fail("it asked");
  const asker = { environment: {}, workspace: "/w", choose: fail, signal: new AbortController().signal };
  assert.equal(await askTrust(opened, fail, asker as unknown as Parameters<typeof askTrust>[2]), false);
});

test("pictures are shown with the words; those of the project by their path, and none by its word for itself", () => {
  const image = (more: object): object => ({ type: "image", mimeType: "image/png", data: "QUJD", ...more });
  const read = (...blocks: readonly object[]): ReturnType<typeof readBlocks> => readBlocks(blocks, "/w");
  assert.deepEqual(read(image({})), {
    text: "[picture]",
    pictures: [{ kind: "bytes", from: "input", base64: "QUJD", name: "picture 1" }],
  });
  assert.deepEqual(read({ type: "text", text: "see" }, image({ uri: "file:///w/a%20b.png" })), {
    text: "see",
    pictures: [{ kind: "file", path: "a b.png" }],
  });
  for (const uri of ["file:///w/../etc/x.png", "file:///elsewhere.png", "https://h.example/x.png", 7, null]) {
    assert.equal(read(image({ uri })).pictures[0]?.kind, "bytes", String(uri));
  }
  const blob = { uri: "file:///else.png", blob: "QUJD", mimeType: "image/png" };
  assert.equal(read({ type: "resource", resource: blob }).pictures.length, 1);
  assert.equal(read({ type: "resource", resource: { ...blob, mimeType: "text/csv" } }).pictures.length, 0);
});

test("modes and models are offered; a mode of the command line is shown and cannot be had again", () => {
  const offered = choicesOf({
    mode: "dontAsk",
    model: "b",
    models: [{ id: "a", contextTokens: 9 }, { id: "b" }],
  });
  const text = JSON.stringify(offered);
  assert.match(text, /"currentModeId":"dontAsk"/);
  assert.match(text, /"category":"model","type":"select","currentValue":"b","options":\[\{"value":"b"/);
  assert.equal(modeNamed("plan"), "plan");
  for (const wanted of ["dontAsk", "bypass", "toString", ""]) {
    assert.throws(() => modeNamed(wanted), { code: "bad-mode" });
  }
});

test("what a command prints is told now and then, the end of it, and no more once it is over", () => {
  let now = 0;
  const live = createLiveOutput({ now: () => now });
  const print = (text: string, id = "1"): unknown => live({ kind: "progress", id, text });
  assert.match(JSON.stringify(print("a")), /"a"/);
  assert.equal(print("b"), undefined);
  now += 1000;
  assert.match(JSON.stringify(print("c")), /"abc"/);
  now += 1000;
  assert.ok(JSON.stringify(print("x".repeat(100_000))).length < 5000);
  live({ kind: "result", id: "1", name: "Bash", ok: true, text: "" });
  assert.match(JSON.stringify(print("new")), /"new"/);
  for (let id = 2; id < 500; id++) print("x", String(id));
  assert.equal(print("one too many", "last"), undefined);
});

test("how full the window is, is told where it is known", () => {
  const told = (window: number | undefined): unknown =>
    updatesOf({ kind: "context", used: 5.4, window }, "/w");
  assert.deepEqual(told(100), [{ sessionUpdate: "usage_update", used: 5, size: 100 }]);
  assert.deepEqual(told(undefined), []);
});
