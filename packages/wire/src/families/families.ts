import { deepseekV31, deepseekV32, deepseekV4 } from "./deepseek.ts";
import type { Family } from "./family.ts";
import { gemma3, gemma4 } from "./gemma.ts";
import { glm, laguna } from "./glm.ts";
import { gptOss } from "./gpt-oss.ts";
import { granite, hermes } from "./granite.ts";
import { kimiK2, kimiK3 } from "./kimi.ts";
import { llama } from "./llama.ts";
import { minimaxM2, minimaxM3 } from "./minimax.ts";
import { devstral, ministral, mistral } from "./mistral.ts";
import { qwen25, qwen3, qwen35, qwen3Coder, qwen3CoderNext } from "./qwen.ts";
import { unknownFamily } from "./unknown.ts";

/** The particular before the general, and what is made of another family's weights before that family. */
export const families: readonly Family[] = [
  hermes,
  gptOss,
  deepseekV4,
  deepseekV32,
  deepseekV31,
  kimiK3,
  kimiK2,
  minimaxM3,
  minimaxM2,
  laguna,
  glm,
  devstral,
  ministral,
  qwen3CoderNext,
  qwen3Coder,
  qwen35,
  qwen3,
  qwen25,
  gemma4,
  gemma3,
  granite,
  llama,
  mistral,
];

/** By any way a model is named: hub id, Ollama tag, file name, vendor's API. Never fails: there is `unknown`. */
export function familyOf(modelId: string): Family {
  const id = modelId.toLowerCase();
  return families.find(({ matches }) => matches.some((pattern) => pattern.test(id))) ?? unknownFamily;
}
