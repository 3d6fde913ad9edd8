import { CloisterError } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { createBackend } from "./backend.ts";
import type { Probe } from "./backend.ts";
import { cancelled } from "./errors.ts";
import type { ServerDescription, ServerKind } from "./describe.ts";

const candidateMsMax = 400;

/** Where a server of a kind listens unless told otherwise. What answers there may be another kind all the same. */
export interface KnownPort {
  readonly name: ServerKind;
  readonly port: number;
}

/** In order of preference. */
export const knownPorts: readonly KnownPort[] = [
  { name: "ollama", port: 11434 },
  { name: "llama.cpp", port: 8080 },
  { name: "vllm", port: 8000 },
  { name: "sglang", port: 30000 },
  { name: "lmstudio", port: 1234 },
];

export interface Discovered {
  /** What the server says it is. */
  readonly name: ServerKind;
  readonly baseUrl: string;
  /** Without the models that are somebody else's: "localhost" is not "local". Empty while it is loading. */
  readonly description: ServerDescription;
  /** It is there, and not ready yet. */
  readonly loading: boolean;
}

/**
 * Looks for model servers on 127.0.0.1, and nowhere else, all ports at a time and each for at most 400 ms. Servers
 * come in the order of `ports`, ready ones before loading ones, those without a model of their own not at all.
 * @throws CloisterError `cancelled`.
 */
export async function discover(options: {
  readonly ports?: readonly KnownPort[];
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  /** As the option of a backend. */
  readonly onProbe?: (probe: Probe) => Promise<void>;
}): Promise<Discovered[]> {
  const { ports = knownPorts, signal, clock, onProbe } = options;
  const found = await Promise.all(ports.map((known) => look(known, { signal, clock, onProbe })));
  if (signal?.aborted === true) throw cancelled(signal.reason);
  const servers = found.flat();
  return [...servers.filter(({ loading }) => !loading), ...servers.filter(({ loading }) => loading)];
}

interface Looking {
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly onProbe: ((probe: Probe) => Promise<void>) | undefined;
}

async function look({ name, port }: KnownPort, { signal, clock, onProbe }: Looking): Promise<Discovered[]> {
  const baseUrl = `http://127.0.0.1:${port}`;
  const backend = createBackend({ baseUrl, clock, ...(onProbe === undefined ? {} : { onProbe }) });
  const over = new AbortController();
  const timer = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  clock.sleep(candidateMsMax, timer.signal).then(
    () => over.abort(),
    () => {
      // The answer came first, and ended the timer.
    },
  );
  try {
    const description = await backend.describe(either);
    const models = description.models.filter((model) => model.remoteHost === undefined);
    if (models.length === 0) return [];
    const own = { ...description, models };
    return [{ name: description.server, baseUrl: backend.url.href, description: own, loading: false }];
  } catch (error) {
    if (!(error instanceof CloisterError)) throw error;
    if (error.code === "endpoint-loading") {
      const description = { server: name, models: [] };
      return [{ name, baseUrl: backend.url.href, description, loading: true }];
    }
    // Nobody there, a stranger, too slow, or behind a key: nothing to offer without being asked.
    return [];
  } finally {
    timer.abort();
    await backend.close();
  }
}
