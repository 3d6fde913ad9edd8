import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError, type Json, type JsonObject } from "@cloister/base";
import type { TurnRequest } from "../../turn.ts";
import { parseRequest } from "./parse.ts";

test("a text as input is what the user says, and the instructions stand before it", () => {
  const turn = parse({ instructions: "Be brief.", input: "Hello", stream: true });
  assert.deepEqual(turn.system, ["Be brief."]);
  assert.deepEqual(turn.items, [{ kind: "user", parts: [{ kind: "text", text: "Hello" }] }]);
  assert.equal(turn.stream, true);
  assert.deepEqual(turn.losses, []);
});

test("developer messages before the conversation are system texts, later ones stay where they are", () => {
  const turn = parse({
    input: [
      message("developer", "base"),
      message("system", "more"),
      message("user", "hi"),
      message("developer", "mode changed"),
    ],
  });
  assert.deepEqual(turn.system, ["base", "more"]);
  assert.deepEqual(
    turn.items.map(({ kind }) => kind),
    ["user", "system"],
  );
});

test("R1: reasoning, text and calls that stand together become one assistant message", () => {
  const turn = parse({
    input: [
      message("user", "go"),
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Looking." }] },
      call("c1", "Read", '{"p":1}'),
      call("c2", "Read", '{"p":2}'),
      output("c2", "two"),
      output("c1", "one"),
      message("assistant", "Done."),
    ],
  });
  assert.deepEqual(turn.items.slice(1), [
    {
      kind: "assistant",
      text: "Looking.",
      reasoning: "Hm.",
      calls: [
        { id: "c1", name: "Read", arguments: '{"p":1}' },
        { id: "c2", name: "Read", arguments: '{"p":2}' },
      ],
    },
    // R1: in the order of the calls, not of their ends.
    { kind: "result", callId: "c1", parts: [{ kind: "text", text: "one" }], isError: false },
    { kind: "result", callId: "c2", parts: [{ kind: "text", text: "two" }], isError: false },
    { kind: "assistant", text: "Done.", reasoning: "", calls: [] },
  ]);
});

test("text after a call does not part the call from its result", () => {
  const turn = parse({
    input: [call("c1", "A", "{}"), message("assistant", "meanwhile"), output("c1", "x")],
  });
  assert.deepEqual(
    turn.items.map(({ kind }) => kind),
    ["assistant", "result"],
  );
});

test("calls and results one after the other stay in pairs", () => {
  const turn = parse({
    input: [call("c1", "A", "{}"), output("c1", "x"), call("c1", "B", "{}"), output("c1", "y")],
  });
  assert.deepEqual(
    turn.items.map(({ kind }) => kind),
    ["assistant", "result", "assistant", "result"],
  );
});

test("R2: namespaces are flattened with their way back, in tools, history and choice", () => {
  const inner = { type: "object", properties: { task: { type: "string" } }, additionalProperties: false };
  const turn = parse({
    input: [{ ...call("c1", "spawn", "{}"), namespace: "agents" }],
    tools: [
      {
        type: "namespace",
        name: "agents",
        tools: [{ type: "function", name: "spawn", parameters: inner, strict: false }],
      },
    ],
    tool_choice: { type: "function", name: "spawn", namespace: "agents" },
  });
  assert.deepEqual(turn.tools, [
    {
      name: "agents__spawn",
      parameters: inner,
      door: { kind: "namespace", namespace: "agents", inner: "spawn" },
    },
  ]);
  const [item] = turn.items;
  assert.ok(item?.kind === "assistant");
  assert.equal(item.calls[0]?.name, "agents__spawn");
  assert.deepEqual(turn.toolChoice, { name: "agents__spawn" });
});

test("R2: a custom tool is a function with one text field, and is told its grammar", () => {
  const format = { type: "grammar", syntax: "lark", definition: 'start: "x"' };
  const turn = parse({
    input: [
      { type: "custom_tool_call", call_id: "c1", name: "patch", input: "*** Begin" },
      { type: "custom_tool_call_output", call_id: "c1", output: "ok" },
    ],
    tools: [{ type: "custom", name: "patch", description: "Patches.", format }],
  });
  const [tool] = turn.tools;
  assert.deepEqual(tool?.door, { kind: "custom" });
  assert.deepEqual(tool?.parameters["required"], ["input"]);
  assert.match(JSON.stringify(tool?.parameters), /lark grammar.*start:/);
  assert.deepEqual(turn.items[0], {
    kind: "assistant",
    text: "",
    reasoning: "",
    calls: [{ id: "c1", name: "patch", arguments: '{"input":"*** Begin"}' }],
  });
  assert.deepEqual(severities(turn), ["cosmetic tools[0].format"]);
});

test("R2: the built-in shell is a function, in tools and in history", () => {
  const turn = parse({
    input: [
      {
        type: "local_shell_call",
        call_id: "c1",
        action: { type: "exec", command: ["ls"], env: {}, timeout_ms: null },
      },
      { type: "local_shell_call_output", id: "c1", output: "a.ts" },
      { type: "shell_call", call_id: "c2", action: { commands: ["ls", "pwd"] } },
      {
        type: "shell_call_output",
        call_id: "c2",
        output: [{ stdout: "a", stderr: "b", outcome: { type: "exit", exit_code: 2 } }],
      },
      { type: "apply_patch_call", call_id: "c3", operation: { type: "delete_file", path: "a" } },
      { type: "apply_patch_call_output", call_id: "c3", status: "failed", output: "no such file" },
    ],
    tools: [{ type: "local_shell" }],
  });
  assert.equal(turn.tools[0]?.name, "local_shell");
  assert.deepEqual(
    turn.items.flatMap((item) => (item.kind === "assistant" ? item.calls : [])),
    [
      { id: "c1", name: "local_shell", arguments: '{"command":["ls"]}' },
      { id: "c2", name: "shell", arguments: '{"commands":["ls","pwd"]}' },
      { id: "c3", name: "apply_patch", arguments: '{"type":"delete_file","path":"a"}' },
    ],
  );
  assert.deepEqual(
    turn.items.flatMap((item) => (item.kind === "result" ? [[item.parts, item.isError]] : [])),
    [
      [[{ kind: "text", text: "a.ts" }], false],
      [[{ kind: "text", text: "a\nb\nexit code 2" }], false],
      [[{ kind: "text", text: "no such file" }], true],
    ],
  );
});

test("R2: tools that run at a vendor's are semantic losses, and so is the second tool of a name", () => {
  const turn = parse({
    tools: [
      { type: "web_search" },
      { type: "function", name: "a__b" },
      { type: "namespace", name: "a", tools: [{ type: "function", name: "b" }] },
    ],
  });
  assert.deepEqual(
    turn.tools.map(({ name }) => name),
    ["a__b"],
  );
  assert.deepEqual(severities(turn), ["semantic tools[0]", "semantic tools[2].tools[0]"]);
});

test("R1: tools and settings that come within the input are taken from there", () => {
  const turn = parse({
    reasoning: { effort: "low" },
    input: [
      {
        type: "additional_tools",
        role: "developer",
        tools: [{ type: "namespace", name: "f", tools: [{ type: "custom", name: "exec" }] }],
      },
      message("developer", "base"),
      { type: "configuration_update", reasoning: { effort: "high" } },
      { type: "agent_message", author: "/root", content: [{ type: "input_text", text: "task" }] },
    ],
  });
  assert.deepEqual(turn.system, ["base"]);
  assert.equal(turn.tools[0]?.name, "f__exec");
  assert.deepEqual(turn.reasoning, { effort: "high" });
  assert.deepEqual(turn.items, [{ kind: "user", parts: [{ kind: "text", text: "task" }] }]);
});

test("what is stored elsewhere is refused with the next step", () => {
  const bodies: JsonObject[] = [
    { previous_response_id: "resp_1" },
    { conversation: "conv_1" },
    { prompt: { id: "p" } },
    { background: true },
    { input: [{ type: "item_reference", id: "msg_1" }] },
    { input: [{ type: "compaction", encrypted_content: "x" }] },
  ];
  for (const body of bodies) {
    assert.throws(
      () => parse(body),
      (error) =>
        error instanceof CloisterError && error.code === "bad-request" && (error.next?.length ?? 0) > 10,
      JSON.stringify(body),
    );
  }
});

test("a wrong field is named by its place", () => {
  const cases: [Json, string][] = [
    [{ input: 3 }, "input"],
    [{ input: ["x"] }, "input[0]"],
    [{ input: [{ role: "tool", content: "x" }] }, "input[0].role"],
    [{ input: [message("user", "a"), { role: "user", content: 3 }] }, "input[1].content"],
    [{ input: [{ type: "function_call", name: "a", arguments: "{}" }] }, "input[0].call_id"],
    [{ input: [{ type: "function_call", name: "a", call_id: "c", arguments: {} }] }, "input[0].arguments"],
    [{ input: [{ type: "function_call_output", call_id: "c" }] }, "input[0].output"],
    [{ input: [{ type: "function_call_output", call_id: "c", output: {} }] }, "input[0].output"],
    [{ input: [{ role: "user", content: [{ type: "input_text" }] }] }, "input[0].content[0].text"],
    [
      { input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] },
      "input[0].content[0].image_url",
    ],
    [{ input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] }, "input[0].content[0]"],
    [{ tools: [{ type: "function" }] }, "tools[0].name"],
    [{ temperature: "hot" }, "temperature"],
    [{ max_output_tokens: 0.5 }, "max_output_tokens"],
  ];
  for (const [body, field] of cases) {
    assert.throws(
      () => parse(body as JsonObject),
      (error) => error instanceof CloisterError && error.message.startsWith(`\`${field}\` `),
      field,
    );
  }
  assert.throws(() => parseRequest({ input: "x" }), /`model`/);
});

test("R7: settings are carried, what is left over is a loss, and what asks for nothing is none", () => {
  const turn = parse({
    store: false,
    truncation: "disabled",
    service_tier: "auto",
    metadata: null,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "s1",
    stop: ["x"],
    text: { verbosity: "low", format: { type: "json_schema", name: "n", schema: { type: "object" } } },
    reasoning: { effort: "xhigh", summary: "auto" },
    tool_choice: "required",
    parallel_tool_calls: false,
    temperature: 0.5,
    top_p: 0.9,
    max_output_tokens: 100,
  });
  assert.deepEqual(turn.sampling, { temperature: 0.5, topP: 0.9, maxTokens: 100 });
  assert.deepEqual(turn.reasoning, { effort: "high" });
  assert.deepEqual(turn.format, { kind: "schema", name: "n", schema: { type: "object" } });
  assert.equal(turn.toolChoice, "required");
  assert.equal(turn.parallelCalls, false);
  assert.deepEqual(severities(turn), [
    "cosmetic reasoning.effort",
    "semantic text.verbosity",
    "cosmetic include",
    "cosmetic prompt_cache_key",
    "semantic stop",
  ]);
});

test("images come as data or address, and text documents are read", () => {
  const turn = parse({
    input: [
      {
        role: "user",
        content: [
          { type: "input_image", image_url: "data:image/png;base64,AAAA" },
          { type: "input_image", image_url: "https://x.test/a.png", detail: "high" },
          {
            type: "input_file",
            filename: "a.md",
            file_data: `data:text/markdown;base64,${Buffer.from("# é").toString("base64")}`,
          },
          { type: "input_audio", audio: {} },
        ],
      },
    ],
  });
  assert.deepEqual(turn.items, [
    {
      kind: "user",
      parts: [
        { kind: "image", mediaType: "image/png", base64: "AAAA" },
        { kind: "image", url: "https://x.test/a.png" },
        { kind: "text", text: "a.md:\n# é" },
      ],
    },
  ]);
  assert.deepEqual(severities(turn), ["cosmetic input[0].content[1].detail", "semantic input[0].content[3]"]);
});

test("reasoning that only its maker can read is a semantic loss, and an unknown item too", () => {
  const turn = parse({
    input: [
      { type: "reasoning", summary: [], encrypted_content: "opaque" },
      { type: "web_search_call", id: "ws_1" },
      message("user", "x"),
    ],
  });
  assert.equal(turn.items.length, 1);
  assert.deepEqual(severities(turn), ["semantic input[0].encrypted_content", "semantic input[1]"]);
});

test("fields that are named like what every object has are unknown fields", () => {
  const turn = parseRequest(
    JSON.parse('{"model":"m","input":"x","constructor":1,"__proto__":2,"toString":3}') as JsonObject,
  );
  assert.deepEqual(severities(turn), ["cosmetic constructor", "cosmetic __proto__", "cosmetic toString"]);
  assert.ok(turn.losses.every(({ reason }) => typeof reason === "string"));
});

test("the list of losses has an end", () => {
  const fields = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x${index}`, 1]));
  const { losses } = parse(fields);
  assert.equal(losses.length, 501);
  assert.equal(losses.at(-1)?.severity, "semantic");
});

function parse(body: JsonObject): TurnRequest {
  return parseRequest({ model: "m", input: [], ...body });
}

function message(role: string, text: string): JsonObject {
  const type = role === "assistant" ? "output_text" : "input_text";
  return { type: "message", role, content: [{ type, text }] };
}

function call(id: string, name: string, text: string): JsonObject {
  return { type: "function_call", call_id: id, name, arguments: text };
}

function output(id: string, text: string): JsonObject {
  return { type: "function_call_output", call_id: id, output: text };
}

function severities(turn: TurnRequest): string[] {
  return turn.losses.map(({ severity, path }) => `${severity} ${path}`);
}
