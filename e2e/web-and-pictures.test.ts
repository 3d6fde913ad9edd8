/** Pages, pictures, PDFs and notebooks in real sessions: through the cell, the keeper and the record. */
import assert from "node:assert/strict";
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

async function serve(listener: RequestListener): Promise<Disposable & { readonly port: number }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    port: address.port,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function use(name: string, args: object): { name: string; arguments: Record<string, never> } {
  return { name: "UseTool", arguments: { name, arguments: args } as never };
}

test("a page of an allowed host reaches the model as Markdown, through the keeper, on record", async () => {
  using server = await serve((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<title>Docs</title><h1>Use <code>f()</code></h1><script>no()</script>");
  });
  using place = createPlace();
  const url = `http://127.0.0.1:${server.port}/docs`;
  const rehearsal = await rehearse([
    { calls: [use("WebFetch", { url })] },
    { expect: { lastMessageContains: ["Title: Docs", "# Use `f()`"] }, text: "Read it." },
  ]);
  const result = await cloister(place, [
    ...["-p", "read the docs", "--endpoint", rehearsal.url],
    ...["--allow-host", `127.0.0.1:${server.port}`, "--allow", "WebFetch"],
  ]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, []);
  assert.equal(result.code, 0, result.stderr);
  const types = (await place.entries()).map((entry) => JSON.stringify(entry["t"]));
  const order = ["web.fetch", "egress", "web.result"].map((type) => types.indexOf(JSON.stringify(type)));
  assert.ok(
    order.every((at, n) => at > (order[n - 1] ?? 0)),
    types.join(" "),
  );
  const raised = (await place.entries()).find((entry) => entry["t"] === "label.change");
  assert.equal(raised?.["integrity"], "untrusted");
});

test("without an allowed host the model is told which setting a person could change, and nothing is contacted", async () => {
  let asked = 0;
  using server = await serve((_request, response) => {
    asked += 1;
    response.end();
  });
  using place = createPlace();
  const rehearsal = await rehearse([
    { calls: [use("WebFetch", { url: `http://127.0.0.1:${server.port}/` })] },
    { expect: { lastMessageContains: ["--allow-host 127.0.0.1:"] }, text: "I cannot." },
  ]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url, "--allow", "WebFetch"]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, []);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(asked, 0);
});

const png = Buffer.from("89504e470d0a1a0a0000000d494844520000000a0000001408060000", "hex");

test("a picture is shown to a model that sees, and its bytes are on record as an exposure of its file", async () => {
  using place = createPlace();
  writeFileSync(join(place.project, "shot.png"), png);
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), '{"vision": true}');
  const rehearsal = await rehearse([
    { calls: [{ name: "Read", arguments: { file_path: "shot.png" } }] },
    { text: "A cat." },
  ]);
  const result = await cloister(place, ["-p", "what is it", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(result.code, 0, result.stderr);
  const body: unknown = JSON.parse(bodies(rehearsal)[1] ?? "");
  assert.ok(isRecord(body) && Array.isArray(body["messages"]));
  const last: unknown = body["messages"].at(-1);
  assert.ok(isRecord(last));
  assert.deepEqual(Object.keys(last).sort(), ["content", "role"]);
  assert.match(
    JSON.stringify(last["content"]),
    new RegExp(`data:image/png;base64,${png.toString("base64").slice(0, 20)}`),
  );
  const exposure = await cloister(place, ["ledger", "exposure", "--json"]);
  assert.match(exposure.stdout, /shot\.png/);
});

test("a notebook is read and edited by cell, and a PDF is read, in the agent's own cell", async () => {
  const cells = [
    { cell_type: "code", execution_count: 1, id: "c1", metadata: {}, outputs: [], source: ["x = 1"] },
  ];
  const notebook = `${JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
  using place = createPlace({ "n.ipynb": notebook, "a.pdf": "%PDF-1.4\n%%EOF" });
  const rehearsal = await rehearse([
    { calls: [{ name: "Read", arguments: { file_path: "n.ipynb" } }] },
    {
      expect: { lastMessageContains: ['id="c1"'] },
      calls: [use("NotebookEdit", { notebook_path: "n.ipynb", cell_id: "c1", new_source: "x = 2" })],
    },
    {
      expect: { lastMessageContains: ["Replaced cell 0"] },
      calls: [{ name: "Read", arguments: { file_path: "a.pdf" } }],
    },
    // The library is there, and says what is wrong with this one.
    { expect: { lastMessageContains: ["cannot be read as a PDF"] }, text: "Done." },
  ]);
  const result = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, []);
  assert.equal(result.code, 0, result.stderr);
  const after = readFileSync(join(place.project, "n.ipynb"), "utf8");
  assert.equal(
    after,
    notebook.replace("x = 1", "x = 2").replace('"execution_count": 1', '"execution_count": null'),
  );
});
