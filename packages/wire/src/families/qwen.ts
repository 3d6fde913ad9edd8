import { ordinary, switchedOffBy, type Family } from "./family.ts";

// Results are user text between these: a closing tag inside a file would turn what follows into the user's words.
const tokens = [
  "<|im_start|>",
  "<|im_end|>",
  "<|endoftext|>",
  "<tool_call>",
  "</tool_call>",
  "<tool_response>",
  "</tool_response>",
  "<think>",
  "</think>",
];

export const qwen25: Family = {
  ...ordinary,
  name: "qwen2.5",
  // Kimi-Dev is a Qwen 2.5 by template, whatever its name says.
  matches: [
    /(?<![a-z0-9])qwen-?[12]/,
    /codeqwen/,
    /(?<![a-z0-9])qwen-(coder|math|vl)/,
    /(?<![a-z0-9])kimi-?dev/,
  ],
  reasoning: { echo: "never", field: "reasoning_content" },
  specialTokens: tokens,
  contextTokens: 32_768,
};

export const qwen3: Family = {
  ...ordinary,
  name: "qwen3",
  matches: [
    /(?<![a-z0-9])qwen-?3(?![._p][5-9](?!\d*b))/,
    /(?<![a-z0-9])qwq/,
    /(?<![a-z0-9])qwen-(max|plus|turbo|flash|long)/,
  ],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "in-loop",
    field: "reasoning_content",
    off: { ...switchedOffBy({ enable_thinking: false }), dashscope: { enable_thinking: false } },
  },
  specialTokens: tokens,
  contextTokens: 262_144,
  faults: [
    { servers: ["llama.cpp", "vllm"], what: "a call written inside the thinking is lost by the parser" },
  ],
};

export const qwen3Coder: Family = {
  ...ordinary,
  name: "qwen3-coder",
  matches: [/(?<![a-z0-9])qwen-?3[-_]?coder/],
  reasoning: { echo: "never", field: "reasoning_content" },
  specialTokens: tokens,
  contextTokens: 262_144,
  faults: [
    { servers: ["ollama", "vllm"], what: "a call without its opening tag comes out as text" },
    { servers: [], what: "values hold a literal </parameter>" },
  ],
};

export const qwen3CoderNext: Family = {
  ...qwen3Coder,
  name: "qwen3-coder-next",
  matches: [/(?<![a-z0-9])qwen-?3[-_]?coder[-_]next/],
};

/** Also Nemotron 3 and Step 3.5, which write calls the same way. */
export const qwen35: Family = {
  ...ordinary,
  name: "qwen3.5",
  matches: [
    /(?<![a-z0-9])qwen-?3[._p][5-9](?!\d*b)/,
    /(?<![a-z0-9])nemotron-?3/,
    /(?<![a-z0-9])step-?3[._p]5/,
  ],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "in-loop",
    field: "reasoning_content",
    off: { ...switchedOffBy({ enable_thinking: false }), dashscope: { enable_thinking: false } },
  },
  systemRule: "first-only",
  specialTokens: tokens,
  contextTokens: 262_144,
  faults: [{ servers: [], what: "the template refuses a conversation without a user message" }],
};
