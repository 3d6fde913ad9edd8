/** Which model server to use: the one that was named, or one found on this machine, and what it says of itself. */
import {
  discover,
  isLoopback,
  parseEndpointUrl,
  type NetworkOptions,
  type ServerDescription,
} from "@cloister/backend";
import type { Endpoint } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { Label } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";
import type { Environment } from "./environment.ts";
import { openModelServer } from "./model-server.ts";

export interface EndpointWishes {
  readonly endpoint: string | undefined;
  readonly model: string | undefined;
  /** Said for this run. */
  readonly clearance: Label | undefined;
  /** Said once, for the endpoint in the same settings. A cloud model behind that endpoint does not inherit it. */
  readonly usualClearance: Label | undefined;
  readonly network: NetworkOptions | undefined;
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
  const { backend, description } = await openModelServer(url.href, wishes.network, environment, signal);
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
      clearance: wishes.clearance ?? clearanceOf({ local, cloud: known?.remoteHost !== undefined }, wishes),
      protocol: chatProtocol,
      operator: local ? "this machine" : (known?.remoteHost ?? url.host),
      backend,
    },
    model,
    contextTokens: known?.contextTokens,
    server: description.server,
    found: wishes.endpoint === undefined,
  };
}

/** Somebody else's machine is cleared for what is public, until a person says otherwise. */
function clearanceOf(where: { local: boolean; cloud: boolean }, wishes: EndpointWishes): Label {
  if (where.cloud) return "public";
  return wishes.usualClearance ?? (where.local ? "core" : "public");
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
