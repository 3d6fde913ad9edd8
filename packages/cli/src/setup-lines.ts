/** What to say to each program so that it talks to its models through the airlock. */
export function setupLines(address: string, model: string): string {
  const lines: readonly (readonly [string, string])[] = [
    [
      "Claude Code",
      // Its small tasks ask for another model, and without the last one it calls home beside the airlock.
      `ANTHROPIC_BASE_URL=${address} ANTHROPIC_AUTH_TOKEN=local ANTHROPIC_MODEL=${model} ` +
        `ANTHROPIC_DEFAULT_HAIKU_MODEL=${model} CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 claude`,
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
      `opencode.json: {"provider":{"cloister":{"npm":"@ai-sdk/openai-compatible","options":{"baseURL":"${address}/v1","apiKey":"local"},"models":{"${model}":{}}}},"model":"cloister/${model}"}`,
    ],
    [
      "Cline",
      `cline auth -p openai -k local -m ${model} -b ${address}/v1 (in the editor: provider "OpenAI Compatible", the same values)`,
    ],
    [
      "Continue",
      `config.yaml: models: [{name: cloister, provider: openai, model: ${model}, apiBase: ${address}/v1, apiKey: local}]`,
    ],
    ["OpenAI SDK", `OPENAI_BASE_URL=${address}/v1 OPENAI_API_KEY=local`],
    ["Anthropic SDK", `ANTHROPIC_BASE_URL=${address} ANTHROPIC_API_KEY=local`],
  ];
  return lines.map(([name, line]) => `${`${name}:`.padEnd(15)}${line}\n`).join("");
}

const BRIDGE_PORT = 8642;

/** None of these programs takes a socket in the place of an address. */
export function bridgeLines(socket: string, model: string): string {
  return (
    `No client takes a Unix socket as its base URL. Start the airlock with --listen 127.0.0.1:${BRIDGE_PORT}\n` +
    `instead of --socket, or bridge the socket; then every user of this machine can ask, as with --listen:\n` +
    `  socat TCP-LISTEN:${BRIDGE_PORT},bind=127.0.0.1,reuseaddr,fork UNIX-CONNECT:${socket}\n` +
    `Either way:\n${setupLines(`http://127.0.0.1:${BRIDGE_PORT}`, model)}`
  );
}
