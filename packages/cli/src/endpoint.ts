/** Which model server to use: the one that was named, or one found on this machine, and what it says of itself. */
import { discover, isLoopback, type ModelDescription, type ServerDescription } from "@cloister/backend";
import type { Endpoint } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { Label } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";
import { agreeWindow } from "./agreed-window.ts";
import { parseEndpoint } from "./endpoint-address.ts";
import type { Environment } from "./environment.ts";
import { isModelFile, openModelFile } from "./embedded-model.ts";
import { openModelServer, type ServerAccess } from "./model-server.ts";

export interface EndpointWishes extends ServerAccess {
  /** As `parseEndpoint` reads it. */
  readonly endpoint: string | undefined;
  readonly model: string | undefined;
  /** Said for this run. */
  readonly clearance: Label | undefined;
  /** Said once, for the endpoint in the same settings. A cloud model behind that endpoint does not inherit it. */
  readonly usualClearance: Label | undefined;
  /** Whether the model takes pictures, in a person's words; they count before the server's. */
  readonly vision?: boolean | undefined;
}

export interface ChosenEndpoint {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly contextTokens: number | undefined;
  /** It takes pictures, as far as anybody says. */
  readonly vision: boolean;
  /** Other models of the same server that take pictures, as it says. */
  readonly seeing?: readonly string[];
  readonly server: ServerDescription["server"];
  /** It was not named, but found by looking on this machine. */
  readonly found: boolean;
  /** All that it has of its own; undefined where it does not say. */
  readonly models?: readonly Pick<ModelDescription, "id" | "contextTokens">[];
}

/**
 * @throws CloisterError `no-model-found`, `window-too-small`, `endpoint-unreachable`, `bad-endpoint-url`, and for a model's file as
 * `openModelFile`
 */
export async function chooseEndpoint(
  wishes: EndpointWishes,
  environment: Environment,
  signal: AbortSignal,
): Promise<ChosenEndpoint> {
  if (wishes.endpoint === undefined && isModelFile(wishes.model)) {
    return await chooseModelFile(wishes.model, wishes, environment, signal);
  }
  const address = wishes.endpoint ?? (await findOnThisMachine(wishes, environment, signal));
  const { name, url, protocol = chatProtocol } = parseEndpoint(address);
  const access = { ...wishes, protocol };
  const { backend, description } = await openModelServer(url.href, access, environment, signal);
  const model = wishes.model ?? description.models[0]?.id;
  if (model === undefined) {
    throw new CloisterError(`${url.href} does not say which models it has`, {
      code: "no-model-found",
      next: "name one with --model",
    });
  }
  const known = description.models.find(({ id }) => id === model || id === `${model}:latest`);
  let contextTokens: number | undefined;
  try {
    const served = known?.contextTokens;
    contextTokens = agreeWindow({ wished: wishes.contextTokens, served, model, place: url.href });
  } catch (error) {
    await backend.close();
    throw error;
  }
  // A port on this machine may lead to somebody else's: Ollama serves cloud models through it. Which of the names that
  // it does not list are such, only it knows.
  const cloud = known === undefined ? description.server === "ollama" : known.remoteHost !== undefined;
  const local = isLoopback(url) && !cloud;
  return {
    endpoint: {
      id: name ?? url.host,
      url: url.href,
      clearance: wishes.clearance ?? clearanceOf({ local, cloud }, wishes),
      protocol,
      operator: local ? "this machine" : (known?.remoteHost ?? url.host),
      server: description.server,
      backend,
    },
    model,
    contextTokens,
    vision: wishes.vision ?? known?.vision ?? false,
    seeing: description.models
      .filter(({ id, vision }) => vision === true && id !== model)
      .map(({ id }) => id)
      .slice(0, SEEING_MAX),
    server: description.server,
    found: wishes.endpoint === undefined,
    models: cloud ? [] : description.models.filter(({ remoteHost }) => remoteHost === undefined),
  };
}

/** As many names as a person reads. */
const SEEING_MAX = 5;

/** Loaded at once: a file that cannot be used is known before anything begins. */
async function chooseModelFile(
  path: string,
  { clearance, contextTokens: wished }: EndpointWishes,
  environment: Environment,
  signal: AbortSignal,
): Promise<ChosenEndpoint> {
  const { endpoint, model } = await openModelFile(path, clearance, environment, wished);
  environment.stderr.write(`cloister: loading ${endpoint.id}\n`);
  try {
    const { server, models } = await endpoint.backend.describe(signal);
    const contextTokens = agreeWindow({
      wished,
      served: models[0]?.contextTokens,
      model,
      place: endpoint.id,
    });
    return { endpoint, model, contextTokens, vision: false, server, found: false };
  } catch (error) {
    await endpoint.backend.close();
    throw error;
  }
}

/** Somebody else's machine is cleared for what is public, until a person says otherwise. */
function clearanceOf(where: { local: boolean; cloud: boolean }, wishes: EndpointWishes): Label {
  if (where.cloud) return "public";
  return wishes.usualClearance ?? (where.local ? "core" : "public");
}

async function findOnThisMachine(
  { onProbe }: ServerAccess,
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  const probing = onProbe === undefined ? {} : { onProbe };
  const [first] = await discover({ clock: environment.clock, signal, ...probing });
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
