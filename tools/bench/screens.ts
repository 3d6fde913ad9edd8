// Whose terminal screens are measured, and how each is started against a scripted model.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { peerNames, peersIn } from "./peers.ts";

export interface Screen {
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it shows when it takes keys. */
  readonly ready: string;
  /** What it shows when a message would be worked on at once. */
  readonly settled: string;
  /** Arguments to go on with the last session. */
  readonly goOn: readonly string[];
}

const model = "scripted";
const windowTokens = 262_144;

export function cloisterScreen(name: string, entry: string, endpoint: string): Screen {
  return {
    name,
    argv: [process.execPath, entry, "--endpoint", endpoint],
    environment: {},
    ready: "What shall be done?",
    settled: "internal",
    goOn: ["--continue"],
  };
}

/** Without network, telemetry and updates where they can be told so. `home` is theirs alone. */
export function peerScreens(folder: string, home: string, endpoint: string): readonly Screen[] {
  const peers = peersIn(folder);
  const set = (path: string, value: object): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), JSON.stringify(value));
  };
  const models = [{ id: model, contextWindow: windowTokens, maxTokens: 16_384 }];
  const local = { baseUrl: endpoint, api: "openai-completions", apiKey: "none", models };
  set(".pi/agent/models.json", { providers: { local } });
  set(".qwen/settings.json", {
    general: { enableAutoUpdate: false, disableAutoUpdate: true },
    privacy: { usageStatisticsEnabled: false },
    security: { auth: { selectedType: "openai" } },
  });
  return [
    {
      name: peerNames.pi,
      argv: [process.execPath, peers.pi, "--provider", "local", "--model", model],
      environment: { PI_OFFLINE: "1", PI_TELEMETRY: "0", PI_SKIP_VERSION_CHECK: "1" },
      ready: "(auto)",
      settled: model,
      goOn: ["--continue"],
    },
    {
      name: peerNames.qwen,
      argv: [process.execPath, peers.qwen, "--auth-type", "openai"],
      environment: { OPENAI_BASE_URL: endpoint, OPENAI_API_KEY: "none", OPENAI_MODEL: model },
      ready: "Type your message",
      settled: "Type your message",
      goOn: ["--continue"],
    },
  ];
}
