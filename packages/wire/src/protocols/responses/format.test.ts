import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { TurnItem, TurnRequest } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { formatRequest } from "./format.ts";
import { parseRequest } from "./parse.ts";

const OPTIONS: FormatOptions = { midSystem: "keep", reasoningField: "reasoning" };

test("the conversation stands last, nothing is stored, and tools are never strict by silence", () => {
  const { body } = formatRequest(
    { ...EMPTY, system: ["a", "b"], tools: [{ name: "T", parameters: { type: "object" } }] },
    OPTIONS,
  );
  assert.equal(Object.keys(body).at(-1), "input");
  assert.equal(body["store"], false);
  assert.equal(body["instructions"], "a\n\nb");
  assert.deepEqual(body["tools"], [
    { type: "function", name: "T", parameters: { type: "object" }, strict: false },
  ]);
});

test("a choice is not sent where there are no tools", () => {
  const { body } = formatRequest({ ...EMPTY, toolChoice: "auto", parallelCalls: true }, OPTIONS);
  assert.deepEqual(Object.keys(body), ["model", "stream", "store", "input"]);
});

test("an answer in the history has the form that servers with a full schema take", () => {
  const { body } = formatRequest(
    { ...EMPTY, items: [{ kind: "assistant", text: "t", reasoning: "r", calls: [] }] },
    OPTIONS,
  );
  assert.deepEqual(body["input"], [
    { type: "reasoning", id: "rs_0", summary: [], content: [{ type: "reasoning_text", text: "r" }] },
    {
      type: "message",
      id: "msg_0",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "t", annotations: [] }],
    },
  ]);
});

test("reasoning stays home unless the upstream takes it", () => {
  const items: TurnItem[] = [{ kind: "assistant", text: "t", reasoning: "r", calls: [] }];
  const { body } = formatRequest({ ...EMPTY, items }, { midSystem: "keep" });
  assert.ok(!JSON.stringify(body).includes("reasoning"));
});

test("a system text in the middle is wrapped where templates refuse it", () => {
  const items: TurnItem[] = [{ kind: "system", text: "s" }];
  const { body } = formatRequest({ ...EMPTY, items }, { midSystem: "as-user" });
  assert.deepEqual(body["input"], [
    {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "<system>\ns\n</system>" }],
    },
  ]);
});

test("history holds only arguments that are JSON objects", () => {
  const calls = ['{"a": 1}', "", '{"a":', "[1]"].map((args, index) => ({
    id: `c${index}`,
    name: "T",
    arguments: args,
  }));
  const { body, losses } = formatRequest(
    { ...EMPTY, items: [{ kind: "assistant", text: "", reasoning: "", calls }] },
    OPTIONS,
  );
  assert.deepEqual(
    inputOf(body).map((item) => item["arguments"]),
    ['{"a": 1}', "{}", '{"invalid_arguments":"{\\"a\\":"}', '{"invalid_arguments":"[1]"}'],
  );
  assert.equal(losses.length, 2);
});

test("Q4: a call whose result is missing gets one that says so, and a stray result is the user's", () => {
  const { body, losses } = formatRequest(
    {
      ...EMPTY,
      items: [
        {
          kind: "assistant",
          text: "",
          reasoning: "",
          calls: [
            { id: "a", name: "T", arguments: "{}" },
            { id: "b", name: "T", arguments: "{}" },
          ],
        },
        { kind: "result", callId: "b", parts: [{ kind: "text", text: "B" }], isError: true },
        { kind: "user", parts: [{ kind: "text", text: "go on" }] },
        { kind: "result", callId: "a", parts: [{ kind: "text", text: "late" }], isError: false },
      ],
    },
    OPTIONS,
  );
  assert.deepEqual(
    inputOf(body).map((item) => [item["type"], item["call_id"], item["output"]]),
    [
      ["function_call", "a", undefined],
      ["function_call", "b", undefined],
      // Q6: a failure is told in the text.
      ["function_call_output", "b", "Error:\nB"],
      ["function_call_output", "a", "There is no result for this call."],
      ["message", undefined, undefined],
      ["message", undefined, undefined],
    ],
  );
  assert.equal(losses.length, 2);
});

test("what Responses has no field for is a loss", () => {
  const { body, losses } = formatRequest({ ...EMPTY, sampling: { topK: 3, stop: ["x"], seed: 1 } }, OPTIONS);
  assert.deepEqual(Object.keys(body), ["model", "stream", "store", "input"]);
  assert.deepEqual(
    losses.map(({ path, severity }) => `${path} ${severity}`),
    ["sampling.stop semantic", "sampling.topK semantic", "sampling.seed cosmetic"],
  );
});

test("Q17: a budget becomes an effort", () => {
  for (const [budgetTokens, effort] of [
    [1000, "low"],
    [8000, "medium"],
    [32_000, "high"],
  ] as const) {
    const { body } = formatRequest({ ...EMPTY, reasoning: { budgetTokens } }, OPTIONS);
    assert.deepEqual(body["reasoning"], { effort });
  }
});

test("what is formatted is parsed back, whatever the conversation", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const turn = randomTurn(random(seed), { isRegular: true });
    const { body, losses } = formatRequest(turn, OPTIONS);
    const back = parseRequest(JSON.parse(JSON.stringify(body)) as JsonObject);
    assert.deepEqual(losses, [], `seed ${seed}`);
    assert.deepEqual(back, turn, `seed ${seed}`);
  }
});

test("G4: one more item gives the same bytes and then more, also where results are missing or stray", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const next = random(seed);
    const turn = randomTurn(next, { isRegular: false });
    const options: FormatOptions = next() < 0.5 ? OPTIONS : { midSystem: "as-user" };
    let before = "";
    for (let count = 0; count <= turn.items.length; count += 1) {
      const { body } = formatRequest({ ...turn, items: turn.items.slice(0, count) }, options);
      const bytes = JSON.stringify(body);
      assert.ok(bytes.startsWith(before), `seed ${seed}, ${count} items`);
      before = bytes.slice(0, -"]}".length);
    }
  }
});

const EMPTY: TurnRequest = {
  model: "m",
  stream: true,
  system: [],
  items: [],
  tools: [],
  sampling: {},
  includeUsage: true,
  losses: [],
};

function inputOf(body: JsonObject): JsonObject[] {
  return body["input"] as unknown as JsonObject[];
}

/** A regular conversation is one that the protocol can say: every call answered at once, no two answers in a row. */
function randomTurn(next: () => number, { isRegular }: { readonly isRegular: boolean }): TurnRequest {
  const items: TurnItem[] = [{ kind: "user", parts: [{ kind: "text", text: text(next) }] }];
  for (let round = 0; round < 6; round += 1) {
    const calls = Array.from({ length: Math.floor(next() * 3) }, (_, index) => ({
      id: `call_${round}_${index}`,
      name: text(next),
      arguments: JSON.stringify({ [text(next)]: next() }),
    }));
    items.push({
      kind: "assistant",
      text: next() < 0.5 && calls.length > 0 ? "" : text(next),
      reasoning: next() < 0.5 ? "" : text(next),
      calls,
    });
    for (const { id } of calls) {
      if (!isRegular && next() < 0.3) continue;
      const callId = !isRegular && next() < 0.1 ? "stray" : id;
      const parts = [{ kind: "text" as const, text: text(next) }];
      items.push({ kind: "result", callId, parts, isError: !isRegular && next() < 0.2 });
    }
    if (calls.length === 0 || next() < 0.3) {
      items.push({
        kind: "user",
        parts: [
          { kind: "text", text: text(next) },
          ...(next() < 0.3 ? [{ kind: "image" as const, mediaType: "image/png", base64: "AAAA" }] : []),
          ...(next() < 0.2 ? [{ kind: "image" as const, url: "https://x.test/i.png" }] : []),
        ],
      });
    }
    if (items.at(-1)?.kind === "user" && next() < 0.2) items.push({ kind: "system", text: text(next) });
  }
  const hasTools = next() < 0.7;
  return {
    ...EMPTY,
    stream: next() < 0.5,
    system: next() < 0.5 ? [text(next)] : [],
    items,
    tools: hasTools
      ? [
          { name: "T", description: "t", parameters: { type: "object", $defs: {} }, strict: true },
          { name: "U", parameters: { type: "object", additionalProperties: false } },
        ]
      : [],
    ...(hasTools && next() < 0.5 ? { toolChoice: next() < 0.5 ? "required" : { name: "T" } } : {}),
    ...(hasTools && next() < 0.5 ? { parallelCalls: next() < 0.5 } : {}),
    sampling: next() < 0.5 ? { temperature: next(), topP: 0.5, maxTokens: 100 } : {},
    ...(next() < 0.5 ? { reasoning: { effort: "low" as const } } : {}),
    ...(next() < 0.5 ? { format: { kind: "json" as const } } : {}),
  };
}

function text(next: () => number): string {
  const pieces = ["a", " b", "\n", "é", "🙂", '"', "\\", "{}", "Error:"];
  return Array.from(
    { length: 1 + Math.floor(next() * 4) },
    () => pieces[Math.floor(next() * pieces.length)],
  ).join("");
}

/** Park and Miller's minimal standard generator: the same seed, the same conversation. */
function random(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
