/** An editor: the protocol's official library as the client, which checks each message by its own schema. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { test } from "node:test";
import {
  client,
  methods,
  ndJsonStream,
  type ClientContext,
  type ContentBlock,
  type SessionUpdate,
} from "@cloister/fakes/acp";
import type { RehearsalTurn } from "@cloister/backend/rehearsal";
import { bodies, createPlace, mainFile, rehearse, type Place } from "./harness.ts";

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

interface Editor {
  readonly agent: ClientContext;
  readonly updates: readonly SessionUpdate[];
  /** What the editor was asked, by title and the ids of the options; and what the model had said by then. */
  readonly asked: readonly {
    readonly title: string;
    readonly options: readonly string[];
    readonly said: string;
  }[];
  /** Ids of options, in the order in which they will be chosen; without one it is cancelled. */
  readonly answers: string[];
  readonly sent: () => readonly string[];
  /** Resolves when a call of this kind is shown. */
  readonly started: (kind: string) => Promise<void>;
}

async function withEditor(
  place: Place,
  turns: readonly RehearsalTurn[],
  work: (editor: Editor) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const rehearsal = await rehearse(turns);
  stack.defer(() => rehearsal.close());
  const child = spawn(process.execPath, [mainFile, "acp", "--endpoint", rehearsal.url], {
    // The session's folder is the one that the editor names.
    cwd: place.base,
    env: { PATH: process.env["PATH"], HOME: place.home, TMPDIR: tmpdir(), LANG: "en_US.UTF-8" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  stack.defer(async () => {
    child.stdin.end();
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  });
  const updates: SessionUpdate[] = [];
  const asked: { title: string; options: readonly string[]; said: string }[] = [];
  const answers: string[] = [];
  let onUpdate = (): void => {};
  const stream = ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout));
  const editor = client({ name: "editor" })
    .onNotification(methods.client.session.update, ({ params }) => {
      updates.push(params.update);
      onUpdate();
    })
    .onRequest(methods.client.session.requestPermission, ({ params }) => {
      const { toolCall, options } = params;
      const words = updates.map((each) =>
        each.sessionUpdate === "agent_message_chunk" && each.content.type === "text" ? each.content.text : "",
      );
      asked.push({
        ...{ title: toolCall.title ?? "", options: options.map(({ optionId }) => optionId) },
        said: words.join(""),
      });
      const optionId = answers.shift();
      if (optionId === undefined) return { outcome: { outcome: "cancelled" } };
      return { outcome: { outcome: "selected", optionId } };
    });
  const started = (kind: string): Promise<void> =>
    new Promise((resolve) => {
      onUpdate = () => {
        if (updates.some((each) => each.sessionUpdate === "tool_call" && each.kind === kind)) resolve();
      };
      onUpdate();
    });
  try {
    await editor.connectWith(stream, (agent) =>
      work({ agent, updates, asked, answers, started, sent: () => bodies(rehearsal) }),
    );
  } catch (error) {
    throw new Error(`in the editor (${complaint})`, { cause: error });
  }
  assert.deepEqual(rehearsal.failures, []);
}

async function begin(agent: ClientContext, place: Place): Promise<{ readonly sessionId: string }> {
  await agent.request(methods.agent.initialize, { protocolVersion: 1, clientCapabilities: {} });
  return await agent.request(methods.agent.session.new, { cwd: place.project, mcpServers: [] });
}

function textOf(updates: readonly SessionUpdate[], kind: SessionUpdate["sessionUpdate"]): string {
  return updates
    .map((update) => {
      if (update.sessionUpdate !== kind || !("content" in update)) return "";
      const { content } = update;
      return content !== null && content !== undefined && !Array.isArray(content) && content.type === "text"
        ? content.text
        : "";
    })
    .join("");
}
