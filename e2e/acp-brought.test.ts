/** What an editor and its project bring along: pictures, things that would run, servers; each by the person's word. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { methods, type ContentBlock } from "@cloister/fakes/acp";
import { begin, withEditor } from "./editor.ts";
import { createPlace } from "./harness.ts";
import { png } from "./pictures.ts";

const prompt: ContentBlock[] = [{ type: "text", text: "go" }];

test("a picture reaches a model that sees; one of the project comes with its path, and a blind model says so", async () => {
  using place = createPlace({ "shot.png": "" });
  writeFileSync(join(place.project, "shot.png"), png);
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const settings = join(place.home, ".cloister", "settings.json");
  writeFileSync(settings, '{"vision": true}');
  const data = png.toString("base64");
  const mimeType = "image/png";
  await withEditor(place, [{ text: "Cats." }], async ({ agent, sent }) => {
    const { sessionId } = await begin(agent, place);
    const uri = `file://${place.project}/shot.png`;
    await agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: [
        { type: "text", text: "see" },
        { type: "image", data, mimeType },
        { type: "image", data: "AAAA", mimeType, uri },
        { type: "resource", resource: { uri: "file:///else.png", blob: data, mimeType } },
      ],
    });
    const body = sent()[0] ?? "";
    assert.equal(body.split(`data:image/png;base64,${data}`).length, 4);
    assert.match(body, /user shows: shot\.png/);
    assert.match(body, /user shows: picture 1, from the program's input/);
  });
  writeFileSync(settings, '{"vision": false}');
  await withEditor(place, [{ text: "unused" }], async ({ agent, sent }) => {
    const { sessionId } = await begin(agent, place);
    const blind = agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: "image", data, mimeType }],
    });
    await assert.rejects(blind, /does not see pictures/);
    assert.deepEqual(sent(), []);
  });
});

const hook = { type: "command", command: "echo NEVER-UNASKED >&2; exit 2" };
const settings = JSON.stringify({ hooks: { PreToolUse: [{ matcher: "Bash", hooks: [hook] }] } });
const bash = { calls: [{ name: "Bash", arguments: { command: "echo ran" } }] };

test("what a project would run is shown whole before the first message, and counts after a yes to exactly that", async () => {
  using place = createPlace({ ".claude/settings.json": settings });
  const turns = [bash, { expect: { lastMessageContains: ["ran"] }, text: "Done." }];
  await withEditor(place, turns, async ({ agent, asked, answers }) => {
    const { sessionId } = await begin(agent, place);
    answers.push("no");
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    assert.match(asked[0]?.title ?? "", /brings/);
    assert.match(asked[0]?.shown ?? "", /NEVER-UNASKED/);
    assert.deepEqual(asked[0]?.options, ["allow", "no"]);
    // A no is not asked about again.
    const again = await begin(agent, place);
    await agent.request(methods.agent.session.prompt, { sessionId: again.sessionId, prompt });
    assert.equal(asked.length, 1);
  });
  writeFileSync(join(place.project, ".claude/settings.json"), settings.replace("exit 2", "exit  2"));
  const hooked = [bash, { expect: { lastMessageContains: ["NEVER-UNASKED"] }, text: "Done." }];
  await withEditor(place, hooked, async ({ agent, asked, answers }) => {
    const { sessionId } = await begin(agent, place);
    answers.push("allow");
    assert.equal(
      (await agent.request(methods.agent.session.prompt, { sessionId, prompt })).stopReason,
      "end_turn",
    );
    assert.equal(asked.length, 1);
    const again = await begin(agent, place);
    await agent.request(methods.agent.session.prompt, { sessionId: again.sessionId, prompt });
    assert.equal(asked.length, 1);
  });
});

const server = `
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line);
  if (method === "initialize") say({ id, result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "t", version: "1" } } });
  else if (method === "tools/list") say({ id, result: { tools: [{ name: "look", inputSchema: { type: "object" } }] } });
  else if (method === "tools/call") say({ id, result: { content: [{ type: "text", text: "SEEN " + process.env.WHO } ] } });
});
`;

test("a server of the editor's runs once the person said yes to it, and then unasked; another one with its name does not", async () => {
  using place = createPlace({ "server.cjs": server });
  const eyes = {
    name: "my eyes",
    command: "node",
    args: ["server.cjs"],
    env: [{ name: "WHO", value: "me" }],
  };
  const call = { name: "UseTool", arguments: { name: "mcp__my-eyes__look", arguments: {} } };
  const used = [{ calls: [call] }, { expect: { lastMessageContains: ["SEEN me"] }, text: "Done." }];
  await withEditor(place, used, async ({ agent, asked, answers, sent }) => {
    const { sessionId } = await begin(agent, place, [eyes]);
    answers.push("allow");
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    assert.equal(asked.length, 1);
    assert.match(asked[0]?.shown ?? "", /server\.cjs[^]*WHO[^]*me/);
    assert.match(sent()[0] ?? "", /my-eyes/);
    const again = await begin(agent, place, [eyes]);
    await agent.request(methods.agent.session.prompt, { sessionId: again.sessionId, prompt });
    assert.equal(asked.length, 1);
  });
  const plain = [{ text: "No." }];
  await withEditor(place, plain, async ({ agent, asked, answers, sent }) => {
    const { sessionId } = await begin(agent, place, [{ ...eyes, args: ["other.cjs"] }]);
    answers.push("no");
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    assert.equal(asked.length, 1);
    assert.doesNotMatch(sent()[0] ?? "", /my-eyes/);
  });
});
