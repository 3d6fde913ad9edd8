import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "@cloister/base";
import type { TurnItem, TurnRequest } from "../../turn.ts";
import { parseCountTokens, parseMessagesRequest, writeCountTokens } from "./parse.ts";

test("a request as Claude Code sends it becomes a turn", () => {
  const turn = parse({
    max_tokens: 32000,
    stream: true,
    temperature: 1,
    top_p: 0.9,
    top_k: 40,
    stop_sequences: ["END"],
    system: [
      { type: "text", text: "You are an agent." },
      { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
    ],
    messages: [
      { role: "user", content: "Read a.txt" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "A file.", signature: "cloister" },
          { type: "text", text: "Reading." },
          { type: "tool_use", id: "t1", name: "Read", input: { file_path: "a.txt" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "hello" }] },
    ],
    tools: [{ name: "Read", description: "Reads.", input_schema: { type: "object", required: ["x"] } }],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
    thinking: { type: "enabled", budget_tokens: 4000 },
    metadata: { user_id: "someone" },
  });
  assert.deepEqual(withoutLosses(turn), {
    model: "m",
    stream: true,
    system: ["You are an agent.", "Be brief."],
    items: [
      { kind: "user", parts: [{ kind: "text", text: "Read a.txt" }] },
      {
        kind: "assistant",
        text: "Reading.",
        reasoning: "A file.",
        calls: [{ id: "t1", name: "Read", arguments: '{"file_path":"a.txt"}' }],
      },
      { kind: "result", callId: "t1", parts: [{ kind: "text", text: "hello" }], isError: false },
    ],
    tools: [{ name: "Read", description: "Reads.", parameters: { type: "object", required: ["x"] } }],
    toolChoice: "required",
    parallelCalls: false,
    sampling: { temperature: 1, topP: 0.9, topK: 40, maxTokens: 32000, stop: ["END"] },
    reasoning: { budgetTokens: 4000 },
    includeUsage: true,
  });
  assert.deepEqual(lossesOf(turn), ["metadata cosmetic", "system[1].cache_control cosmetic"]);
});

test("Q2: a billing block goes whole, a billing line goes alone, and both are losses", () => {
  const header = "x-anthropic-billing-header: cc_version=2; cch=abc;";
  for (const [system, left] of [
    [
      [
        { type: "text", text: header },
        { type: "text", text: "Prompt." },
      ],
      ["Prompt."],
    ],
    [`${header}\n\nPrompt.\nMore.`, ["Prompt.\nMore."]],
    [header, []],
  ] as [Json, string[]][]) {
    const turn = parse({ system });
    assert.deepEqual(turn.system, left);
    assert.deepEqual(lossesOf(turn), ["system cosmetic"]);
  }
});

test("Q3: a system message keeps its place, and is the same as a string and as a list", () => {
  const kinds = [
    { role: "system", content: "Today." },
    { role: "system", content: [{ type: "text", text: "Today." }] },
  ].map((message) => items([{ role: "user", content: "hi" }, message]));
  assert.deepEqual(kinds[0], kinds[1]);
  assert.deepEqual(kinds[0]?.[1], { kind: "system", text: "Today." });
});

test("Q4: results come before the rest of the user's message, in their order", () => {
  const [a, b, rest] = items([
    {
      role: "user",
      content: [
        { type: "text", text: "and now?" },
        { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "1" }] },
        { type: "tool_result", tool_use_id: "b" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
      ],
    },
  ]);
  assert.deepEqual(
    [a, b],
    [
      { kind: "result", callId: "a", parts: [{ kind: "text", text: "1" }], isError: false },
      { kind: "result", callId: "b", parts: [], isError: false },
    ],
  );
  assert.deepEqual(rest, {
    kind: "user",
    parts: [
      { kind: "text", text: "and now?" },
      { kind: "image", mediaType: "image/png", base64: "AAAA" },
    ],
  });
});

test("Q5 and Q6: an image in a result and the mark of an error are kept", () => {
  const content = [
    { type: "text", text: "see" },
    { type: "image", source: { type: "url", url: "https://example.test/a.png" } },
  ];
  assert.deepEqual(
    items([{ role: "user", content: [{ type: "tool_result", tool_use_id: "a", content, is_error: true }] }]),
    [
      {
        kind: "result",
        callId: "a",
        parts: [
          { kind: "text", text: "see" },
          { kind: "image", url: "https://example.test/a.png" },
        ],
        isError: true,
      },
    ],
  );
});

test("Q7 and Q8: text documents are read, file ids and PDFs are refused by name", () => {
  const document = {
    type: "document",
    title: "notes.txt",
    source: { type: "text", media_type: "text/plain", data: "Line." },
  };
  assert.deepEqual(items([{ role: "user", content: [document] }]), [
    {
      kind: "user",
      parts: [
        { kind: "text", text: "notes.txt" },
        { kind: "text", text: "Line." },
      ],
    },
  ]);
  for (const block of [
    { type: "image", source: { type: "file", file_id: "f" } },
    { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AA" } },
  ]) {
    assert.throws(() => items([{ role: "user", content: [block] }]), {
      code: "bad-request",
      message: /^messages\[0\]\.content\[0\]\.source: /,
    });
  }
});

test("Q9: texts of one answer are joined as they came, and an empty input is an empty object", () => {
  const turn = parse({
    messages: [
      {
        role: "assistant",
        content: [
          { type: "text", text: "Half a " },
          { type: "tool_use", id: "t", name: "List", input: {} },
          { type: "text", text: "sentence." },
        ],
      },
    ],
  });
  assert.deepEqual(turn.items, [
    {
      kind: "assistant",
      text: "Half a sentence.",
      reasoning: "",
      calls: [{ id: "t", name: "List", arguments: "{}" }],
    },
  ]);
  assert.deepEqual(lossesOf(turn), ["messages[0].content[2] cosmetic"]);
});

test("Q10: thinking is kept, another provider's signature is not, ours is no loss", () => {
  const turn = parse({
    messages: [
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "One. ", signature: "EqoBCkgIARAB" },
          { type: "redacted_thinking", data: "sealed" },
          { type: "thinking", thinking: "Two.", signature: "cloister" },
        ],
      },
    ],
  });
  assert.deepEqual(turn.items, [{ kind: "assistant", text: "", reasoning: "One. Two.", calls: [] }]);
  assert.deepEqual(lossesOf(turn), [
    "messages[0].content[0].signature cosmetic",
    "messages[0].content[1] cosmetic",
  ]);
  assert.ok(!JSON.stringify(turn).includes("EqoBCkgIARAB"));
});

test("Q11: fields of other tools go, tools of another provider go with a semantic loss", () => {
  const input_schema = { type: "object", additionalProperties: false, $defs: { a: { anyOf: [{}] } } };
  const turn = parse({
    tools: [
      {
        type: "custom",
        name: "A",
        input_schema,
        defer_loading: true,
        eager_input_streaming: true,
        strict: true,
      },
      { type: "web_search_20250305", name: "web_search", max_uses: 3 },
      { name: "DeferredToolPlaceholder", input_schema: {} },
    ],
  });
  assert.deepEqual(turn.tools, [{ name: "A", parameters: input_schema, strict: true }]);
  assert.deepEqual(lossesOf(turn), [
    "tools[0].defer_loading cosmetic",
    "tools[0].eager_input_streaming cosmetic",
    "tools[1] semantic",
    "tools[2] cosmetic",
  ]);
});

test("Q12 and Q13: every choice among tools has its word", () => {
  const choices = ["auto", "any", "none"].map((type) => parse({ tool_choice: { type } }).toolChoice);
  assert.deepEqual(choices, ["auto", "required", "none"]);
  const one = parse({ tool_choice: { type: "tool", name: "A", disable_parallel_tool_use: false } });
  assert.deepEqual([one.toolChoice, one.parallelCalls], [{ name: "A" }, undefined]);
});

test("Q17: thinking and effort become reasoning, with what is above high as a loss", () => {
  const effortOf = (fields: JsonObject): unknown => parse(fields).reasoning;
  assert.deepEqual(effortOf({ thinking: { type: "disabled" } }), { effort: "none" });
  assert.deepEqual(effortOf({ thinking: { type: "adaptive" } }), {});
  assert.deepEqual(effortOf({ thinking: { type: "adaptive" }, output_config: { effort: "low" } }), {
    effort: "low",
  });
  assert.deepEqual(effortOf({ output_config: { effort: "medium" } }), { effort: "medium" });
  assert.equal(effortOf({}), undefined);
  const above = parse({ output_config: { effort: "max" } });
  assert.deepEqual(
    [above.reasoning, lossesOf(above)],
    [{ effort: "high" }, ["output_config.effort cosmetic"]],
  );
});

test("the wanted form of an answer is read from its new place and its old one", () => {
  const format = { type: "json_schema", schema: { type: "object" } };
  const wanted = { kind: "schema", name: "answer", schema: { type: "object" } };
  assert.deepEqual(parse({ output_config: { format } }).format, wanted);
  assert.deepEqual(parse({ output_format: format }).format, wanted);
});

test("Q20: unknown fields are losses wherever they stand; safeguards is the one refusal", () => {
  const turn = parse({
    context_management: { edits: [] },
    mcp_servers: [],
    constructor: 1,
    messages: [{ role: "user", content: [{ type: "text", text: "x", novel: 1 }, { type: "novel" }], id: 7 }],
  });
  assert.deepEqual(lossesOf(turn), [
    "constructor semantic",
    "context_management cosmetic",
    "mcp_servers semantic",
    "messages[0].content[0].novel semantic",
    "messages[0].content[1] semantic",
    "messages[0].id semantic",
  ]);
  assert.throws(() => parse({ safeguards: {} }), { code: "bad-request", message: /^safeguards: / });
});

test("null is absence, known field or not", () => {
  const turn = parse({
    system: null,
    tools: null,
    tool_choice: null,
    thinking: null,
    temperature: null,
    novel: null,
  });
  assert.deepEqual(turn, parse({}));
});

test("a field of the wrong type is refused by its name", () => {
  const refusals: [JsonObject, string][] = [
    [{ model: 7 }, "model"],
    [{ model: "" }, "model"],
    [{ messages: {} }, "messages"],
    [{ messages: ["hi"] }, "messages[0]"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 7 }] }, "messages[0].content"],
    [{ messages: [{ role: "user", content: [{ text: "x" }] }] }, "messages[0].content[0].type"],
    [{ messages: [{ role: "user", content: [{ type: "text" }] }] }, "messages[0].content[0].text"],
    [{ max_tokens: "many" }, "max_tokens"],
    [{ stop_sequences: "x" }, "stop_sequences"],
    [{ tools: [{ name: "A" }] }, "tools[0].input_schema"],
    [{ tool_choice: { type: "tool" } }, "tool_choice.name"],
    [{ tool_choice: "auto" }, "tool_choice"],
  ];
  for (const [fields, path] of refusals) {
    assert.throws(
      () => parse(fields),
      (error: Error & { code?: string }) =>
        error.code === "bad-request" && error.message.startsWith(`${path}: `),
      path,
    );
  }
});

test("a user message with more blocks than a call takes arguments is read", () => {
  const content = Array.from({ length: 150_000 }, () => ({ type: "text", text: "x" }));
  const [item] = items([{ role: "user", content }]);
  assert.ok(item?.kind === "user" && item.parts.length === content.length);
});

test("messages that say nothing are no items", () => {
  assert.deepEqual(
    items([
      { role: "user", content: "" },
      { role: "assistant", content: [] },
      { role: "system", content: null },
    ]),
    [],
  );
});

test("count_tokens takes a request without a limit, and answers with one number", () => {
  const turn = parseCountTokens({ model: "m", messages: [{ role: "user", content: "hi" }] });
  assert.equal(turn.items.length, 1);
  assert.deepEqual(writeCountTokens(12), { input_tokens: 12 });
});

function parse(fields: JsonObject): TurnRequest {
  return parseMessagesRequest({ model: "m", messages: [], ...fields });
}

function items(messages: Json): readonly TurnItem[] {
  return parse({ messages }).items;
}

function lossesOf({ losses }: TurnRequest): string[] {
  return losses.map(({ path, severity }) => `${path} ${severity}`).sort();
}

function withoutLosses({ losses: _, ...turn }: TurnRequest): object {
  return turn;
}
