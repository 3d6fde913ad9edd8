import assert from "node:assert/strict";
import { test } from "node:test";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { systemPrompt } from "./prompt.ts";
import { createSessionTools } from "./session-tools.ts";
import { toChatTool } from "./subagents.ts";
import { createUseTool } from "./tools/deferred.ts";
import { refusal } from "./tools/tool.ts";
import { tools } from "./tools/toolset.ts";

const offered = [
  ...tools,
  createUseTool(() => []),
  ...createSessionTools({
    mode: () => "default",
    setMode: () => {},
    startSubagent: () => Promise.resolve(refusal("none here")),
  }),
];

test("the fixed prompt, tools and all, is at most 1,200 tokens: local prefill is the cost", () => {
  const functions = offered.map(toChatTool);
  const tokens = countTokens(systemPrompt) + countTokens(JSON.stringify(functions));
  assert.ok(tokens <= 1200, `${tokens} tokens`);
});

test("nothing in the fixed prompt depends on the user, the machine or the day", () => {
  const text = systemPrompt + JSON.stringify(offered);
  for (const word of [
    process.cwd(),
    process.env["HOME"] ?? "",
    process.platform,
    String(new Date().getFullYear()),
  ]) {
    if (word.length > 1) assert.ok(!text.includes(word), word);
  }
});
