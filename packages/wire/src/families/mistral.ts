import { ordinary, type Family } from "./family.ts";

const tokens = [
  "<s>",
  "</s>",
  "<unk>",
  "<pad>",
  "[INST]",
  "[/INST]",
  "[SYSTEM_PROMPT]",
  "[/SYSTEM_PROMPT]",
  "[AVAILABLE_TOOLS]",
  "[/AVAILABLE_TOOLS]",
  "[TOOL_CALLS]",
  "[CALL_ID]",
  "[ARGS]",
  "[TOOL_RESULTS]",
  "[/TOOL_RESULTS]",
  "[TOOL_CONTENT]",
  "[IMG]",
  "[IMG_BREAK]",
  "[IMG_END]",
  "[PREFIX]",
  "[SUFFIX]",
  "[MIDDLE]",
  "[THINK]",
  "[/THINK]",
  "<SPECIAL_",
];

// The vendor's own tokeniser, which vLLM can use in the template's place, is as strict as the strictest template.
const strict = { systemRule: "first-only", alternation: true, callIds: "mistral" } as const;

/** Small, Medium, Large, Nemo, and the rest without a template of their own here. */
export const mistral: Family = {
  ...ordinary,
  ...strict,
  name: "mistral",
  matches: [/(?<![a-z0-9])(mistral|mixtral|codestral|pixtral|voxtral)/],
  reasoning: { echo: "never", field: "reasoning_content" },
  textWithCalls: "dropped",
  specialTokens: tokens,
  contextTokens: 131_072,
  faults: [
    { servers: ["llama.cpp"], what: "the grammar for Small 3.2 does not admit the id of a call" },
    {
      servers: [],
      what: "tools stand before the last user message: each user turn is a new prefix from there",
    },
  ],
};

export const devstral: Family = {
  ...mistral,
  name: "devstral",
  matches: [/(?<![a-z0-9])devstral/],
  textWithCalls: "kept",
  contextTokens: 262_144,
  faults: [{ servers: ["vllm"], what: "fragments of streamed calls get lost in older versions" }],
};

/** Ministral 3 and Magistral: reasoning between tags, not rendered from a field. */
export const ministral: Family = {
  ...mistral,
  name: "ministral",
  matches: [/(?<![a-z0-9])(ministral|magistral)/],
  reasoning: { tags: ["[THINK]", "[/THINK]"], echo: "never", field: "reasoning_content" },
  textWithCalls: "kept",
  contextTokens: 262_144,
  faults: [{ servers: [], what: "the template refuses an assistant message with neither text nor call" }],
};
