/** One request at a door, answered in the words of the door's protocol. */
import type { ServerResponse } from "node:http";
import { CloisterError, messageOf, type Clock } from "@cloister/base";
import type { AnswerContext, DoorError, Protocol, StreamWriter, TurnEvent } from "@cloister/wire";
import { pass } from "./airlock.ts";
import type { Endpoint } from "./endpoint.ts";
import { formatRule, type Refused } from "./stages/decide.ts";
import type { UpstreamError } from "./stages/dispatch.ts";
import type { Arrival } from "./stages/identify.ts";
import type { Settled } from "./stages/settle.ts";

/** Some clients give up on a stream that is silent for long; a slow model may well be. */
const PING_MS = 10_000;

/** `through` is the airlock, or what asks it more than once. */
export async function answerAtDoor(
  arrival: Arrival,
  response: ServerResponse,
  through: typeof pass = pass,
): Promise<void> {
  const { door } = arrival.route;
  const settled = await passOrFail(arrival, response, through);
  if (settled === undefined) return;
  if ("kind" in settled) return sendRefusal(response, door, settled);
  if (settled.upstream.kind === "error") {
    const { upstream, endpoint } = settled;
    tellEndpoint(response, settled);
    sendError(
      response,
      door,
      upstreamError({ ...upstream, message: withoutAddress(upstream.message, endpoint) }),
    );
    return;
  }
  tellEndpoint(response, settled);
  if (settled.turn.request.stream) await stream(settled, response);
  else await sendWhole(settled, response);
}

/** For a client that asked for another endpoint: its name, which is the airlock's own word for it. */
export function endpointHeader(rerouted: Arrival["rerouted"], endpoint: Endpoint): Record<string, string> {
  return rerouted === undefined ? {} : { "x-cloister-endpoint": encodeURIComponent(endpoint.id) };
}

function tellEndpoint(response: ServerResponse, { rerouted, endpoint }: Settled): void {
  for (const [name, value] of Object.entries(endpointHeader(rerouted, endpoint))) {
    response.setHeader(name, value);
  }
}

/** A client need not know where the model is. What went wrong there is told without the address. */
async function passOrFail(
  arrival: Arrival,
  response: ServerResponse,
  through: typeof pass,
): Promise<Settled | Refused | undefined> {
  try {
    return await through(arrival);
  } catch (error) {
    const { endpoint, alternatives = [] } = arrival;
    const concerned = [endpoint, ...alternatives.map((other) => other.endpoint)];
    sendFailure(response, arrival.route.door, error, ...concerned);
    return undefined;
  }
}

export function withoutAddress(message: string, { url }: Endpoint): string {
  const { host, origin } = new URL(url);
  // A model's file has a URL without either.
  const addresses = host === "" ? [url] : [url, origin, host];
  return addresses.reduce((text, address) => text.replaceAll(address, "the model server"), message);
}

export function hideAddress(event: TurnEvent, endpoint: Endpoint): TurnEvent {
  return event.kind === "failed" ? { ...event, message: withoutAddress(event.message, endpoint) } : event;
}

async function stream(settled: Settled, response: ServerResponse): Promise<void> {
  const { route, turn, session } = settled;
  const output = new Coalescing(response);
  let writer: StreamWriter | undefined;
  // In a stream of the same protocol the bytes of untouched events pass as they came. Messages and Responses number
  // their events and blocks, so there every event is written anew.
  const mayPassRaw = route.door === route.upstream && route.door.name === "chat";
  let passesRaw = false;
  const pings = setInterval(() => {
    if (writer !== undefined) output.write(writer.ping());
  }, PING_MS);
  try {
    for await (const { events, raw } of settled.passages) {
      if (!response.headersSent) {
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      }
      if (response.destroyed) break;
      writer ??= route.door.createWriter(turn.request, contextOf(settled, events, session.clock));
      const isOurs = events.length === 0;
      if (raw !== undefined && raw.length > 0 && (isOurs || (passesRaw && events.every(isDelta)))) {
        output.write(raw);
      } else {
        for (const event of events) output.write(writer.write(hideAddress(event, settled.endpoint)));
        // The start is written here, so that all of the answer has one id and the model's name that was asked for.
        const start = events.find(({ kind }) => kind === "start");
        if (start !== undefined) passesRaw = mayPassRaw && isNamed(start, turn.request.model);
      }
      if (output.isFull) await output.drained();
      if (events.some(isLast)) break;
    }
  } finally {
    clearInterval(pings);
  }
  output.end();
}

async function sendWhole(settled: Settled, response: ServerResponse): Promise<void> {
  const { route, turn, session } = settled;
  const events: TurnEvent[] = [];
  for await (const { events: passed } of settled.passages) {
    events.push(...passed.map((event) => hideAddress(event, settled.endpoint)));
  }
  const failed = events.find((event) => event.kind === "failed");
  if (failed !== undefined || !events.some(({ kind }) => kind === "end")) {
    const { code = "upstream-broken", message = "the answer had no end" } = failed ?? {};
    sendError(response, route.door, { cause: "upstream", code, message });
    return;
  }
  const body = route.door.writeWhole(turn.request, events, contextOf(settled, events, session.clock));
  sendJson(response, 200, body);
}

function isDelta({ kind }: TurnEvent): boolean {
  return kind === "text" || kind === "reasoning";
}

function isNamed(start: TurnEvent, model: string): boolean {
  return start.kind === "start" && start.id !== undefined && start.model === model;
}

function isLast({ kind }: TurnEvent): boolean {
  return kind === "end" || kind === "failed";
}

/** The server's own id where it gave one, else one that follows from the record. */
function contextOf(settled: Settled, events: readonly TurnEvent[], clock: Clock): AnswerContext {
  const start = events.find((event) => event.kind === "start");
  return {
    id: start?.id ?? `cls-${settled.session.id}-${settled.intent}`,
    model: settled.turn.request.model,
    created: Math.floor(clock.now() / 1000),
  };
}

export function upstreamError(error: UpstreamError): DoorError {
  const { status, message, retryAfterSeconds } = error;
  const isOverflow =
    /context (length|size|window)|maximum context|input length|prompt is too long|token limit/i.test(message);
  const cause = isOverflow
    ? "context-overflow"
    : (upstreamCauses[status] ?? (status < 500 ? "bad-request" : "upstream"));
  const next = isOverflow
    ? "the prompt does not fit the model's window: start the server with a larger one, or ask for less at once"
    : status === 401 || status === 403
      ? 'look at the key: CLOISTER_API_KEY holds it, or the variable that "keyVariable" of "endpoints" names'
      : "the model server's own log says more";
  return {
    cause,
    message,
    code: `upstream-${status}`,
    next,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

// 401 and 403 of the upstream are about our key, not the caller's.
const upstreamCauses: Readonly<Record<number, DoorError["cause"]>> = {
  401: "upstream",
  403: "upstream",
  404: "unknown-model",
  413: "too-large",
  429: "rate-limited",
  501: "unsupported",
  503: "overloaded",
  529: "overloaded",
};

const causes: Readonly<Record<string, DoorError["cause"]>> = {
  "bad-json": "bad-request",
  "bad-request": "bad-request",
  "bad-command": "bad-request",
  "request-too-long": "too-large",
  "foreign-origin": "forbidden",
  refused: "forbidden",
  "unknown-model": "unknown-model",
  "not-found": "unsupported",
  "endpoint-loading": "overloaded",
  "bodies-full": "overloaded",
};

/** By then some of those that hold the memory are done, or another try costs little. */
const BODIES_RETRY_SECONDS = 5;

/** What went wrong before there was an answer. */
export function sendFailure(
  response: ServerResponse,
  door: Protocol,
  error: unknown,
  ...endpoints: readonly Endpoint[]
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof CloisterError ? error : undefined;
  const told = (text: string): string => endpoints.reduce(withoutAddress, text);
  sendError(response, door, {
    cause: causes[known?.code ?? ""] ?? "upstream",
    message: told(messageOf(error)),
    code: known?.code ?? "internal",
    ...(known?.rule === undefined ? {} : { rule: known.rule }),
    ...(known?.next === undefined ? {} : { next: told(known.next) }),
    ...(known?.code === "bodies-full" ? { retryAfterSeconds: BODIES_RETRY_SECONDS } : {}),
  });
}

export function sendRefusal(response: ServerResponse, door: Protocol, { decision }: Refused): void {
  const { source, why, next } = decision;
  const rule = formatRule(source);
  sendError(response, door, { cause: "forbidden", code: "refused", message: why, rule, next });
}

export function sendError(response: ServerResponse, door: Protocol, error: DoorError): void {
  const { status, headers, body } = door.writeError(error);
  sendJson(response, status, body, headers);
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { ...headers, "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Aborts when whoever asked is gone before the answer was. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) {
      gone.abort(new CloisterError("the client went away", { code: "cancelled" }));
    }
  });
  return gone.signal;
}

/**
 * Events that arrive together leave together: each small write costs more than the event in it. Gathered here rather
 * than by `cork`, for Node 24 loses what is corked when the response ends.
 */
class Coalescing {
  readonly #response: ServerResponse;
  #gathered: Uint8Array[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#response.destroyed) return;
    if (this.#gathered.length === 0) setImmediate(() => this.#flush());
    this.#gathered.push(bytes);
  }

  /** The client reads more slowly than the server writes. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain && !this.#response.destroyed;
  }

  end(): void {
    this.#flush();
    this.#response.end();
  }

  #flush(): void {
    const [only] = this.#gathered;
    const bytes = this.#gathered.length === 1 && only !== undefined ? only : Buffer.concat(this.#gathered);
    this.#gathered = [];
    if (bytes.length > 0 && !this.#response.destroyed) this.#response.write(bytes);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#response.once("drain", resolve);
      this.#response.once("close", resolve);
    });
  }
}
