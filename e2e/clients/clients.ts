/** The coding agents that are tried, each as its users start it without a screen, pointed at the airlock. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Client {
  readonly name: string;
  /** In the npm registry. */
  readonly package: string;
  /** That this was last seen to work with. */
  readonly version: string;
  /** Its program, below the folder with the packages. */
  readonly program: string;
  prepare(place: ClientPlace): Start;
}

export interface ClientPlace {
  readonly home: string;
  readonly project: string;
  /** `http://127.0.0.1:PORT` */
  readonly airlock: string;
  readonly model: string;
  readonly prompt: string;
}

export interface Start {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export const clients: readonly Client[] = [
  {
    name: "Qwen Code",
    package: "@qwen-code/qwen-code",
    version: "0.24.4",
    program: ".bin/qwen",
    prepare: ({ airlock, model, prompt }) => ({
      args: ["--auth-type", "openai", "--yolo", "-p", prompt],
      environment: { OPENAI_BASE_URL: `${airlock}/v1`, OPENAI_API_KEY: "local", OPENAI_MODEL: model },
    }),
  },
  {
    name: "opencode",
    package: "opencode-ai",
    version: "1.18.33",
    // What its install script would link to; install scripts are not run.
    program: `opencode-${process.platform}-${process.arch}/bin/opencode`,
    prepare({ home, airlock, model, prompt }) {
      const settings = join(home, ".config", "opencode");
      mkdirSync(settings, { recursive: true });
      const provider = {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${airlock}/v1` },
        models: { [model]: {} },
      };
      writeFileSync(
        join(settings, "opencode.json"),
        JSON.stringify({ provider: { cloister: provider }, model: `cloister/${model}` }),
      );
      return { args: ["run", prompt], environment: {} };
    },
  },
  {
    name: "Codex",
    package: "@openai/codex",
    version: "0.169.0",
    program: ".bin/codex",
    prepare: ({ airlock, model, prompt }) => ({
      args: [
        "exec",
        ...["-c", "model_provider=cloister", "-c", `model=${model}`],
        "-c",
        `model_providers.cloister={name="cloister",base_url="${airlock}/v1",wire_api="responses"}`,
        // The namespace that it runs in here allows no second one.
        "--dangerously-bypass-approvals-and-sandbox",
        "--skip-git-repo-check",
        prompt,
      ],
      environment: {},
    }),
  },
];
