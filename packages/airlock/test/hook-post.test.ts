/** What a hook's server is told, and what it is not: its answer comes before any model has seen what it is about. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createDial, createSecure } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import { openLedger } from "@cloister/ledger";
import { createHookPost, openSession, type HookAnswer } from "../src/index.ts";
import { listen } from "./egress-world.ts";
import { confidential, house, indexOf } from "./policy-world.ts";

test("a hook's server is not told what is above its clearance, though no model was shown it yet", async () => {
  await using world = await openTest();
  const tell = (event: JsonObject): Promise<HookAnswer> => world.tell(event);
  assert.equal(
    (await tell({ tool_name: "Read", tool_response: { output: "plain words" } })).kind,
    "answered",
  );
  const above: readonly JsonObject[] = [
    { tool_name: "Bash", tool_input: { command: "cat a" }, tool_response: { output: confidential } },
    { tool_name: "Read", tool_input: { file_path: "restricted/a.v" }, tool_response: { output: "x" } },
    { tool_name: "Read", tool_response: { output: "x", filePath: `${world.workspace}/restricted/a.v` } },
    { tool_name: "Bash", tool_input: { command: "cat deep/restricted/a.v" } },
    { tool_name: "UseTool", tool_input: { name: "X", arguments: { path: "restricted/a.v" } } },
    { prompt: confidential },
    { tool_response: [{ text: JSON.stringify({ text: confidential }) }] },
  ];
  for (const [at, event] of above.entries()) {
    const answer = await tell(event);
    assert.ok(answer.kind === "failed", `${at}`);
    assert.match(answer.why, /holds more than 127\.0\.0\.1 is cleared for \(internal\)/);
  }
  assert.equal(world.heard.length, 1);
});

interface World extends AsyncDisposable {
  readonly workspace: string;
  readonly heard: readonly string[];
  tell(event: JsonObject): Promise<HookAnswer>;
}

async function openTest(): Promise<World> {
  const base = mkdtempSync(join(tmpdir(), "hook-post-"));
  const heard: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request
      .on("data", (chunk: Buffer) => (body += chunk.toString("utf8")))
      .on("end", () => {
        heard.push(body);
        response.setHeader("content-type", "application/json");
        response.end("{}");
      });
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  const ledger = await openLedger({ directory: join(base, "ledger"), clock: systemClock });
  const session = openSession({
    client: { name: "test", version: "1", evidence: "started" },
    workspaceLabel: "internal",
    workspace: base,
    policy: house,
    indexes: [indexOf()],
    ledger,
    clock: systemClock,
    onTrouble: (trouble) => assert.fail(String(trouble)),
  });
  const post = createHookPost({ session, allow: [], dial: createDial(), secure: createSecure({}) });
  const address = { name: "hook-1", url, headers: {}, isOwn: true };
  return {
    workspace: base,
    heard,
    tell: (event) => post(address, JSON.stringify(event), new AbortController().signal),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await ledger.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
