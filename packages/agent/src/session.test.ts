import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { contentOf } from "./history.ts";
import { fixedPrefix } from "./fixed-prefix.ts";
import { call, historyFault, rehearse } from "./rehearsed.ts";

test("the fixed prefix is what a session's first request begins with", async () => {
  using played = rehearse([{ text: "One." }]);
  await played.ask("first");
  const first = JSON.parse(played.requests[0]?.text ?? "") as { tools: unknown; messages: unknown[] };
  const { tools, messages } = fixedPrefix();
  assert.deepEqual([tools, messages], [first.tools, first.messages.slice(0, 1)]);
});

test("a session answers one message after another in one conversation", async () => {
  using played = rehearse([{ text: "One." }, { text: "Two." }]);
  assert.equal((await played.ask("first")).text, "One.");
  assert.equal((await played.ask("second")).text, "Two.");
  assert.deepEqual(
    played.requests[1]?.messages.slice(1).map(({ content }) => content),
    ["first", "One.", "second"],
  );
});

test("BS-09: each request begins with the bytes of the one before, over messages and a switch of the mode", async () => {
  using played = rehearse([
    { calls: [call("1", "Bash", { command: "ls" })] },
    { text: "One." },
    { text: "A plan." },
    { text: "Three." },
  ]);
  await played.ask("first");
  played.session.setMode("plan");
  await played.ask("second");
  played.session.setMode("default");
  await played.ask("third");
  const texts = played.requests.map(({ text }) => text);
  assert.equal(texts.length, 4);
  for (const [n, text] of texts.slice(1).entries()) {
    assert.ok(text.startsWith((texts[n] ?? "").slice(0, -2)), `request ${n + 2}`);
  }
  const said = played.requests[3]?.messages.map(contentOf) ?? [];
  assert.ok(said.some((text) => text.startsWith("[Cloister] Plan mode is on")));
  assert.ok(said.some((text) => text.startsWith("[Cloister] Plan mode is off")));
});

test("a message that comes while calls run is read at the next boundary: what was not begun is not run", async () => {
  let ran = 0;
  using played = rehearse(
    [
      {
        calls: [call("1", "Bash", { command: "one" }), call("2", "Bash", { command: "two" })],
      },
      { text: "As you say." },
    ],
    {
      run: () => {
        ran += 1;
        played.session.send({ text: "not the second" });
        return Promise.resolve({});
      },
    },
  );
  const ending = await played.ask("go");
  assert.equal(ending.text, "As you say.");
  assert.equal(ran, 1);
  const last = played.requests[1]?.messages ?? [];
  assert.equal(historyFault(last), undefined);
  assert.match(contentOf(last.at(-2)), /Not run: the user said something first/);
  assert.equal(last.at(-1)?.["content"], "not the second");
});

test("a message for later waits until the work at hand is done, and has an end of its own", async () => {
  using played = rehearse([
    { calls: [call("1", "Bash", { command: "ls" })] },
    { text: "One." },
    { text: "Two." },
  ]);
  played.session.send({ text: "first" });
  played.session.send({ text: "second", delivery: "next" });
  assert.equal((await played.until("end")).ending.text, "One.");
  assert.equal((await played.until("end")).ending.text, "Two.");
  assert.ok(!played.requests[1]?.text.includes("second"));
});

test("BS-23: an interrupted call has a synthetic result, and the session goes on with a history that servers accept", async () => {
  using played = rehearse(
    [
      {
        calls: [call("1", "Bash", { command: "sleep" }), call("2", "Bash", { command: "never" })],
      },
      { text: "Fine." },
    ],
    // It does not hear the signal, as a cell that hangs would not.
    { run: (text) => (text === "sleep" ? new Promise(() => {}) : Promise.resolve({})) },
  );
  played.session.send({ text: "go" });
  await played.until("call");
  played.session.interrupt();
  assert.equal((await played.until("end")).ending.outcome, "cancelled");
  assert.deepEqual(played.commands, ["sleep"]);
  assert.equal((await played.ask("and now?")).outcome, "done");
  const { messages } = played.requests[1] ?? { messages: [] };
  assert.equal(historyFault(messages), undefined);
  assert.deepEqual(
    messages.filter(({ role }) => role === "tool").map(({ content }) => content),
    ["Interrupted by the user before it was done.", "Not run: interrupted by the user."],
  );
});

test("an answer that was broken off keeps the text that the user saw, and none of its calls", async () => {
  using played = rehearse([{ text: "I begin", hangs: true }, { text: "Fine." }]);
  played.session.send({ text: "go" });
  await played.until("text");
  played.session.interrupt();
  assert.equal((await played.until("end")).ending.outcome, "cancelled");
  await played.ask("go on");
  assert.deepEqual(
    played.requests[1]?.messages.slice(1).map(({ role, content }) => [role, content]),
    [
      ["user", "go"],
      ["assistant", "I begin"],
      ["user", "go on"],
    ],
  );
});

test("BS-13: twelve minutes without a word are no error; BS-16: given up, the time is told and nothing is asked again", async () => {
  using played = rehearse([{ hangs: true }]);
  played.session.send({ text: "go" });
  await played.until("user");
  while (played.requests.length === 0) await new Promise(setImmediate);
  played.clock.advance(12 * 60_000);
  await new Promise(setImmediate);
  assert.equal(played.of("end").length, 0);
  played.session.interrupt();
  assert.equal((await played.until("end")).ending.outcome, "cancelled");
  assert.ok(played.of("status").some(({ text }) => text.includes("stopped after 720 s")));
  assert.equal(played.requests.length, 1);
});

test("a session that goes on from stored items sends the same bytes", async () => {
  const script = [{ calls: [call("1", "Bash", { command: "ls" })], reasoning: "Hm." }, { text: "One." }];
  using first = rehearse(script, { files: { "AGENTS.md": "Use tabs.\n" } });
  await first.ask("go");
  const items = first.of("item").map(({ item }) => JSON.parse(JSON.stringify(item)));
  assert.deepEqual(
    first.of("item").map(({ index }) => index),
    items.map((_, index) => index),
  );
  // The instructions changed meanwhile: what was sent stays as it was.
  using second = rehearse([{ text: "Two." }], { files: { "AGENTS.md": "Use blanks.\n" }, resume: items });
  await second.ask("and now?");
  await first.ask("and now?");
  assert.equal(second.requests[0]?.text, first.requests[2]?.text);
});

test("plan mode refuses what changes anything, with the way out, until the plan is approved", async () => {
  using played = rehearse(
    [
      {
        calls: [
          call("1", "Write", { file_path: "a", content: "x" }),
          call("2", "Bash", { command: "touch b" }),
          call("3", "Glob", { pattern: "*" }),
          call("4", "ExitPlan", { plan: "write a" }),
        ],
      },
      { calls: [call("5", "Write", { file_path: "a", content: "x" })] },
      { text: "Done." },
    ],
    { mode: "plan", isAttended: true },
  );
  played.session.send({ text: "go" });
  const { id, ask } = await played.until("question");
  assert.deepEqual(ask, { kind: "plan", plan: "write a" });
  assert.ok(!existsSync(join(played.workspace, "a")));
  played.session.answer(id, { kind: "approved", mode: "acceptEdits" });
  await played.until("end");
  assert.deepEqual(played.commands, []);
  assert.ok(existsSync(join(played.workspace, "a")));
  assert.deepEqual(
    played.of("mode").map(({ mode }) => mode),
    ["acceptEdits"],
  );
  const results = played.of("result");
  assert.match(results.find((result) => result.id === "1")?.text ?? "", /Plan mode is on: Write was not run/);
  assert.match(results.find((result) => result.id === "2")?.text ?? "", /Plan mode is on: Bash was not run/);
});

test("a question reaches the person, and the answer the model; without a person the model decides itself", async () => {
  const ask = call("1", "AskUser", {
    questions: [{ question: "Tabs?", options: [{ label: "yes" }, { label: "no" }] }],
  });
  using attended = rehearse([{ calls: [ask] }, { text: "Tabs it is." }], { isAttended: true });
  attended.session.send({ text: "go" });
  const { id } = await attended.until("question");
  attended.session.answer("ask_of-yesterday", { kind: "chosen", texts: ["no"] });
  attended.session.answer(id, { kind: "chosen", texts: ["yes"] });
  await attended.until("end");
  assert.equal(attended.requests[1]?.messages.at(-1)?.["content"], "Tabs?\n→ yes");

  using alone = rehearse([{ calls: [ask] }, { text: "Tabs it is." }]);
  await alone.ask("go");
  assert.match(contentOf(alone.requests[1]?.messages.at(-1)), /No one is here/);
});

test("calls that only read run side by side, others one by one; results stand in the order of the calls", async () => {
  let open = 0;
  let most = 0;
  using played = rehearse(
    [
      {
        calls: [
          call("1", "Task", { description: "a", prompt: "slow" }),
          call("2", "Task", { description: "b", prompt: "quick" }),
          call("3", "Bash", { command: "x" }),
          call("4", "Bash", { command: "y" }),
        ],
      },
    ],
    {
      run: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        open -= 1;
        return {};
      },
    },
  );
  await played.ask("go");
  assert.equal(most, 1);
  const { messages } = played.requests.at(-1) ?? { messages: [] };
  assert.deepEqual(
    messages.filter(({ role }) => role === "tool").map((message) => message["tool_call_id"]),
    ["1", "2", "3", "4"],
  );
  const kinds = played.seen
    .filter(({ kind }) => kind === "call" || kind === "result")
    .map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(0, 2), ["call", "call"]);
});

test("what a command prints is shown while it runs, under the id of its call", async () => {
  using played = rehearse([{ calls: [call("c7", "Bash", { command: "make" })] }], {
    run: (_text, { onOutput }) => {
      onOutput?.("compiling\n");
      return Promise.resolve({});
    },
  });
  await played.ask("go");
  assert.deepEqual(
    played.of("progress").map(({ id, text }) => [id, text]),
    [["c7", "compiling\n"]],
  );
});

test("a task list, the speed of an answer and the filling of the window are told", async () => {
  const todos = [{ content: "a", status: "pending" }];
  const usage = { promptTokens: 1000, cachedTokens: 900, completionTokens: 50 };
  using played = rehearse([{ calls: [call("1", "TodoWrite", { todos })], usage }], { contextTokens: 32_768 });
  await played.ask("go");
  assert.deepEqual(played.of("todos")[0]?.todos, todos);
  assert.deepEqual(played.of("turn")[0]?.usage, usage);
  const filled = played.of("context").find(({ used }) => used >= 1000);
  assert.equal(filled?.window, 32_768);
});

test("messages beyond a hundred that wait are turned away, and said to be", async () => {
  using played = rehearse([{ hangs: true }]);
  for (let n = 0; n < 130; n++) played.session.send({ text: `${n}`, delivery: "next" });
  await played.until("status");
  assert.ok(played.of("status").some(({ text }) => text.includes("was not taken")));
});
