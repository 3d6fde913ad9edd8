import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawCall } from "../calls.ts";
import type { TurnItem, TurnRequest } from "../turn.ts";
import { unaliasCall } from "./aliases.ts";
import { familyOf } from "./families.ts";
import type { Family } from "./family.ts";
import { shapeForFamily } from "./shape.ts";

const user = (text: string): TurnItem => ({ kind: "user", parts: [{ kind: "text", text }] });
const system = (text: string): TurnItem => ({ kind: "system", text });
const call = (id: string, name = "Read"): RawCall => ({ id, name, arguments: `{"path":"${id}"}` });
const assistant = (text: string, calls: RawCall[] = [], reasoning = ""): TurnItem => ({
  kind: "assistant",
  text,
  reasoning,
  calls,
});
const result = (callId: string, text = "done"): TurnItem => ({
  kind: "result",
  callId,
  parts: [{ kind: "text", text }],
  isError: false,
});

function turnOf(items: readonly TurnItem[], more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    model: "m",
    stream: true,
    system: ["Be brief."],
    items,
    tools: [],
    sampling: {},
    includeUsage: false,
    losses: [],
    ...more,
  };
}

function shaped(items: readonly TurnItem[], family: Family): readonly TurnItem[] {
  return shapeForFamily(turnOf(items), family).turn.items;
}

test("BS-27: gpt-oss is offered bash, python and browser under other names, everywhere, and answers come back", () => {
  const tools = ["bash", "python", "Read", "run_bash"].map((name) => ({ name, parameters: {} }));
  const family = familyOf("gpt-oss:20b");
  const { turn } = shapeForFamily(
    turnOf([user("go"), assistant("", [call("1", "bash")]), result("1")], {
      tools,
      toolChoice: { name: "python" },
    }),
    family,
  );
  // `run_bash` is somebody's real tool here, so the alias of bash makes way.
  assert.deepEqual(
    turn.tools.map(({ name }) => name),
    ["run_bash_", "run_python", "Read", "run_bash"],
  );
  assert.deepEqual(turn.toolChoice, { name: "run_python" });
  assert.deepEqual(turn.items[1], assistant("", [{ ...call("1"), name: "run_bash_" }]));
  const named = (name: string): string => unaliasCall(call("1", name), family, tools).name;
  assert.deepEqual(["run_bash_", "run_bash", "run_python", "Read"].map(named), [
    "bash",
    "run_bash",
    "python",
    "Read",
  ]);
});

test("other families get bash as bash, and the request as the same object's items", () => {
  const turn = turnOf([user("go")], { tools: [{ name: "bash", parameters: {} }] });
  assert.deepEqual(shapeForFamily(turn, familyOf("qwen3-coder")).turn, turn);
});

test("Q3: a system text in the middle keeps its place as the user's where the template takes only the first", () => {
  const items = [user("a"), system("new rule"), assistant("b")];
  assert.deepEqual(
    shaped(items, familyOf("qwen3.5:27b"))[1],
    user("<system-message>\nnew rule\n</system-message>"),
  );
  assert.deepEqual(shaped(items, familyOf("qwen3-coder")), items);
});

test("BS-26: reasoning goes back as far as the template wants it", () => {
  const items = [
    user("a"),
    assistant("", [call("1")], "old"),
    result("1"),
    user("b"),
    assistant("", [call("2")], "new"),
  ];
  const reasoning = (id: string): string[] =>
    shaped(items, familyOf(id)).flatMap((item) => (item.kind === "assistant" ? [item.reasoning] : []));
  assert.deepEqual(reasoning("qwen3-coder"), ["", ""]);
  assert.deepEqual(reasoning("glm-4.6"), ["", "new"]);
  assert.deepEqual(reasoning("kimi-k2-thinking"), ["old", "new"]);
  assert.deepEqual(reasoning("deepseek-v4-pro"), ["old", "new"]);
});

test("gpt-oss: text beside a call joins the reasoning, for the template errors on both, and one alone is left", () => {
  const family = familyOf("gpt-oss");
  const items = [
    user("a"),
    assistant("Looking.", [call("1")], "hm"),
    result("1"),
    assistant("So.", [call("2")]),
  ];
  assert.deepEqual(shaped(items, family), [
    user("a"),
    assistant("", [call("1")], "hm\n\nLooking."),
    result("1"),
    assistant("So.", [call("2")]),
  ]);
});

test("text beside a call is kept where the template merely leaves it out", () => {
  const items = [user("a"), assistant("Looking.", [{ ...call("abcdefghi") }]), result("abcdefghi")];
  assert.deepEqual(shaped(items, familyOf("mistral-small3.2")), items);
});

test("one call per message: each call is followed by its own result, in the order of the calls", () => {
  const family = familyOf("llama3.3");
  const items = [
    user("a"),
    assistant("t", [call("1"), call("2"), call("3")]),
    result("3"),
    result("1"),
    result("2"),
  ];
  assert.deepEqual(shaped(items, family), [
    user("a"),
    assistant("t", [call("1")]),
    result("1"),
    assistant("", [call("2")]),
    result("2"),
    assistant("", [call("3")]),
    result("3"),
  ]);
});

test("one call per message: two calls with one id keep their own results", () => {
  const items = [
    user("a"),
    assistant("", [call("y"), call("x"), call("x")]),
    result("x", "first"),
    result("x", "second"),
    result("y"),
  ];
  assert.deepEqual(
    shaped(items, familyOf("llama3.3")).filter(({ kind }) => kind === "result"),
    [result("y"), result("x", "first"), result("x", "second")],
  );
});

test("BS-23: calls that were cancelled without a result are still in the history once it goes on", () => {
  const items = [user("a"), assistant("", [call("1"), call("2")]), result("2"), user("stop")];
  assert.deepEqual(shaped(items, familyOf("llama3.3")), [
    user("a"),
    assistant("", [call("1")]),
    assistant("", [call("2")]),
    result("2"),
    user("stop"),
  ]);
});

test("a call that waits for its result at the very end is on the losses", () => {
  const items = [user("a"), assistant("", [call("1"), call("2")]), result("1")];
  for (const count of [2, 3]) {
    const { losses } = shapeForFamily(turnOf(items.slice(0, count)), familyOf("llama3.3"));
    assert.deepEqual(
      losses.map(({ path, severity }) => [path, severity]),
      [["items[1].calls (2)", "semantic"]],
    );
  }
});

test("BS-25: ids that Kimi counted itself are sent back unchanged", () => {
  const items = [
    user("a"),
    assistant("", [call("functions.Read:0"), call("functions.Read:1")]),
    result("functions.Read:0"),
    result("functions.Read:1"),
    assistant("", [call("functions.Bash:2", "Bash")]),
    result("functions.Bash:2"),
  ];
  assert.deepEqual(shaped(items, familyOf("kimi-k2")), items);
});

test("Kimi: ids of any other kind are counted over the history, and results follow their calls", () => {
  // The server starts to count anew in each answer, and a client brought an id of its own.
  const items = [
    user("a"),
    assistant("", [call("functions.Read:0"), call("toolu_9")]),
    result("toolu_9"),
    result("functions.Read:0"),
    assistant("", [call("functions.Read:0")]),
    result("functions.Read:0"),
    assistant("", [call("x"), call("x")]),
    result("x"),
    result("x"),
  ];
  const ids = shaped(items, familyOf("kimi-k2")).flatMap((item) =>
    item.kind === "assistant" ? item.calls.map(({ id }) => id) : item.kind === "result" ? [item.callId] : [],
  );
  const read = (index: number): string => `functions.Read:${index}`;
  assert.deepEqual(ids, [0, 1, 1, 0, 2, 2, 3, 4, 3, 4].map(read));
});

test("Mistral: ids are nine alphanumerics, the same for a call and its result, and good ones stay", () => {
  const items = [
    user("a"),
    assistant("", [call("call_1-é"), call("abcDEF123")]),
    result("call_1-é"),
    result("abcDEF123"),
  ];
  const [, before, first, second] = shaped(items, familyOf("devstral"));
  assert.ok(before?.kind === "assistant" && first?.kind === "result" && second?.kind === "result");
  assert.match(first.callId, /^[a-zA-Z0-9]{9}$/);
  assert.equal(second.callId, "abcDEF123");
  assert.deepEqual(
    before.calls.map(({ id }) => id),
    [first.callId, second.callId],
  );
});

test("roles that must alternate: neighbouring texts are joined, and a filler answers what was cut off", () => {
  const family = familyOf("ministral-3:8b");
  const image: TurnItem = { kind: "user", parts: [{ kind: "image", url: "data:,x" }] };
  const id = "abcdefghi";
  assert.deepEqual(shaped([user("a"), user("b"), system("c")], family), [
    user("a\n\nb\n\n<system-message>\nc\n</system-message>"),
  ]);
  assert.deepEqual(shaped([user("a"), assistant("", [call(id)]), result(id), user("stop")], family), [
    user("a"),
    assistant("", [call(id)]),
    result(id),
    assistant("(no answer)"),
    user("stop"),
  ]);
  assert.deepEqual(shaped([user("a"), image], family), [user("a"), assistant("(no answer)"), image]);
  assert.deepEqual(shaped([assistant("hi"), assistant("there")], family), [
    user("(continue)"),
    assistant("hi\n\nthere"),
  ]);
  assert.deepEqual(shaped([user("a"), assistant("")], family), [user("a"), assistant("(no answer)")]);
});

test("an image in a tool result is replaced, and on the losses, where it would be a user out of turn", () => {
  const shot: TurnItem = {
    kind: "result",
    callId: "abcdefghi",
    parts: [{ kind: "image", url: "data:,x" }],
    isError: false,
  };
  const turn = turnOf([user("a"), assistant("", [call("abcdefghi")]), shot]);
  const { turn: shapedTurn, losses } = shapeForFamily(turn, familyOf("devstral"));
  assert.deepEqual(shapedTurn.items[2], result("abcdefghi", "[an image that cannot be shown here]"));
  assert.equal(losses[0]?.severity, "semantic");
  assert.deepEqual(shapeForFamily(turn, familyOf("qwen3")).turn.items[2], shot);
});
