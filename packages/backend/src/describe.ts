// What a server says of itself. Nothing is guessed: what it does not say stays undefined.

import { CloisterError, isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";

const modelsMax = 256;
const ollamaShowsMax = 16;

export type ServerKind =
  | "llama.cpp"
  | "vllm"
  | "sglang"
  | "ollama"
  | "lmstudio"
  | "rehearsal"
  /** No server: a model file in this process. */
  | "embedded"
  | "unknown";

export interface ModelDescription {
  readonly id: string;
  /** Tokens that one request may take, prompt and answer together, as served now; not what it was trained for. */
  readonly contextTokens?: number;
  /** It takes pictures, or takes none; undefined where the server does not say. */
  readonly vision?: boolean;
  /** The model only looks local: the server passes requests on to this host. */
  readonly remoteHost?: string;
}

export interface ServerDescription {
  readonly server: ServerKind;
  /** Models that can chat; embedding models are left out where the server tells them apart. */
  readonly models: readonly ModelDescription[];
}

/**
 * Asks by GET, or by POST when there is a body. The path counts from the server's root, beside `/v1`. `json` is
 * undefined when the answer is something else.
 */
export type Ask = (
  path: string,
  body?: JsonObject,
) => Promise<{ readonly status: number; readonly json: unknown }>;

/** @throws CloisterError `endpoint-key-refused`; what `ask` throws. */
export async function describeServer(ask: Ask, url: URL): Promise<ServerDescription> {
  const answer = await ask("/v1/models");
  if (answer.status === 401 || answer.status === 403) throw keyRefused(url, answer.status);
  const listed = recordsIn(answer.json, "data");
  const owners = new Set(listed.map((model) => model.owned_by));

  if (owners.has("cloister-rehearsal")) return { server: "rehearsal", models: generic(listed) };
  if (owners.has("vllm")) return { server: "vllm", models: generic(listed) };
  if (owners.has("sglang")) return { server: "sglang", models: generic(listed) };
  if (owners.has("llamacpp")) return { server: "llama.cpp", models: await llamaCpp(ask, answer.json) };

  const version = await ask("/api/version");
  if (isRecord(version.json) && typeof version.json.version === "string") {
    return { server: "ollama", models: await ollama(ask) };
  }
  const models = await lmStudio(ask);
  if (models !== undefined) return { server: "lmstudio", models };
  return { server: "unknown", models: generic(listed) };
}

/**
 * `meta.n_ctx` is llama.cpp's window of one slot; `max_model_len` is what vLLM and SGLang were started with;
 * `max_input_tokens` is Anthropic's word, which leaves the answer out.
 */
function generic(listed: readonly Record<string, unknown>[]): ModelDescription[] {
  return listed.flatMap((model) => {
    const meta = isRecord(model.meta) ? model.meta : {};
    return describeModel(model.id, {
      contextTokens: tokens(meta.n_ctx) ?? tokens(model.max_model_len) ?? tokens(model.max_input_tokens),
      vision: visionOf(model),
    });
  });
}

/** Routers list what a model takes in, by kind; LM Studio says it by a field of its own. */
function visionOf({ architecture, capabilities }: Record<string, unknown>): boolean | undefined {
  const kinds = isRecord(architecture) ? architecture.input_modalities : undefined;
  if (Array.isArray(kinds)) return kinds.includes("image");
  return isRecord(capabilities) && typeof capabilities.vision === "boolean" ? capabilities.vision : undefined;
}

/** llama.cpp says it of the model that is loaded, beside the list that OpenAI's clients know. */
function withCapabilities(models: ModelDescription[], json: unknown): ModelDescription[] {
  const capabilities = new Map(
    recordsIn(json, "models").map(({ model, name, capabilities: list }) => [model ?? name, list]),
  );
  return models.map((model) => {
    const list = capabilities.get(model.id);
    return Array.isArray(list) ? { ...model, vision: list.includes("multimodal") } : model;
  });
}

async function llamaCpp(ask: Ask, answer: unknown): Promise<ModelDescription[]> {
  const models = withCapabilities(generic(recordsIn(answer, "data")), answer);
  const [only, ...others] = models;
  // Builds before `meta.n_ctx` tell the slot's window in /props, which speaks of the one model that is loaded.
  if (only === undefined || others.length > 0 || only.contextTokens !== undefined) return models;
  const { json } = await ask("/props");
  const { default_generation_settings: settings, modalities } = isRecord(json) ? json : {};
  const vision =
    isRecord(modalities) && typeof modalities.vision === "boolean" ? modalities.vision : undefined;
  return describeModel(only.id, {
    contextTokens: isRecord(settings) ? tokens(settings.n_ctx) : undefined,
    vision: vision ?? only.vision,
  });
}

/**
 * Only the native routes tell which models are Ollama's cloud. The window is that in force for a loaded model, else
 * the `num_ctx` written into it. `model_info.*.context_length` is what it was trained for; Ollama serves far
 * less (4,096 on small machines) and cuts in silence, so it is left unsaid.
 */
async function ollama(ask: Ask): Promise<ModelDescription[]> {
  const [tags, loaded] = await Promise.all([ask("/api/tags"), ask("/api/ps")]);
  const windows = new Map(
    recordsIn(loaded.json, "models").map((model) => [model.name, tokens(model.context_length)]),
  );
  const listed = recordsIn(tags.json, "models");
  const described = listed.map(async (model, at) => {
    const show = at < ollamaShowsMax ? await showOllama(ask, model.name) : {};
    const capabilities = show.capabilities ?? model.capabilities;
    if (Array.isArray(capabilities) && !capabilities.includes("completion")) return [];
    return describeModel(model.name, {
      contextTokens: windows.get(model.name) ?? writtenWindow(show.parameters),
      vision: Array.isArray(capabilities) ? capabilities.includes("vision") : undefined,
      remoteHost: text(model.remote_host) ?? text(show.remote_host),
    });
  });
  return (await Promise.all(described)).flat();
}

async function showOllama(ask: Ask, model: unknown): Promise<Record<string, unknown>> {
  if (typeof model !== "string") return {};
  try {
    const { json } = await ask("/api/show", { model });
    return isRecord(json) ? json : {};
  } catch {
    // One model that cannot be read (a broken manifest, no time left) must not hide the others: its window stays
    // unknown. That it is a cloud model is already known from the list.
    return {};
  }
}

function writtenWindow(parameters: unknown): number | undefined {
  const written = typeof parameters === "string" ? /^num_ctx\s+(\d+)\s*$/m.exec(parameters)?.[1] : undefined;
  return written === undefined ? undefined : tokens(Number(written));
}

/** LM Studio since 0.4.0 answers /api/v1/models, before it /api/v0/models. Undefined: it is not LM Studio. */
async function lmStudio(ask: Ask): Promise<ModelDescription[] | undefined> {
  const current = (await ask("/api/v1/models")).json;
  const listed = recordsIn(current, "models").filter((model) => typeof model.key === "string");
  if (listed.length > 0) {
    return listed.filter(isChatModel).flatMap((model) => {
      const [instance] = recordsIn(model, "loaded_instances");
      const config = isRecord(instance?.config) ? instance.config : {};
      return describeModel(model.key, {
        contextTokens: tokens(config.context_length),
        vision: visionOf(model),
      });
    });
  }
  const before = recordsIn((await ask("/api/v0/models")).json, "data").filter(
    (model) => typeof model.state === "string",
  );
  if (before.length === 0) return undefined;
  return before.filter(isChatModel).flatMap((model) =>
    describeModel(model.id, {
      contextTokens: tokens(model.loaded_context_length),
      vision: model.type === "vlm" ? true : undefined,
    }),
  );
}

function isChatModel(model: Record<string, unknown>): boolean {
  return model.type === "llm" || model.type === "vlm";
}

function describeModel(
  id: unknown,
  known: {
    readonly contextTokens: number | undefined;
    readonly vision?: boolean | undefined;
    readonly remoteHost?: string | undefined;
  },
): ModelDescription[] {
  if (typeof id !== "string" || id === "") return [];
  const { contextTokens, vision, remoteHost } = known;
  return [
    {
      id,
      ...(contextTokens !== undefined && { contextTokens }),
      ...(vision !== undefined && { vision }),
      ...(remoteHost !== undefined && { remoteHost }),
    },
  ];
}

function recordsIn(json: unknown, field: string): Record<string, unknown>[] {
  const list = isRecord(json) ? json[field] : undefined;
  return Array.isArray(list) ? list.slice(0, modelsMax).filter(isRecord) : [];
}

function tokens(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function keyRefused(url: URL, status: number): CloisterError {
  return new CloisterError(`${url.origin} refuses the API key, or the lack of one (${status})`, {
    code: "endpoint-key-refused",
    next: "give the endpoint the key that its server was started with",
  });
}
