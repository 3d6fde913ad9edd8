import { ordinary, switchedOffBy, type Family } from "./family.ts";

// All others begin with `<｜`, which is neutralised for every family.
const tokens = ["｜DSML｜", "<think>", "</think>"];

/** The template moves every system message to the front, whatever its place. */
const systemRule = "first-only";

/** R1, V3 and V3.1, and what was distilled from them. */
export const deepseekV31: Family = {
  ...ordinary,
  name: "deepseek-v3.1",
  matches: [/deepseek/],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "never",
    field: "reasoning_content",
    off: switchedOffBy({ thinking: false }),
  },
  systemRule,
  specialTokens: tokens,
  contextTokens: 131_072,
  faults: [{ servers: [], what: "no assistant header after tool results" }],
};

export const deepseekV32: Family = {
  ...ordinary,
  name: "deepseek-v3.2",
  matches: [/deepseek[-_.]?v?3[._p]2/],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "in-loop",
    field: "reasoning_content",
    off: switchedOffBy({ thinking: false }),
  },
  systemRule,
  specialTokens: [...tokens, "<function_results>", "</function_results>"],
  contextTokens: 131_072,
  faults: [
    {
      servers: ["sglang", "vllm"],
      what: "markup of a call stays in the text, with finish stop and no error",
    },
    { servers: [], what: "the template counts results by distance: all of them, directly after their calls" },
  ],
};

/** The vendor's undated names are of this generation too. */
export const deepseekV4: Family = {
  ...ordinary,
  name: "deepseek-v4",
  matches: [/deepseek[-_.]?v4/, /deepseek-(chat|reasoner)/],
  reasoning: {
    tags: ["<think>", "</think>"],
    echo: "always-even-empty",
    field: "reasoning_content",
    off: { ...switchedOffBy({ thinking: false }), deepseek: { thinking: { type: "disabled" } } },
  },
  systemRule,
  specialTokens: [...tokens, "<tool_result>", "</tool_result>"],
  contextTokens: 1_048_576,
  faults: [
    {
      servers: ["sglang", "vllm"],
      what: "markup of a call stays in the text, with finish stop and no error",
    },
  ],
};
