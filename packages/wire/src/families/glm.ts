import { ordinary, switchedOffBy, type Family } from "./family.ts";

const tokens = [
  "[gMASK]",
  "<sop>",
  "<eop>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
  "<|observation|>",
  "<|endoftext|>",
  "<tool_call>",
  "</tool_call>",
  "<tool_response>",
  "</tool_response>",
  "<arg_key>",
  "</arg_key>",
  "<arg_value>",
  "</arg_value>",
  "<think>",
  "</think>",
];

/** 4.5 and later. Earlier ones write calls another way, and are treated as unknown. */
export const glm: Family = {
  ...ordinary,
  name: "glm",
  matches: [/(?<![a-z0-9])(chat)?glm-?(4[._p][5-9]|[5-9])/],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "in-loop",
    field: "reasoning_content",
    off: { ...switchedOffBy({ enable_thinking: false }), zhipu: { thinking: { type: "disabled" } } },
  },
  specialTokens: tokens,
  contextTokens: 202_752,
  faults: [
    {
      servers: ["vllm", "sglang"],
      what: "each of the four tags of a call can be missing, doubled or in a name",
    },
    { servers: ["zhipu"], what: "429 also means no balance; tool_choice is auto only; no stream_options" },
  ],
};

/** Poolside's: GLM's calls, roles as plain tags, and all reasoning is rendered. */
export const laguna: Family = {
  ...ordinary,
  name: "laguna",
  matches: [/(?<![a-z0-9])laguna/],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "always",
    field: "reasoning_content",
    off: switchedOffBy({ enable_thinking: false }),
  },
  specialTokens: [
    ...tokens,
    "\u3008|EOS|\u3009",
    "<system>",
    "</system>",
    "<user>",
    "</user>",
    "<assistant>",
    "</assistant>",
  ],
};
