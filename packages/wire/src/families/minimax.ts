import { ordinary, type Family } from "./family.ts";

// `]<]` begins all tokens of the kind `]<]minimax[>[`.
const tokens = ["]~!b[", "]~b]", "[e~[", "]<]"];

export const minimaxM2: Family = {
  ...ordinary,
  name: "minimax-m2",
  matches: [/minimax[-_]?m2/],
  // Its thinking cannot be switched off.
  reasoning: { tags: ["<think>", "</think>"], echo: "in-loop", field: "reasoning_content" },
  // Both templates drop later system messages without a word.
  systemRule: "first-only",
  specialTokens: [...tokens, "<minimax:tool_call>", "</minimax:tool_call>", "<think>", "</think>"],
  contextTokens: 196_608,
  faults: [
    { servers: ["llama.cpp"], what: "two calls in one block, or a newline after it, are a 500" },
    {
      servers: ["minimax"],
      what: "reasoning stays in the text between its tags unless reasoning_split is set",
    },
  ],
};

export const minimaxM3: Family = {
  ...ordinary,
  name: "minimax-m3",
  matches: [/minimax[-_]?m3/],
  reasoning: {
    tags: ["<mm:think>", "</mm:think>"],
    echo: "always",
    field: "reasoning_content",
    off: {
      "llama.cpp": { chat_template_kwargs: { thinking_mode: "disabled" } },
      vllm: { chat_template_kwargs: { thinking_mode: "disabled" } },
      sglang: { chat_template_kwargs: { thinking_mode: "disabled" } },
    },
  },
  systemRule: "first-only",
  specialTokens: [...tokens, "<mm:think>", "</mm:think>"],
  contextTokens: 1_048_576,
};
