/** What to say to each program so that it talks to its models through the airlock. */
export function setupLines(address: string, model: string): string {
  const lines: readonly (readonly [string, string])[] = [
    [
      "Claude Code",
      `ANTHROPIC_BASE_URL=${address} ANTHROPIC_AUTH_TOKEN=local ANTHROPIC_MODEL=${model} claude`,
    ],
    [
      "Codex",
      `codex -c model_provider=cloister -c model=${model} -c 'model_providers.cloister={name="cloister",base_url="${address}/v1",wire_api="responses"}'`,
    ],
    [
      "Qwen Code",
      `OPENAI_BASE_URL=${address}/v1 OPENAI_API_KEY=local OPENAI_MODEL=${model} qwen --auth-type openai`,
    ],
    [
      "opencode",
      `opencode.json: {"provider":{"cloister":{"npm":"@ai-sdk/openai-compatible","options":{"baseURL":"${address}/v1"},"models":{"${model}":{}}}},"model":"cloister/${model}"}`,
    ],
    ["Cline", `provider "OpenAI Compatible", base URL ${address}/v1, any key, model ${model}`],
    ["Continue", `models: [{provider: openai, apiBase: ${address}/v1, apiKey: local, model: ${model}}]`],
    ["OpenAI SDK", `OPENAI_BASE_URL=${address}/v1 OPENAI_API_KEY=local`],
    ["Anthropic SDK", `ANTHROPIC_BASE_URL=${address} ANTHROPIC_API_KEY=local`],
  ];
  return lines.map(([name, line]) => `${`${name}:`.padEnd(15)}${line}\n`).join("");
}
