/** Which model server to use: the one that was named, or one found on this machine, and what it says of itself. */
import {
  createBackend,
  discover,
  isLoopback,
  parseEndpointUrl,
  type ServerDescription,
} from "@cloister/backend";
import type { Endpoint } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { Label } from "@cloister/policy";
import type { Environment } from "./environment.ts";

export interface EndpointWishes {
  readonly endpoint: string | undefined;
  readonly model: string | undefined;
  readonly clearance: Label | undefined;
}

export interface ChosenEndpoint {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly contextTokens: number | undefined;
  readonly server: ServerDescription["server"];
  /** It was not named, but found by looking on this machine. */
  readonly found: boolean;
}

/** @throws CloisterError `no-model-found`, `endpoint-unreachable`, `bad-endpoint-url` */
export async function chooseEndpoint(
  wishes: EndpointWishes,
  environment: Environment,
  signal: AbortSignal,
): Promise<ChosenEndpoint> {
  const address = wishes.endpoint ?? (await findOnThisMachine(environment, signal));
  const url = parseEndpointUrl(address);
  const backend = createBackend({
    baseUrl: url.href,
    clock: environment.clock,
    ...(environment.apiKey === undefined ? {} : { apiKey: environment.apiKey }),
  });
  const description = await backend.describe(signal);
  const model = wishes.model ?? description.models[0]?.id;
  if (model === undefined) {
    throw new CloisterError(`${url.href} does not say which models it has`, {
      code: "no-model-found",
      next: "name one with --model",
    });
  }
  const known = description.models.find(({ id }) => id === model);
  // A port on this machine may lead to somebody else's: Ollama serves cloud models through it.
  const local = isLoopback(url) && known?.remoteHost === undefined;
  return {
    endpoint: {
      id: url.host,
      url: url.href,
      // Somebody else's machine is cleared for what is public, until a person says otherwise.
      clearance: wishes.clearance ?? (local ? "core" : "public"),
      operator: local ? "this machine" : (known?.remoteHost ?? url.host),
      backend,
    },
    model,
    contextTokens: known?.contextTokens,
    server: description.server,
    found: wishes.endpoint === undefined,
  };
}

async function findOnThisMachine(environment: Environment, signal: AbortSignal): Promise<string> {
  const [first] = await discover({ clock: environment.clock, signal });
  if (first !== undefined) return first.baseUrl;
  throw new CloisterError("no model server was named, and none was found on this machine", {
    code: "no-model-found",
    next:
      "start one of these, or name one with --endpoint URL:\n" +
      "  ollama serve                                  (with a model pulled; port 11434)\n" +
      "  llama-server -m model.gguf --jinja -c 32768   (port 8080)\n" +
      "  vllm serve MODEL --enable-auto-tool-choice --tool-call-parser …   (port 8000)\n" +
      "  or see Cloister at work without a model: cloister tour",
  });
}
