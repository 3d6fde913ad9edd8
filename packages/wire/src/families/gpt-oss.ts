import { ordinary, type Family } from "./family.ts";

/** The harmony format: channels, one call per message, and tools it believes it was born with. */
export const gptOss: Family = {
  ...ordinary,
  name: "gpt-oss",
  matches: [/gpt[-_]?oss/],
  // Thinking cannot be switched off, only be asked to be short by `reasoning_effort`.
  reasoning: { echo: "in-loop", field: "reasoning" },
  // The template knows one system and one developer text, and drops others without a word.
  systemRule: "first-only",
  callsPerMessage: "one",
  textWithCalls: "refused-with-reasoning",
  reservedToolNames: { python: "run_python", bash: "run_bash", browser: "use_browser" },
  specialTokens: [
    "<|start|>",
    "<|end|>",
    "<|message|>",
    "<|channel|>",
    "<|constrain|>",
    "<|call|>",
    "<|return|>",
    "<|startoftext|>",
    "<|endoftext|>",
  ],
  contextTokens: 131_072,
  faults: [
    {
      servers: ["vllm", "llama.cpp"],
      what: "a broken channel header in the answer is a 500 and ends the turn",
    },
    { servers: [], what: "the template refuses channel tags inside the text of an earlier answer" },
  ],
};
