import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf } from "./history.ts";
import { chooseModel, formatModels, type ModelChoice } from "./models.ts";
import { call, rehearse, type Rehearsed, type Request } from "./rehearsed.ts";

const choices: readonly ModelChoice[] = [
  { name: "small", contextTokens: 8192 },
  { name: "lab", isEndpoint: true, contextTokens: 65_536 },
  { name: "lab/big", contextTokens: 65_536 },
];

test("the session's own model is what nobody names, and what other vendors' names mean", () => {
  for (const wanted of [undefined, "", "own", "inherit", "haiku", "opus[1m]"]) {
    assert.deepEqual(chooseModel(wanted, "own", choices), { kind: "own" });
  }
});

test("a model of the session's endpoint, an endpoint by its name, and any of its models", () => {
  assert.deepEqual(chooseModel("small", "own", choices), {
    kind: "other",
    model: "small",
    contextTokens: 8192,
  });
  assert.equal(chooseModel("lab", "own", choices).kind, "other");
  assert.deepEqual(chooseModel("lab/huge", "own", choices), {
    kind: "other",
    model: "lab/huge",
    contextTokens: undefined,
  });
  const unknown = chooseModel("laboratory/x", "own", choices);
  assert.ok(unknown.kind === "unknown");
  assert.match(unknown.why, /"laboratory\/x".*own, small, lab, lab\/big/);
});

test("the conversation is told of other models only where a person named an endpoint", () => {
  assert.equal(formatModels([{ name: "small" }]), undefined);
  assert.match(formatModels(choices) ?? "", /small, lab, lab\/big/);
});

test("the model of a subagent is that of the call, else of its definition, else the session's", async () => {
  const calls = [
    task("1", { subagent_type: "reader" }),
    task("2", { subagent_type: "reader", model: "lab" }),
    task("3", { subagent_type: "reader", model: "inherit" }),
    task("4", {}),
  ];
  using played = play(calls);
  assert.equal((await played.ask("go")).outcome, "done");
  const asked = played.requests.filter(isSubagents).map(({ text }) => modelOf(text));
  assert.deepEqual(new Set(asked), new Set(["lab", "m", "small"]));
  assert.equal(asked.length, 4);
});

test("a model that a call names and there is not is an error that says which there are; of a definition it is passed over, and told", async () => {
  const calls = [task("1", { model: "gigantic" }), task("2", { subagent_type: "foreign" })];
  using played = play(calls);
  assert.equal((await played.ask("go")).outcome, "done");
  const [first] = played.of("result");
  assert.match(first?.text ?? "", /no model "gigantic" here. There are: m, small, lab, lab\/big/);
  const inner = played.of("subagent").flatMap(({ what }) => (what.kind === "event" ? [what.event] : []));
  const told = inner.find(({ kind }) => kind === "status");
  assert.ok(told?.kind === "status");
  assert.match(told.text, /foreign works with m: There is no model "vendor\/x"/);
  assert.deepEqual(
    played.requests.filter(isSubagents).map(({ text }) => modelOf(text)),
    ["m"],
  );
});

function play(calls: readonly ReturnType<typeof call>[]): Rehearsed {
  return rehearse(
    (request) =>
      isSubagents(request) || request.messages.at(-1)?.role === "tool" ? { text: "done" } : { calls },
    {
      models: choices,
      agents: [
        { name: "reader", description: "reads", prompt: "", model: "small" },
        { name: "foreign", description: "of elsewhere", prompt: "", model: "vendor/x" },
      ],
    },
  );
}

function task(id: string, more: object): ReturnType<typeof call> {
  return call(id, "Task", { description: "some work", prompt: "look", ...more });
}

function isSubagents({ messages }: Request): boolean {
  return messages.some((message) => contentOf(message).startsWith("You are a subagent"));
}

function modelOf(text: string): unknown {
  return (JSON.parse(text) as { model?: unknown }).model;
}
