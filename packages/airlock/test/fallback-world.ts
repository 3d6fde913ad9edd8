/** A session whose endpoint, and the one that answers in its place, do as they are told; time passes at once. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createBackend } from "@cloister/backend";
import type { Clock, JsonObject } from "@cloister/base";
import type { Label } from "@cloister/policy";
import { chatProtocol, type AnswerEvent, type Protocol } from "@cloister/wire";
import type { NamedEndpoint } from "../src/index.ts";
import { createWorld, request, user, type World, type WorldOptions } from "./world.ts";

/** Time passes where somebody waits for it, at once. */
interface QuickClock extends Clock {
  pass(ms: number): void;
}

function createQuickClock(): QuickClock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        setImmediate(() => {
          if (signal?.aborted === true) return reject(new Error("aborted"));
          now += ms;
          resolve();
        });
      }),
    pass: (ms) => {
      now += ms;
    },
  };
}

export type Play = (response: ServerResponse) => void;

/** A model server that does as it is told, request by request; the last one goes on. */
interface Moody extends AsyncDisposable {
  readonly url: string;
  readonly bodies: string[];
  play(...plays: readonly Play[]): void;
  /** Refuses connections from now on, and takes them again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function openMoody(...first: readonly Play[]): Promise<Moody> {
  let plays = [...first];
  const bodies: string[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      bodies.push(Buffer.concat(chunks).toString("utf8"));
      const play = plays.length > 1 ? plays.shift() : plays[0];
      play?.(response);
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    bodies,
    play: (...next) => {
      plays = [...next];
    },
    stop,
    start: () => listen(port),
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await stop();
    },
  };
}

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: "a", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

export const says =
  (text: string): Play =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`${chunk({ content: text })}${chunk({}, "stop")}data: [DONE]\n\n`);
  };
export const fails =
  (status: number, message = "no", headers = {}): Play =>
  (response) => {
    response.writeHead(status, { ...headers, "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message } }));
  };
export const loading: Play = fails(503, "Loading model");
/** After these words the connection is gone. */
export const breaksOff =
  (...deltas: readonly object[]): Play =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    for (const delta of deltas) response.write(chunk(delta));
    setImmediate(() => response.socket?.resetAndDestroy());
  };

interface NamedOptions {
  readonly clearance?: Label;
  readonly protocol?: Protocol;
  readonly windows?: ReadonlyMap<string, number>;
}

function named(name: string, { url }: Moody, clock: Clock, options: NamedOptions = {}): NamedEndpoint {
  const { clearance = "core", protocol = chatProtocol, windows } = options;
  return {
    name,
    models: ["big"],
    open: () => {
      const backend = createBackend({ baseUrl: url, clock });
      const endpoint = { id: name, url, protocol, clearance, operator: "this machine", backend };
      const own = windows === undefined ? {} : { windows };
      return Promise.resolve({ name, models: ["big"], endpoint, ...own });
    },
  };
}

export interface House extends AsyncDisposable {
  readonly home: Moody;
  readonly lab: Moody;
  readonly clock: QuickClock;
  readonly world: World;
  ask(...items: JsonObject[]): Promise<AnswerEvent[]>;
}

export async function openHouse(options: NamedOptions & WorldOptions = {}): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const clock = createQuickClock();
  const home = stack.use(await openMoody(says("home")));
  const lab = stack.use(await openMoody(says("lab")));
  const world = stack.use(
    await createWorld({
      ...{ url: home.url, clock, fallbacks: ["lab/big"] },
      others: { own: [], named: [named("lab", lab, clock, options)] },
      ...(options.label === undefined ? {} : { label: options.label }),
      ...(options.wrapLedger === undefined ? {} : { wrapLedger: options.wrapLedger }),
    }),
  );
  const moved = stack.move();
  return {
    ...{ home, lab, clock, world },
    ask: (...items) => world.ask(request(user("hi"), ...items)),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
