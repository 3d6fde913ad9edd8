import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { readChatRequest, unmet } from "./expect.ts";
import { fillArguments, fillText, textOf } from "./fill.ts";
import { parseRehearsalScript } from "./index.ts";
import { toChunks } from "./pieces.ts";

test("a script is parsed whole, and comes back as it was", () => {
  const script = {
    model: "m",
    contextTokens: 4096,
    paceMs: 0,
    turns: [
      {
        expect: {
          lastMessageRole: "user",
          lastMessageContains: ["a"],
          bodyContains: ["b"],
          bodyLacks: ["c"],
          tools: ["Read"],
        },
        reasoning: "hm",
        text: "t {{match:a{2}}}",
        calls: [{ name: "Read", arguments: { file_path: "{{match:src/\\w+}}", deep: [{ limit: 3 }] } }],
        finish: "length",
        fault: "cut",
      },
      {},
    ],
  };
  assert.deepEqual(parseRehearsalScript(script, "tour.json"), script);
});

test("a mistake in a script is named by its field", () => {
  const wrong: [unknown, RegExp][] = [
    [null, /^tour must be an object/],
    [{ turns: [] }, /^tour: turns must hold/],
    [{ turns: [{}], extra: 1 }, /^tour\.extra must be left out/],
    [{ turns: [{ expects: {} }] }, /turns\[0\]\.expects must be left out/],
    [{ turns: [{}, { text: 5 }] }, /turns\[1\]\.text must be a text/],
    [{ turns: [{ text: "{{match:(}}" }] }, /turns\[0\]\.text must hold a regular expression/],
    [{ turns: [{ calls: [{ name: "", arguments: {} }] }] }, /turns\[0\]\.calls\[0\]\.name/],
    [
      { turns: [{ calls: [{ name: "Read", arguments: "{}" }] }] },
      /turns\[0\]\.calls\[0\]\.arguments must be an object/,
    ],
    [
      { turns: [{ calls: [{ name: "R", arguments: { a: ["{{match:[}}"] } }] }] },
      /arguments\.a\[0\] must hold/,
    ],
    [{ turns: [{ expect: { bodyLacks: [""] } }] }, /turns\[0\]\.expect\.bodyLacks\[0\]/],
    [{ turns: [{ fault: "explode" }] }, /turns\[0\]\.fault must be one of cut,/],
    [{ turns: [{}], paceMs: -1 }, /paceMs must be a whole number of at least 0/],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => parseRehearsalScript(value, "tour"), { code: "bad-rehearsal-script", message });
  }
});

test("a placeholder becomes the first match, or its first group, wherever the text stands", () => {
  const text = textOf({ messages: [{ content: "key=[sealed:aws:7f3a] and [sealed:aws:0000]" }] });
  assert.deepEqual(fillText("use {{match:\\[sealed:\\w+:[0-9a-f]{4}\\]}}!", text), {
    kind: "filled",
    value: "use [sealed:aws:7f3a]!",
  });
  assert.deepEqual(fillText("{{match:aws:(\\w{4})}}{{match:key}}", text), {
    kind: "filled",
    value: "7f3akey",
  });
  assert.deepEqual(fillArguments({ a: [{ b: "{{match:sealed}}" }], n: 1, z: null }, text), {
    kind: "filled",
    value: { a: [{ b: "sealed" }], n: 1, z: null },
  });
  assert.deepEqual(fillText("{{other:x}} {{match}}", text), {
    kind: "filled",
    value: "{{other:x}} {{match}}",
  });
});

test("a match is put in as it is, whatever dollars it holds", () => {
  assert.deepEqual(fillText("{{match:\\$.}}", "$& $1"), { kind: "filled", value: "$&" });
});

test("a placeholder without a match is no answer", () => {
  assert.deepEqual(fillText("{{match:absent}}", "text"), { kind: "no-match", pattern: "absent" });
  assert.equal(fillArguments({ a: { b: "{{match:absent}}" } }, "text").kind, "no-match");
});

test("a forbidden text is found behind escapes, also inside the arguments of a call", () => {
  const secret = 'line\n"quo' + 'ted"';
  const plain = JSON.stringify({ messages: [{ role: "user", content: secret }] });
  const nested = JSON.stringify({
    messages: [
      { role: "assistant", tool_calls: [{ function: { arguments: JSON.stringify({ a: secret }) } }] },
    ],
  });
  const odd = '{"messages":[{"role":"user","content":"\\u0041\\u0042C"}]}';
  for (const [raw, wanted] of [
    [plain, secret],
    [nested, secret],
    [odd, "ABC"],
  ] as const) {
    const request = readChatRequest(raw);
    assert.ok(request);
    assert.match(unmet({ bodyLacks: [wanted] }, request) ?? "", /to lack/);
    assert.equal(unmet({ bodyContains: [wanted] }, request), undefined);
  }
});

test("each kind of expectation can fail, and says how", () => {
  const raw = JSON.stringify({
    messages: [
      { role: "system", content: "sys" },
      { role: "tool", content: [{ type: "text", text: "result" }] },
    ],
    tools: [{ type: "function", function: { name: "Read" } }],
  });
  const request = readChatRequest(raw);
  assert.ok(request);
  assert.equal(
    unmet({ lastMessageRole: "tool", lastMessageContains: ["result"], tools: ["Read"] }, request),
    undefined,
  );
  assert.match(unmet({ lastMessageRole: "user" }, request) ?? "", /of role "user", not "tool"/);
  assert.match(unmet({ lastMessageContains: ["sys"] }, request) ?? "", /last message to contain "sys"/);
  assert.match(unmet({ bodyContains: ["absent"] }, request) ?? "", /to contain "absent"/);
  assert.match(unmet({ tools: ["Write"] }, request) ?? "", /a tool named "Write" on offer, among Read/);
});

test("stream pieces are whole characters, the same in every run, and join to the text", () => {
  const text = "déjà 中文 🏔️🧗🏽 and a longer tail of plain words";
  const play = {
    model: "m",
    id: "chatcmpl-1",
    created: 1,
    reasoning: "",
    text,
    calls: [{ id: "c", name: "Write", arguments: JSON.stringify({ content: text }) }],
    finish: "tool_calls",
    promptTokens: 1,
    cachedTokens: 0,
  } as const;
  const chunks = toChunks(play, true);
  assert.deepEqual(chunks, toChunks(play, true));
  const content: string[] = [];
  for (const chunk of chunks.slice(0, -1)) {
    const parsed: unknown = JSON.parse(chunk);
    const choices: unknown = isRecord(parsed) ? parsed.choices : [];
    const delta: unknown = Array.isArray(choices) && isRecord(choices[0]) ? choices[0].delta : {};
    if (isRecord(delta) && typeof delta.content === "string") content.push(delta.content);
  }
  assert.ok(content.length > 3);
  assert.ok(content.every((piece) => piece.isWellFormed()));
  assert.equal(content.join(""), text);
  assert.equal(chunks.at(-1), "[DONE]");
});
