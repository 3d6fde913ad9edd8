import { ordinary, switchedOffBy, type Family } from "./family.ts";

/** K2 with its updates to 2.7, Thinking, Linear, and the older names of the platform. */
export const kimiK2: Family = {
  ...ordinary,
  name: "kimi-k2",
  matches: [/(?<![a-z0-9])kimi(?!-?dev)/, /moonshot-v\d/],
  reasoning: {
    tags: ["<think>", "</think>"],
    // The template forgets old reasoning by itself, and the platform answers 400 to a turn with calls that has none.
    echo: "always",
    field: "reasoning_content",
    off: { ...switchedOffBy({ thinking: false }), moonshot: { thinking: { type: "disabled" } } },
  },
  callIds: "kimi",
  specialTokens: [
    "<|im_user|>",
    "<|im_assistant|>",
    "<|im_system|>",
    "<|im_middle|>",
    "<|im_end|>",
    "<|tool_calls_section_begin|>",
    "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_end|>",
    "<|tool_calls_section_end|>",
    "[BOS]",
    "[EOS]",
    "[EOT]",
    "<think>",
    "</think>",
  ],
  contextTokens: 262_144,
  faults: [
    {
      servers: ["moonshot"],
      what: "answers end after 1,024 tokens unless more are asked for; no strict tools",
    },
    {
      servers: ["vllm"],
      what: "empty content must be an empty string, not a list; early templates lose the ids",
    },
  ],
};

export const kimiK3: Family = {
  ...ordinary,
  name: "kimi-k3",
  matches: [/(?<![a-z0-9])kimi-?k3/],
  reasoning: { echo: "always", field: "reasoning_content", off: switchedOffBy({ thinking: false }) },
  callIds: "kimi",
  specialTokens: ["<|open|>", "<|close|>", "<|sep|>", "<|end_of_msg|>", "<|kimi_image_placeholder|>"],
  contextTokens: 1_048_576,
  faults: [{ servers: ["moonshot"], what: "always thinks; the effort is low, high or max" }],
};
