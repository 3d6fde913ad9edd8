import assert from "node:assert/strict";
import { test } from "node:test";
import { families, familyOf } from "./families.ts";

/** Hub ids, Ollama tags, file names, vendors' and hosts' API names. */
const ids: Readonly<Record<string, readonly string[]>> = {
  "qwen2.5": [
    "Qwen/Qwen2.5-Coder-32B-Instruct",
    "qwen2.5-coder:7b",
    "qwen2.5-7b-instruct-q4_k_m.gguf",
    "Qwen2-72B-Instruct",
    "codeqwen:7b",
    "qwen-coder-plus",
    "moonshotai/Kimi-Dev-72B",
  ],
  qwen3: [
    "Qwen/Qwen3-32B",
    "qwen3:30b-a3b",
    "qwen3_8b",
    "Qwen3-235B-A22B-Thinking-2507-UD-Q4_K_XL-00001-of-00003.gguf",
    "qwen3-next-80b-a3b-instruct",
    "hf.co/unsloth/Qwen3-4B-GGUF:Q8_0",
    "qwen3-max",
    "qwen-plus-latest",
    "QwQ-32B",
    "huihui_ai/qwen3-abliterated:14b",
    "Qwen3-5B-custom.gguf",
  ],
  "qwen3-coder": [
    "Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf",
    "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8",
    "qwen3-coder:30b",
    "qwen3-coder-plus",
    "qwen.qwen3-coder-30b-a3b-v1:0",
  ],
  "qwen3-coder-next": ["Qwen/Qwen3-Coder-Next", "qwen3-coder-next:q4_K_M", "qwen3-coder-next-80b-a3b"],
  "qwen3.5": [
    "Qwen/Qwen3.5-35B-A3B",
    "qwen3.5:27b",
    "qwen3.6-27b-instruct-q4_k_m.gguf",
    "Qwen_Qwen3.8-27B-Q5_K_M.gguf",
    "accounts/hosted/models/qwen3p5-397b-a17b",
    "qwen3.5-plus",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
    "nemotron-3-nano:30b",
    "stepfun-ai/Step-3.5-Flash",
  ],
  glm: [
    "zai-org/GLM-4.6",
    "glm-4.5-air",
    "glm-4.7-flash:q8_0",
    "GLM-5.1-FP8",
    "glm-4p6",
    "zai.glm-4.6",
    "glm-5",
  ],
  laguna: ["poolside/Laguna-S-2.1", "laguna-xs.2-q4_k_m.gguf"],
  "deepseek-v3.1": [
    "deepseek-ai/DeepSeek-V3.1-Terminus",
    "deepseek-v3.1:671b-cloud",
    "deepseek.v3-v1:0",
    "deepseek-r1:14b",
    "DeepSeek-R1-Distill-Qwen-32B-Q4_K_M.gguf",
    "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
    "deepseek-r1-distill-llama-70b",
  ],
  "deepseek-v3.2": [
    "deepseek-ai/DeepSeek-V3.2-Exp",
    "deepseek-v3.2",
    "deepseek-v3p2",
    "deepseek/deepseek-v3.2",
  ],
  "deepseek-v4": ["deepseek-ai/DeepSeek-V4-Flash", "deepseek-v4-pro", "deepseek-chat", "deepseek-reasoner"],
  "kimi-k2": [
    "moonshotai/Kimi-K2-Instruct-0905",
    "kimi-k2-thinking",
    "kimi-k2:1t-cloud",
    "kimi-k2.5",
    "kimi-k2.7-code",
    "moonshot.kimi-k2-thinking",
    "moonshotai/Kimi-Linear-48B-A3B-Instruct",
    "moonshot-v1-128k",
    "kimi-latest",
  ],
  "kimi-k3": ["moonshotai/Kimi-K3", "kimi-k3"],
  "minimax-m2": ["MiniMaxAI/MiniMax-M2", "minimax-m2.5", "minimax.minimax-m2", "minimax-m2:cloud"],
  "minimax-m3": ["MiniMaxAI/MiniMax-M3", "minimax-m3-q4_k_m.gguf"],
  "gpt-oss": ["openai/gpt-oss-120b", "gpt-oss:20b", "gpt-oss-20b-mxfp4.gguf", "openai.gpt-oss-120b-1:0"],
  mistral: [
    "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
    "mistral-small3.2:24b",
    "mistral-large-latest",
    "open-mistral-nemo",
    "Mixtral-8x7B-Instruct-v0.1",
    "codestral-2508",
  ],
  devstral: [
    "mistralai/Devstral-Small-2507",
    "devstral:24b",
    "mistral.devstral-2-123b",
    "mistralai_Devstral-Small-2-24B-Instruct-2512-Q4_K_M.gguf",
  ],
  ministral: ["mistralai/Ministral-3-14B-Reasoning-2512", "ministral-3:8b", "magistral-small-2509"],
  llama: [
    "meta-llama/Llama-3.3-70B-Instruct",
    "llama3.1:8b",
    "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
    "meta.llama3-1-70b-instruct-v1:0",
    "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5",
    "llama4:scout",
  ],
  "gemma-4": ["google/gemma-4-31b-it", "gemma4:26b"],
  "gemma-3": ["google/gemma-3-4b-it", "gemma3:27b", "gemma-3n-E4B-it-Q4_K_M.gguf", "gemma2:9b"],
  granite: ["ibm-granite/granite-4.0-h-small", "granite4:small-h", "granite-3.3-2b-instruct"],
  hermes: [
    "NousResearch/Hermes-4-14B",
    "hermes3:8b",
    "NousResearch/Hermes-3-Llama-3.1-8B",
    "Nous-Hermes-2-Mixtral-8x7B-DPO",
  ],
  unknown: [
    "gpt-4o",
    "phi4:14b",
    "tinyllama:1.1b",
    "codellama:13b",
    "glm-4-9b-chat",
    "THUDM/GLM-4-32B-0414",
    "MiniMax-Text-01",
    "mimo-v2-flash",
    "qwen4:8b",
    "my-finetune",
    "",
  ],
};

test("every family is recognised by the names its models go by, and takes none of another's", () => {
  for (const [name, samples] of Object.entries(ids)) {
    for (const id of samples) {
      assert.equal(familyOf(id).name, name, id);
      assert.equal(familyOf(id.toUpperCase()).name, name, id.toUpperCase());
    }
  }
});

test("every family has names in the table above, and one name of its own", () => {
  const names = families.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual([...names, "unknown"].toSorted(), Object.keys(ids).toSorted());
});

test("aliases of one family are distinct and none is itself reserved", () => {
  for (const { name, reservedToolNames } of families) {
    const aliases = Object.values(reservedToolNames);
    assert.equal(new Set([...aliases, ...Object.keys(reservedToolNames)]).size, aliases.length * 2, name);
  }
});
