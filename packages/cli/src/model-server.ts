/** Opens the way to a model server, and asks it what it is. */
import {
  createBackend,
  createOllamaBackend,
  limitTime,
  type Backend,
  type NetworkOptions,
  type Probe,
  type ServerDescription,
} from "@cloister/backend";
import { CloisterError } from "@cloister/base";
import { chatProtocol, messagesProtocol, type Protocol } from "@cloister/wire";
import type { Environment } from "./environment.ts";

export interface ModelServer {
  readonly backend: Backend;
  readonly description: ServerDescription;
}

export interface ServerAccess {
  readonly network: NetworkOptions | undefined;
  /** What it is spoken to in; Chat unless told otherwise. */
  readonly protocol?: Protocol | undefined;
  /** The window that a person wants; it can be set at servers that take it with each request. */
  readonly contextTokens?: number | undefined;
  /** How long one that is loading its model is waited for, before anything begins; half an hour unless told otherwise. */
  readonly loadingMsMax?: number | undefined;
  /** Of a whole request; without it as long as it needs. */
  readonly timeoutSeconds?: number | undefined;
  /** Told of each question to a server before it is asked. */
  readonly onProbe?: ((probe: Probe) => Promise<void>) | undefined;
}

/** @throws CloisterError `endpoint-unreachable`, `endpoint-loading` after half an hour, and as the backends do */
export async function openModelServer(
  address: string,
  { network, onProbe, contextTokens, timeoutSeconds, protocol = chatProtocol, ...waiting }: ServerAccess,
  environment: Environment,
  signal: AbortSignal,
): Promise<ModelServer> {
  const options = {
    baseUrl: address,
    clock: environment.clock,
    ...(environment.apiKey === undefined ? {} : { apiKey: environment.apiKey }),
    ...(network === undefined ? {} : { network }),
    ...(onProbe === undefined ? {} : { onProbe }),
    // Its list of models asks for the same version and the same key as its answers.
    headers: protocol.headers,
    sendsXApiKey: protocol === messagesProtocol,
  };
  const backend = createBackend(options);
  const description = await describeWhenLoaded(backend, environment, signal, waiting.loadingMsMax);
  const within = (server: Backend): Backend =>
    timeoutSeconds === undefined
      ? server
      : limitTime(server, { clock: environment.clock, requestMsMax: timeoutSeconds * 1000 });
  if (description.server !== "ollama" || protocol !== chatProtocol) {
    return { backend: within(backend), description };
  }
  // By its own routes the window can be set; by the compatible ones it cuts in silence what does not fit.
  await backend.close();
  const ollama = createOllamaBackend({
    ...options,
    ...(contextTokens === undefined ? {} : { contextTokens }),
  });
  return { backend: within(ollama), description: await ollama.describe(signal) };
}

const LOADING_MS_MAX = 30 * 60_000;
const LOADING_POLL_MS = 1000;

/** A large model takes minutes to load. That is no error, and not to be silent about. */
async function describeWhenLoaded(
  backend: Backend,
  { clock, stderr }: Environment,
  signal: AbortSignal,
  loadingMsMax = LOADING_MS_MAX,
): Promise<ServerDescription> {
  const started = clock.now();
  for (;;) {
    try {
      return await backend.describe(signal);
    } catch (error) {
      const isLoading = error instanceof CloisterError && error.code === "endpoint-loading";
      if (!isLoading || clock.now() - started > loadingMsMax) throw error;
    }
    const seconds = Math.round((clock.now() - started) / 1000);
    stderr.write(`cloister: ${backend.url.href} is loading its model (${seconds} s)\n`);
    await clock.sleep(LOADING_POLL_MS, signal);
  }
}
