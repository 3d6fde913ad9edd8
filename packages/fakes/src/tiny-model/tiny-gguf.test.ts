import assert from "node:assert/strict";
import { test } from "node:test";
import { buildTinyModel } from "./tiny-gguf.ts";
import { learnMerges, toByteChars } from "./vocabulary.ts";
import { writeTurn } from "./script.ts";
import type { TinyScript } from "./script.ts";

const script: TinyScript = {
  turns: [
    {
      reasoning: "I should look at the file first.",
      text: "Let me read it.",
      toolCalls: [{ name: "Read", arguments: { file_path: "src/add.ts" } }],
    },
    { text: "Fixed: `add` subtracted. The tests pass now." },
  ],
  rules: [{ when: "summarise the user's words", turn: { text: "A fix of add; it is done." } }],
};

for (const architecture of ["qwen2", "qwen3", "llama"] as const) {
  test(`${architecture}: the container is whole`, () => {
    const { gguf, template } = buildTinyModel({ architecture, script });
    const { meta, tensors, dataStart } = readGguf(gguf);
    assert.equal(meta.get("general.architecture"), architecture);
    assert.equal(meta.get("tokenizer.chat_template"), template);
    assert.equal(meta.get("tokenizer.ggml.add_bos_token"), false);
    const tokens = meta.get("tokenizer.ggml.tokens");
    const types = meta.get("tokenizer.ggml.token_type");
    assert.ok(Array.isArray(tokens) && Array.isArray(types));
    assert.equal(new Set(tokens).size, tokens.length, "tokens are unique");
    assert.equal(types.length, tokens.length);
    let end = 0;
    for (const { name, shape, type, offset } of tensors) {
      assert.ok(offset >= end && offset % 32 === 0, `${name} overlaps or is not aligned`);
      end = offset + shape.reduce((a, b) => a * b, 1) * (type === 0 ? 4 : 2);
      assert.equal(type, shape.length === 1 ? 0 : 1, name);
    }
    assert.ok(dataStart + end <= gguf.length, "the last tensor is inside");
    assert.deepEqual(tensors.find(({ name }) => name === "output.weight")?.shape, [64, tokens.length]);
  });
}

test("the same options give the same bytes; another seed gives others", () => {
  assert.deepEqual(buildTinyModel({ seed: 7 }).gguf, buildTinyModel({ seed: 7 }).gguf);
  assert.notDeepEqual(buildTinyModel({ seed: 7 }).gguf, buildTinyModel({ seed: 8 }).gguf);
});

test("the tokens of a turn, in order, are its text", () => {
  const { gguf, vocabularySize, scriptTokens } = buildTinyModel({ script });
  const tokens = readGguf(gguf).meta.get("tokenizer.ggml.tokens");
  assert.ok(Array.isArray(tokens));
  assert.equal(tokens.length, vocabularySize);
  const added = tokens.slice(-scriptTokens);
  const expected = script.turns.map((turn) => toByteChars(writeTurn(turn, "hermes")));
  const entries = [added.indexOf("<|turn_0|>"), added.indexOf("<|turn_1|>")] as const;
  assert.equal(added.slice(0, entries[0]).join(""), expected[0]);
  assert.equal(added.slice(entries[0] + 1, entries[1]).join(""), expected[1]);
});

test("a turn that cannot be cut is refused", () => {
  assert.throws(() => buildTinyModel({ script: { turns: [{ text: "x" }] } }), /cannot cut/);
  assert.throws(() => buildTinyModel({ script: { turns: [] } }), /at least one turn/);
});

test("a long or repetitive script is cut, and equal turns share their tokens", () => {
  const content = Array.from({ length: 120 }, (_, i) => `export const v${i} = ${i * 7};\n`).join("");
  const long = { toolCalls: [{ name: "Write", arguments: { file_path: "a.ts", content } }] };
  const once = buildTinyModel({ script: { turns: [long] } });
  assert.ok(once.scriptTokens > 400, `${once.scriptTokens} tokens`);
  const twice = buildTinyModel({ script: { turns: [long, long] } });
  assert.equal(twice.scriptTokens, once.scriptTokens + 1);
  assert.ok(buildTinyModel({ script: { turns: [{ text: "again and ".repeat(500) }] } }).scriptTokens > 10);
});

test("calls are written as the family writes them, and white space is kept", () => {
  const turn = {
    text: "Now.",
    toolCalls: [{ name: "Edit", arguments: { new_string: "\t a\n", all: true } }],
  };
  assert.equal(
    writeTurn(turn, "hermes"),
    'Now.\n<tool_call>\n{"name": "Edit", "arguments": {"new_string":"\\t a\\n","all":true}}\n</tool_call>',
  );
  assert.equal(
    writeTurn(turn, "xml"),
    "Now.\n<tool_call>\n<function=Edit>\n<parameter=new_string>\n\t a\n\n</parameter>\n<parameter=all>\ntrue\n</parameter>\n</function>\n</tool_call>",
  );
  assert.equal(writeTurn({ raw: "<tool_call>{" }, "xml"), "<tool_call>{");
});

test("the template asks for each turn by its number, and for a rule by its text", () => {
  const { template } = buildTinyModel({ script: { ...script, after: "loop" } });
  assert.match(template, /'summarise the user\\'s words' in st\.last %\}\{\{- '<\|rule_0\|>' \}\}/);
  assert.match(template, /elif st\.done % 2 == 1 %\}\{\{- '<\|turn_1\|>' \}\}/);
});

test("merges are learnt from the text", () => {
  assert.deepEqual(learnMerges("aa aa aaa", 1), [["a", "a"]]);
  assert.deepEqual(learnMerges("ab", 5), []);
  assert.equal(toByteChars(" é"), "ĠÃ©");
});

interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly offset: number;
}

/** A reader of its own, so that writer and test cannot share a mistake. */
function readGguf(bytes: Buffer): {
  meta: Map<string, unknown>;
  tensors: readonly TensorEntry[];
  dataStart: number;
} {
  let at = 4;
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const u32 = (): number => take(4).readUInt32LE();
  const u64 = (): number => Number(take(8).readBigUInt64LE());
  const text = (): string => take(u64()).toString();
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 5) return take(4).readInt32LE();
    if (type === 6) return take(4).readFloatLE();
    if (type === 7) return take(1)[0] === 1;
    if (type === 8) return text();
    assert.equal(type, 9);
    const item = u32();
    return Array.from({ length: u64() }, () => value(item));
  };
  assert.equal(bytes.toString("latin1", 0, 4), "GGUF");
  assert.equal(u32(), 3);
  const tensorCount = u64();
  const metaCount = u64();
  const meta = new Map(Array.from({ length: metaCount }, () => [text(), value(u32())] as const));
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text();
    const shape = Array.from({ length: u32() }, u64);
    return { name, shape, type: u32(), offset: u64() };
  });
  return { meta, tensors, dataStart: Math.ceil(at / 32) * 32 };
}
