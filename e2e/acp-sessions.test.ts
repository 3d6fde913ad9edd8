/** The sessions of an editor: listed, gone on with, closed, removed; their model and mode; how they end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { methods, type ContentBlock } from "@cloister/fakes/acp";
import { begin, textOf, withEditor } from "./editor.ts";
import { agentsOf, cloister, createPlace, rehearse, until } from "./harness.ts";

const prompt: ContentBlock[] = [{ type: "text", text: "first words" }];

test("sessions are listed with their titles, resumed without a word, closed, and removed", async () => {
  using place = createPlace();
  await withEditor(place, [{ text: "One." }, { text: "Two." }], async ({ agent, updates }) => {
    const { sessionId } = await begin(agent, place);
    const cwd = place.project;
    const list = () => agent.request(methods.agent.session.list, { cwd });
    assert.deepEqual((await list()).sessions, [], "one in which nothing was said is none yet");
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    const named = updates.find((each) => each.sessionUpdate === "session_info_update");
    assert.equal(named?.title, "first words");
    const usage = updates.findLast((each) => each.sessionUpdate === "usage_update");
    assert.ok(usage !== undefined && usage.used > 0 && usage.size === 32_768);
    const [one, ...more] = (await list()).sessions;
    assert.deepEqual([one?.sessionId, one?.title, one?.cwd, more.length], [sessionId, "first words", cwd, 0]);
    await agent.request(methods.agent.session.close, { sessionId });
    await assert.rejects(
      agent.request(methods.agent.session.prompt, { sessionId, prompt }),
      /no such session/,
    );
    const told = updates.length;
    await agent.request(methods.agent.session.resume, { sessionId, cwd, mcpServers: [] });
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    assert.equal(textOf(updates.slice(told), "user_message_chunk"), "");
    assert.equal(textOf(updates.slice(told), "agent_message_chunk"), "Two.");
    await agent.request(methods.agent.session.delete, { sessionId });
    assert.deepEqual((await list()).sessions, []);
  });
});

test("mode and model are chosen in the editor; the conversation goes on with the other model", async () => {
  using place = createPlace();
  await withEditor(
    place,
    [{ text: "One." }, { text: "Two." }],
    async ({ agent, updates, sent }) => {
      const { sessionId, configOptions } = await begin(agent, place);
      const valueOf = (options: typeof configOptions, wanted: string): unknown => {
        const found = options?.find(({ id }) => id === wanted);
        return found?.type === "select" ? found.currentValue : undefined;
      };
      assert.deepEqual(
        [valueOf(configOptions, "mode"), valueOf(configOptions, "model")],
        ["default", "other"],
      );
      await agent.request(methods.agent.session.prompt, { sessionId, prompt });
      const set = (configId: string, value: string) =>
        agent.request(methods.agent.session.setConfigOption, { sessionId, configId, value });
      assert.equal(valueOf((await set("mode", "plan")).configOptions, "mode"), "plan");
      const changed = await set("model", "rehearsal");
      assert.deepEqual(
        [valueOf(changed.configOptions, "model"), valueOf(changed.configOptions, "mode")],
        ["rehearsal", "plan"],
      );
      await agent.request(methods.agent.session.prompt, { sessionId, prompt });
      assert.equal(textOf(updates, "agent_message_chunk"), "One.Two.");
      const [first = "", second = ""] = sent();
      assert.match(first, /"model":"other"/);
      assert.match(second, /"model":"rehearsal"/);
      assert.match(second, /first words[^]*One\.[^]*first words/);
      await assert.rejects(set("model", "none"), /no model "none"/);
      await assert.rejects(set("colour", "red"), /no option/);
    },
    ["--model", "other"],
  );
});

test("a turn that is taken back while a person is asked ends as cancelled, and the session can be spoken to again", async () => {
  using place = createPlace();
  const write = { name: "Write", arguments: { file_path: "AGENTS.md", content: "x\n" } };
  const turns = [{ calls: [write] }, { text: "On." }, { text: "On." }];
  await withEditor(place, turns, async ({ agent, asked, answers, updates, hold }) => {
    const { sessionId } = await begin(agent, place);
    const release = hold();
    const turn = agent.request(methods.agent.session.prompt, { sessionId, prompt });
    await until("the question", () => (asked.length > 0 ? true : undefined));
    await agent.notify(methods.agent.session.cancel, { sessionId });
    assert.equal((await turn).stopReason, "cancelled");
    release();
    answers.push("no");
    await agent.request(methods.agent.session.prompt, { sessionId, prompt });
    assert.match(textOf(updates, "agent_message_chunk"), /On\./);
  });
});

test("a session whose agent is killed goes on with the next message", async () => {
  using place = createPlace();
  await withEditor(place, [{ text: "One." }, { text: "Two." }], async ({ agent, updates, sent }) => {
    const { sessionId } = await begin(agent, place);
    const say = () => agent.request(methods.agent.session.prompt, { sessionId, prompt });
    await say();
    const agents = agentsOf(place);
    assert.ok(agents.length > 0);
    for (const pid of agents) process.kill(pid, "SIGKILL");
    // Where it is not known yet that the agent is dead, the message says so.
    await until("an answer", () => say().catch(() => undefined));
    assert.equal(textOf(updates, "agent_message_chunk"), "One.Two.");
    assert.match(sent().at(-1) ?? "", /first words[^]*One\.[^]*first words/);
  });
});

test("while something is printed the editor sees it, before the command has ended", async () => {
  using place = createPlace();
  const command = "echo early; while [ ! -e go ]; do sleep 0.05; done; echo late";
  const turns = [{ calls: [{ name: "Bash", arguments: { command } }] }, { text: "Done." }];
  await withEditor(place, turns, async ({ agent, updates, write }) => {
    const { sessionId } = await begin(agent, place);
    const turn = agent.request(methods.agent.session.prompt, { sessionId, prompt });
    await until("the first line", () =>
      updates.find((each) => each.sessionUpdate === "tool_call_update" && /early/.test(JSON.stringify(each))),
    );
    write("go", "");
    assert.equal((await turn).stopReason, "end_turn");
  });
});

test("an editor that leaves while a session is being opened leaves nothing running", async () => {
  using place = createPlace();
  await using stack = new AsyncDisposableStack();
  const rehearsal = await rehearse([{ text: "unused" }]);
  stack.defer(() => rehearsal.close());
  const lines = [
    { id: 1, method: "initialize", params: { protocolVersion: 1 } },
    { id: 2, method: "session/new", params: { cwd: place.project, mcpServers: [] } },
  ];
  const input = lines.map((line) => `${JSON.stringify({ jsonrpc: "2.0", ...line })}\n`).join("");
  const { code, stderr } = await cloister(place, ["acp", "--endpoint", rehearsal.url], { input });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(agentsOf(place), []);
});

test("an editor that reads no more has left", async () => {
  using place = createPlace();
  const { code, stderr } = await cloister(place, ["acp"], {
    input: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} })}\n`,
    wrapper: ["bash", "-c", 'set -o pipefail; "$@" | true', "bash"],
  });
  assert.deepEqual([code, stderr], [0, ""]);
});

test("a message with nothing in it, and a folder that is none, are refused with a word on what to do", async () => {
  using place = createPlace({ "a.txt": "" });
  await withEditor(place, [{ text: "unused" }], async ({ agent, sent }) => {
    const { sessionId } = await begin(agent, place);
    const nothing: ContentBlock[] = [{ type: "text", text: " \n" }];
    await assert.rejects(
      agent.request(methods.agent.session.prompt, { sessionId, prompt: nothing }),
      /nothing in the message/,
    );
    assert.deepEqual(sent(), []);
    const file = { cwd: `${place.project}/a.txt`, mcpServers: [] };
    await assert.rejects(agent.request(methods.agent.session.new, file), /is no folder.*bad-workspace/);
  });
});
