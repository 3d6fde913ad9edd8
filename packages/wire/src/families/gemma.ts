import { ordinary, switchedOffBy, type Family } from "./family.ts";

export const gemma4: Family = {
  ...ordinary,
  name: "gemma-4",
  matches: [/(?<![a-z0-9])gemma-?4/],
  reasoning: {
    tags: ["<|channel>thought\n", "<channel|>"],
    echo: "in-loop",
    field: "reasoning_content",
    off: switchedOffBy({ enable_thinking: false }),
  },
  specialTokens: [
    "<bos>",
    "<eos>",
    "<pad>",
    "<|turn>",
    "<turn|>",
    "<|channel>",
    "<channel|>",
    "<|tool>",
    "<tool|>",
    "<|tool_call>",
    "<tool_call|>",
    "<|tool_response>",
    "<tool_response|>",
    '<|"|>',
    "<|think|>",
    "<|image|>",
    "<|audio|>",
    "<|video|>",
  ],
  contextTokens: 262_144,
  faults: [{ servers: [], what: "arguments are sorted in the history, and text stands after the results" }],
};

/** Gemma 1 to 3: no calls of its own, no system role but the first. */
export const gemma3: Family = {
  ...ordinary,
  name: "gemma-3",
  matches: [/(?<![a-z0-9])gemma-?[123]/],
  reasoning: { echo: "never", field: "reasoning_content" },
  systemRule: "first-only",
  alternation: true,
  specialTokens: [
    "<bos>",
    "<eos>",
    "<pad>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_image>",
    "<unused",
  ],
  contextTokens: 131_072,
  faults: [{ servers: [], what: "Gemma 1 and 2 refuse any system message" }],
};
