// What a person sees while they wait, in a real terminal: how far the prompt is, how fast it writes, who is to answer.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startLlamaServer, type LlamaServer } from "@cloister/fakes";
import { createPlace, rehearse, until, type Place } from "./harness.ts";
import { openPane, type Pane } from "./tmux.ts";

const usage = { promptTokens: 31_000, completionTokens: 60 };

interface Stage extends AsyncDisposable {
  readonly place: Place;
  readonly pane: Pane;
  readonly say: (text: string, sees: RegExp | string) => Promise<string>;
}

async function open(url: string, prepare: (place: Place) => void = () => {}): Promise<Stage> {
  const place = createPlace({ "notes.txt": "one\n" });
  prepare(place);
  const pane = openPane(place, { columns: 100, rows: 30 });
  await pane.sees("$");
  pane.type(`cloister --endpoint ${url}`);
  pane.press("Enter");
  await pane.sees(/· .*internal/);
  return {
    place,
    pane,
    say: pane.say,
    [Symbol.asyncDispose]: async () => {
      pane[Symbol.dispose]();
      place[Symbol.dispose]();
      await Promise.resolve();
    },
  };
}

function settings(place: Place, value: object): void {
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), JSON.stringify(value));
}

test("how far the prompt is read, then how fast it writes, and both in /cost when it is done", async () => {
  await using stack = new AsyncDisposableStack();
  const server: LlamaServer = await startLlamaServer();
  stack.defer(() => server.close());
  await using stage = await open(server.url);
  const { pane, say } = stage;
  const [, answer] = await Promise.all([say("read it all", /Working|The model reads/), server.next()]);
  assert.equal(answer.body["return_progress"], true);
  answer.reads({ read: 4000, total: 31_000, cached: 4000, ms: 0 });
  answer.reads({ read: 12_400, total: 31_000, cached: 4000, ms: 11_000 });
  await pane.sees(/Reading 12,400 of 31,000 tokens 40 % · about 2\d s more · \d+ s · esc/);
  answer.reads({ read: 31_000, total: 31_000, cached: 4000, ms: 36_000 });
  await pane.sees(/Reading 31,000 of 31,000 tokens 100 %/);
  const writing = setInterval(() => answer.says("word after word, "), 100);
  stack.defer(() => clearInterval(writing));
  await pane.sees(/Working ~\d+ tok\/s · first after \d/);
  clearInterval(writing);
  answer.ends(usage);
  await pane.sees(/✓ .*1 turn.*first after/);
  await say("/cost", /speed {3}\d+ tok\/s · first after [\d.]+ s {2}tiny-instruct\.gguf/);
});

test("/model shows every configured endpoint with what it may see and why, and those that do not answer", async () => {
  await using stack = new AsyncDisposableStack();
  const here = await rehearse([{ text: "Hi." }]);
  stack.defer(() => here.close());
  const far = await startLlamaServer({ model: "other-model" });
  stack.defer(() => far.close());
  const endpoints = {
    far: { url: far.url, clearance: "internal" },
    gone: { url: "http://127.0.0.1:9/v1" },
  };
  await using stage = await open(here.url, (place) => settings(place, { endpoints }));
  const { pane, say, place } = stage;
  const shown = await say("/model", /other-model +cleared for internal[^]*gone +not there: /);
  assert.match(shown, /❯ rehearsal +in use · cleared for core/);
  assert.match(shown, /by rule /);
  pane.type("other");
  await pane.sees("❯ other-model");
  pane.press("Enter");
  await pane.sees(
    /other-model answers from the next message on[^]*other-model · 127[^]*cleared for internal/,
  );
  const asked = (await place.entries()).filter(({ t }) => t === "contact").map(({ url }) => url);
  assert.ok(asked.includes(far.url) && asked.includes("http://127.0.0.1:9/v1"), JSON.stringify(asked));
});

test("/diff shows what a command changed, beside what a tool edited", async () => {
  await using stack = new AsyncDisposableStack();
  const command = "sed -i s/one/two/ notes.txt; printf 'new\\n' > made-by-a-command.txt; rm -f nothing";
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command } }] },
    { text: "Done so." },
  ]);
  stack.defer(() => rehearsal.close());
  await using stage = await open(rehearsal.url);
  const { say } = stage;
  stage.pane.type("go");
  stage.pane.press("Enter");
  await stage.pane.sees(/Done so\.[^]*✓|Allow/);
  if (stage.pane.screen().includes("Allow")) stage.pane.press("Enter");
  await stage.pane.sees(/Done so\.[^]*✓/);
  await say(
    "/diff",
    /In this session\n *made-by-a-command\.txt {2}\+1 −0[^]*new\n[^]*notes\.txt {2}\+1 −1[^]*- one\n.*\+ two/,
  );
});

test("/mcp shows each server as it is now; r starts one anew, and a list that changed is counted anew", async () => {
  await using stack = new AsyncDisposableStack();
  const rehearsal = await rehearse([{ text: "Hello." }]);
  stack.defer(() => rehearsal.close());
  await using stage = await open(rehearsal.url, (place) => {
    mkdirSync(join(place.home, ".cloister"), { recursive: true });
    const args = ["-e", serverSource];
    const servers = { growing: { command: process.execPath, args }, broken: { command: "/bin/false" } };
    writeFileSync(join(place.home, ".cloister", "mcp.json"), JSON.stringify({ mcpServers: servers }));
  });
  const { pane, say } = stage;
  await say("/mcp", /❯ ○ growing +starts with your first message[^]*○ broken/);
  pane.press("Escape");
  await pane.sees("What shall be done?");
  await say("hello", /Hello\.[^]*✓/);
  await say("/mcp", /● growing +ready · 2 tools[^]*✗ broken +not there/);
  pane.type("r");
  await pane.sees(/◌ growing +starting|● growing +ready · 1 tool/);
  await pane.sees(/● growing +ready · 2 tools/);
  pane.press("Enter");
  await pane.sees(/\/mcp growing\n +ready · 2 tools[^]*What it said\n[^]*mcp__growing__one/);
});

/** Says a while after its start that it has one tool more. */
const serverSource = `
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
const tools = [{ name: "one", inputSchema: { type: "object" } }];
let text = "";
process.stdin.on("data", (bytes) => {
  text += bytes;
  for (let end = text.indexOf("\\n"); end >= 0; end = text.indexOf("\\n")) {
    const message = JSON.parse(text.slice(0, end));
    text = text.slice(end + 1);
    if (message.method === "initialize") {
      const capabilities = { tools: { listChanged: true } };
      const serverInfo = { name: "growing", version: "1" };
      say({ id: message.id, result: { protocolVersion: "2025-11-25", capabilities, serverInfo } });
    } else if (message.method === "tools/list") {
      say({ id: message.id, result: { tools } });
      if (tools.length === 1) setTimeout(() => {
        tools.push({ name: "two", inputSchema: { type: "object" } });
        say({ method: "notifications/tools/list_changed" });
      }, 300);
    } else if (message.id !== undefined) say({ id: message.id, result: {} });
  }
});`;

test("within tmux, whoever is not at the keys is called once when the work is done", async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startLlamaServer();
  stack.defer(() => server.close());
  await using stage = await open(server.url);
  const { pane, place, say } = stage;
  const heard = join(place.base, "heard");
  execFileSync("tmux", ["-S", join(place.base, "tmux.sock"), "pipe-pane", `cat >> ${heard}`]);
  const [, answer] = await Promise.all([say("go", /Working|The model reads/), server.next()]);
  // As tmux tells it with \`focus-events\` on, when another window is looked at.
  pane.type("\u001b[O");
  answer.says("Done.");
  answer.ends(usage);
  await pane.sees(/Done\.[^]*✓/);
  const bells = (): number => {
    const text = execFileSync("cat", [heard], { encoding: "latin1" });
    // oxlint-disable-next-line no-control-regex -- titles end with the same sign
    return [...text.replaceAll(/\u001b\][^\u0007]*\u0007/g, "").matchAll(/\u0007/g)].length;
  };
  await until("a bell", () => (bells() > 0 ? true : undefined));
  assert.equal(bells(), 1);
});
