/** An editor: the protocol's official library as the client, which checks each message by its own schema. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { methods, type ContentBlock } from "@cloister/fakes/acp";
import { begin, textOf, withEditor } from "./editor.ts";
import { createPlace } from "./harness.ts";

const edit = { file_path: "a.txt", old_string: "two", new_string: "three" };

test("an editor's session: text, thoughts, calls with their diffs, the plan; and the file is changed", async () => {
  using place = createPlace({ "a.txt": "one\ntwo\n" });
  const todos = [{ content: "mend", status: "in_progress" }];
  await withEditor(
    place,
    [
      {
        reasoning: "I look.",
        text: "First this.",
        calls: [{ name: "Read", arguments: { file_path: "a.txt" } }],
      },
      {
        calls: [
          { name: "TodoWrite", arguments: { todos } },
          { name: "Edit", arguments: edit },
        ],
      },
      { text: "Done." },
    ],
    async ({ agent, updates, sent }) => {
      const told = await agent.request(methods.agent.initialize, {
        protocolVersion: 1,
        clientCapabilities: {},
      });
      assert.deepEqual([told.protocolVersion, told.agentCapabilities?.loadSession], [1, true]);
      const { sessionId, modes } = await agent.request(methods.agent.session.new, {
        cwd: place.project,
        mcpServers: [],
      });
      assert.equal(modes?.currentModeId, "default");
      const uri = `file://${place.project}/a.txt`;
      const { stopReason } = await agent.request(methods.agent.session.prompt, {
        sessionId,
        prompt: [
          { type: "text", text: "mend " },
          { type: "resource_link", name: "a.txt", uri },
        ],
      });
      assert.equal(stopReason, "end_turn");
      assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "one\nthree\n");
      assert.match(sent()[0] ?? "", /mend @a\.txt/);
      assert.equal(textOf(updates, "agent_message_chunk"), "First this.Done.");
      assert.match(textOf(updates, "agent_thought_chunk"), /I look\./);
      const calls = updates.filter((update) => update.sessionUpdate === "tool_call");
      assert.deepEqual(
        calls.map(({ kind }) => kind),
        ["read", "think", "edit"],
      );
      const path = join(place.project, "a.txt");
      assert.deepEqual(calls[2]?.content, [{ type: "diff", path, oldText: "two", newText: "three" }]);
      const ends = updates.filter((update) => update.sessionUpdate === "tool_call_update");
      assert.deepEqual(
        ends.map(({ status }) => status),
        ["completed", "completed", "completed"],
      );
      const plan = updates.find((update) => update.sessionUpdate === "plan");
      assert.deepEqual(plan?.entries, [{ content: "mend", status: "in_progress", priority: "medium" }]);
    },
  );
});

test("what needs a person's word is asked in the editor, and a no is a no", async () => {
  using place = createPlace({ "AGENTS.md": "Use spaces.\n" });
  const write = { name: "Write", arguments: { file_path: "AGENTS.md", content: "Use tabs.\n" } };
  await withEditor(
    place,
    [
      { calls: [{ name: "Read", arguments: { file_path: "AGENTS.md" } }] },
      { text: "The rules say tabs.", calls: [write] },
      { expect: { lastMessageContains: ["not allowed here"] }, text: "Not allowed." },
      { calls: [write] },
      { text: "Written." },
    ],
    async ({ agent, asked, answers }) => {
      const { sessionId } = await begin(agent, place);
      const prompt: ContentBlock[] = [{ type: "text", text: "go" }];
      answers.push("no", "once");
      await agent.request(methods.agent.session.prompt, { sessionId, prompt });
      await agent.request(methods.agent.session.prompt, { sessionId, prompt });
      assert.equal(asked.length, 2);
      assert.match(asked[0]?.title ?? "", /AGENTS\.md/);
      assert.match(
        asked[0]?.said ?? "",
        /The rules say tabs\./,
        "what the model said stands above the question",
      );
      assert.deepEqual(asked[0]?.options, ["once", "session", ...(asked[0]?.options ?? []).slice(2)]);
      assert.equal(readFileSync(join(place.project, "AGENTS.md"), "utf8"), "Use tabs.\n");
    },
  );
});

test("the agent's own question is answered in the editor; cancelling ends a turn; the mode is the keeper's", async () => {
  using place = createPlace();
  const questions = [{ question: "Which?", options: [{ label: "tabs" }, { label: "spaces" }] }];
  await withEditor(
    place,
    [
      { calls: [{ name: "AskUser", arguments: { questions } }] },
      { expect: { lastMessageContains: ["→ spaces"] }, text: "Spaces." },
      { calls: [{ name: "Bash", arguments: { command: "sleep 60" } }] },
      { text: "On." },
    ],
    async ({ agent, updates, answers, started }) => {
      const { sessionId } = await begin(agent, place);
      const prompt: ContentBlock[] = [{ type: "text", text: "go" }];
      answers.push("1");
      await agent.request(methods.agent.session.prompt, { sessionId, prompt });
      assert.equal(textOf(updates, "agent_message_chunk"), "Spaces.");
      const turn = agent.request(methods.agent.session.prompt, { sessionId, prompt });
      await started("execute");
      await agent.notify(methods.agent.session.cancel, { sessionId });
      assert.equal((await turn).stopReason, "cancelled");
      await agent.request(methods.agent.session.setMode, { sessionId, modeId: "plan" });
      await assert.rejects(
        agent.request(methods.agent.session.setMode, { sessionId, modeId: "wild" }),
        /no mode/,
      );
      await assert.rejects(
        agent.request(methods.agent.session.prompt, { sessionId: "x", prompt }),
        /no such session/,
      );
    },
  );
});

test("a session is loaded in another process: what was said is told again, and it goes on with the same bytes", async () => {
  using place = createPlace();
  const prompt: ContentBlock[] = [{ type: "text", text: "first words" }];
  let id = "";
  let first: readonly string[] = [];
  await withEditor(place, [{ text: "First answer." }], async ({ agent, sent }) => {
    id = (await begin(agent, place)).sessionId;
    await agent.request(methods.agent.session.prompt, { sessionId: id, prompt });
    first = sent();
  });
  await withEditor(
    place,
    [{ text: "unused" }, { text: "Second answer." }],
    async ({ agent, updates, sent }) => {
      await agent.request(methods.agent.session.load, { sessionId: id, cwd: place.project, mcpServers: [] });
      assert.equal(textOf(updates, "user_message_chunk"), "first words");
      assert.equal(textOf(updates, "agent_message_chunk"), "First answer.");
      await agent.request(methods.agent.session.prompt, { sessionId: id, prompt });
      assert.ok(sent()[0]?.startsWith((first[0] ?? "-").slice(0, -2)));
      const other = { sessionId: "0000", cwd: place.project, mcpServers: [] };
      await assert.rejects(agent.request(methods.agent.session.load, other), /no session 0000/);
    },
  );
});
