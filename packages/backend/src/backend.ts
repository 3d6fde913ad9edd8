import { CloisterError, systemCodeOf } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { openConnections } from "./connections.ts";
import { describeServer } from "./describe.ts";
import type { Ask, ServerDescription } from "./describe.ts";
import { cancelled } from "./errors.ts";
import { exchange } from "./exchange.ts";
import type { Answer, ExchangeRequest } from "./exchange.ts";
import { createEndpointConnect } from "./network/connect.ts";
import { openNetwork } from "./network/network.ts";
import type { NetworkOptions } from "./network/options.ts";
import { peek, readJson } from "./read.ts";
import { parseEndpointUrl } from "./url.ts";

const loadingWaitMsMaxDefault = 30 * 60_000;
const retryMsFirst = 250;
const retryMsMax = 2000;
const loadingBodyBytesMax = 16 * 1024;
const probeSilenceMs = 10_000;
const probeBytesMax = 8 * 1024 * 1024;

export interface EndpointAddress {
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`, or as the options say, and found nowhere else: in no error, no status, no description. */
  readonly apiKey?: string;
}

/** Why an answer is not there yet. `waitedMs` counts from the first refusal. */
export type BackendStatus =
  | { readonly kind: "loading"; readonly waitedMs: number }
  | { readonly kind: "retrying"; readonly waitedMs: number; readonly cause: string };

export interface SendOptions {
  readonly signal: AbortSignal;
  /** What the protocol wants besides, such as its version. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly onStatus?: (status: BackendStatus) => void;
  /** Of waiting for a server that loads or restarts, where it is to be less than the backend's own. */
  readonly waitMsMax?: number;
  /** From where the path counts: the base URL, or the server's root, where native routes stand beside `/v1`. */
  readonly from?: "api" | "root";
}

/** A request by which `describe` or a backend asks what a server is; it shows nothing of a conversation. */
export interface Probe {
  /** The server's address, as it was given. */
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly bytes: number;
}

/** A model server. Any number of requests at a time: the caller sets the limit. */
export interface Backend {
  readonly url: URL;
  /**
   * POSTs to the base URL and `path`, such as "/chat/completions". The parts of the body are sent as they stand,
   * one after the other. Resolves with the headers, whatever the status, and waits for them without a limit,
   * since a prefill may take an hour. Two things are waited out, with a status each time: 503 from a server
   * that is loading its model, and a refused connection to a server that was there before (it restarts).
   * A connection that the server had silently closed since the last answer is replaced once, unseen.
   * When the signal fires, the connection is closed at once, so that the server stops.
   * @throws CloisterError `endpoint-unreachable`, `endpoint-loading` (for longer than was allowed),
   * `endpoint-untrusted`, `client-certificate-refused`, `proxy-unreachable`, `proxy-refused`, `upstream-broken`,
   * `bad-header` (nothing was sent), `cancelled`.
   */
  send(path: string, body: readonly Uint8Array[], options: SendOptions): Promise<Answer>;
  /**
   * What the server says of itself: its kind, its models, the context window of one request.
   * @throws CloisterError as `send` does, and `endpoint-key-refused`. Waits for nothing: a server that is loading is
   * `endpoint-loading`, one silent for 10 s `endpoint-unreachable`. A signal that fires while single models are
   * asked about ends that, and leaves their windows unknown.
   */
  describe(signal?: AbortSignal): Promise<ServerDescription>;
  /** Ends every connection and with it every running request, as `cancelled`. */
  close(): Promise<void>;
}

export interface BackendOptions extends EndpointAddress {
  readonly clock: Clock;
  /** Of waiting for a server that loads or restarts; half an hour unless told otherwise. */
  readonly loadingWaitMsMax?: number;
  /** Sent with every request, probes included: what the server's protocol asks for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The key is sent as `x-api-key` besides, where Anthropic's API, and what is made after it, look for it. */
  readonly sendsXApiKey?: boolean;
  /** The house's own authorities, certificate and proxy; without it the system's authorities, and no proxy. */
  readonly network?: NetworkOptions;
  /** Told of every probe before it is sent. When it rejects, the probe is not sent, and the caller gets its error. */
  readonly onProbe?: (probe: Probe) => Promise<void>;
}

/**
 * Contacts nobody until it is asked to.
 * @throws CloisterError `bad-endpoint-url`, `endpoint-url-credentials`, `bad-api-key`, `bad-extra-ca`,
 * `bad-client-certificate`, `bad-proxy-url`, `bad-no-proxy`.
 */
export function createBackend(endpoint: BackendOptions): Backend {
  const { apiKey, clock, loadingWaitMsMax = loadingWaitMsMaxDefault } = endpoint;
  const url = parseEndpointUrl(endpoint.baseUrl);
  const key = apiKey === undefined ? undefined : checkedKey(apiKey);
  const always = {
    ...endpoint.headers,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(key !== undefined && endpoint.sendsXApiKey === true ? { "x-api-key": key } : {}),
  };
  const connections = openConnections(createEndpointConnect(openNetwork(endpoint.network ?? {})));
  let wasSeen = false;

  async function attempt(
    request: Omit<ExchangeRequest, "url" | "headers" | "clock">,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Attempt> {
    const headers = {
      ...more,
      ...always,
      ...(request.method === "POST" && { "content-type": "application/json" }),
    };
    try {
      const answer = await exchange(connections, { ...request, url, headers, clock });
      wasSeen = true;
      if (answer.status !== 503) return { kind: "answer", answer };
      const { text, whole } = await peek(answer, loadingBodyBytesMax);
      if (!/\bloading\b/i.test(text)) return { kind: "answer", answer: whole };
      return { kind: "loading", error: stillLoading(url) };
    } catch (error) {
      if (wasSeen && isRefusal(error)) return { kind: "refused", error };
      throw error;
    }
  }

  async function send(path: string, body: readonly Uint8Array[], options: SendOptions): Promise<Answer> {
    const { signal, headers, onStatus, waitMsMax = loadingWaitMsMax, from = "api" } = options;
    const base = from === "root" ? rootPath(url) : url.pathname;
    const request = { path: base + path, method: "POST", body, silenceMs: 0, signal } as const;
    let waitedMs = 0;
    let delayMs = retryMsFirst;
    for (;;) {
      const outcome = await attempt(request, headers);
      if (outcome.kind === "answer") return outcome.answer;
      // The sum of the delays is the bound, not the clock: a clock that stands still must not wait for ever.
      if (waitedMs + delayMs > waitMsMax) throw outcome.error;
      onStatus?.(toStatus(outcome, waitedMs));
      await clock.sleep(delayMs, signal).catch((cause: unknown) => {
        throw cancelled(cause);
      });
      waitedMs += delayMs;
      delayMs = Math.min(delayMs * 2, retryMsMax);
    }
  }

  async function describe(signal: AbortSignal = new AbortController().signal): Promise<ServerDescription> {
    const ask: Ask = async (target, json) => {
      const path = target.startsWith("/v1/")
        ? url.pathname + target.slice("/v1".length)
        : rootPath(url) + target;
      const body = json === undefined ? [] : [Buffer.from(JSON.stringify(json))];
      const method = json === undefined ? "GET" : "POST";
      await endpoint.onProbe?.({ url: url.href, method, path, bytes: body[0]?.length ?? 0 });
      const outcome = await attempt({ path, method, body, silenceMs: probeSilenceMs, signal });
      if (outcome.kind !== "answer") throw outcome.error;
      const { status } = outcome.answer;
      return { status, json: await readJson(outcome.answer, probeBytesMax) };
    };
    return await describeServer(ask, url);
  }

  return { url, send, describe, close: async () => connections.close() };
}

type Attempt =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "loading" | "refused"; readonly error: CloisterError };

function toStatus(outcome: Exclude<Attempt, { kind: "answer" }>, waitedMs: number): BackendStatus {
  if (outcome.kind === "loading") return { kind: "loading", waitedMs };
  return { kind: "retrying", waitedMs, cause: outcome.error.message };
}

function isRefusal(error: unknown): error is CloisterError {
  if (!(error instanceof CloisterError) || error.code !== "endpoint-unreachable") return false;
  return systemCodeOf(error.cause) === "ECONNREFUSED";
}

function stillLoading(url: URL): CloisterError {
  return new CloisterError(`${url.origin} is still loading its model`, {
    code: "endpoint-loading",
    next: "wait until the model server is ready, then try again; its log shows how far it is",
  });
}

/** Native routes of the servers stand beside `/v1`, not under it. */
function rootPath(url: URL): string {
  return url.pathname.replace(/\/v1$/, "");
}

/** A key with a blank or a line feed in it was copied wrongly, and would be refused deep in the HTTP code. */
function checkedKey(apiKey: string): string {
  if (/^[\x21-\x7e]+$/.test(apiKey)) return apiKey;
  throw new CloisterError("the API key is empty or holds characters that cannot be in a header", {
    code: "bad-api-key",
    next: "copy the key again, without blanks, line feeds or quotes around it",
  });
}
