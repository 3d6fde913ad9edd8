import { ordinary, type Family } from "./family.ts";

/** Llama 3.x and 4. A bare object in prose is ambiguous; recovery takes it only when it is the whole answer. */
export const llama: Family = {
  ...ordinary,
  name: "llama",
  matches: [/(?<![a-z0-9])llama-?[34]/],
  reasoning: { echo: "never", field: "reasoning_content" },
  callsPerMessage: "one",
  textWithCalls: "dropped",
  specialTokens: [
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|python_tag|>",
    "<|header_start|>",
    "<|header_end|>",
    "<|eot|>",
  ],
  contextTokens: 131_072,
  faults: [{ servers: [], what: "the template refuses a message whose list of calls is empty" }],
};
