import { ordinary, type Family } from "./family.ts";

const tags = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"];

/** IBM's. Version 4 writes Qwen 2.5's calls; thinking is off unless asked for. */
export const granite: Family = {
  ...ordinary,
  name: "granite",
  matches: [/(?<![a-z0-9])granite/],
  reasoning: { tags: ["<think>", "</think>"], echo: "never", field: "reasoning_content" },
  specialTokens: [
    "<|start_of_role|>",
    "<|end_of_role|>",
    "<|end_of_text|>",
    "<|tool_call|>",
    ...tags,
    "<documents>",
    "</documents>",
  ],
  contextTokens: 131_072,
};

/** Nous Research's, on several bases: the name of the base in an id says nothing about the template. */
export const hermes: Family = {
  ...ordinary,
  name: "hermes",
  matches: [/hermes-?[234]/],
  reasoning: { tags: ["<think>", "</think>"], echo: "never", field: "reasoning_content" },
  specialTokens: ["<|im_start|>", "<|im_end|>", "<|eot_id|>", ...tags, "<think>", "</think>"],
  contextTokens: 131_072,
};
