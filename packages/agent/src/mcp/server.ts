/** One server from its start to its end: started in the background, started once more when it dies, then given up. */
import { messageOf, type JsonObject } from "@cloister/base";
import {
  openConnection,
  type CallOptions,
  type Connection,
  type ConnectionWorld,
  type Lists,
} from "./connection.ts";
import type { McpServerWish, StartServer } from "./link.ts";

export type ServerState =
  | { readonly kind: "idle" | "starting" | "closed" }
  | { readonly kind: "ready"; readonly connection: Connection }
  | { readonly kind: "failed"; readonly why: string };

export interface Offer {
  readonly tools: readonly JsonObject[];
  readonly resources: readonly JsonObject[];
  readonly templates: readonly JsonObject[];
  readonly prompts: readonly JsonObject[];
}

export interface McpServerHandle {
  readonly name: string;
  readonly wish: McpServerWish;
  readonly state: ServerState;
  /** What it offered last; also when it is gone, so that a call of its tools says so. */
  readonly offer: Offer;
  readonly instructions: string | undefined;
  /** Its log and what it printed beside the protocol, the last lines. */
  readonly diagnosis: readonly string[];
  start(): void;
  /** From its beginning, as often as a person says so; what it was at is lost. Without effect while it starts. */
  restart(): void;
  /** When it is ready or failed. Never rejects. */
  settled(): Promise<void>;
  /** Once it is ready. @throws CloisterError `mcp-ended` and what the connection throws */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): void;
}

export interface ServerWorld extends ConnectionWorld {
  readonly startServer: StartServer;
  /** Something is to be told: it begins, came, changed its lists, or is gone for good. */
  readonly onChange: () => void;
}

const START_MS_MAX = 30_000;
const RESTARTS_MAX = 1;
const DIAGNOSIS_LINES_MAX = 100;
const LINE_CHARS_MAX = 2000;
const nothing: Offer = { tools: [], resources: [], templates: [], prompts: [] };

export function createServer(wish: McpServerWish, world: ServerWorld): McpServerHandle {
  const closing = new AbortController();
  const diagnosis: string[] = [];
  let state: ServerState = { kind: "idle" };
  let offer = nothing;
  let instructions: string | undefined;
  let starts = 0;
  let settling: Promise<void> = Promise.resolve();
  const options: CallOptions = { timeoutMs: START_MS_MAX, signal: closing.signal };

  const log = (line: string): void => {
    diagnosis.push(line.slice(0, LINE_CHARS_MAX));
    if (diagnosis.length > DIAGNOSIS_LINES_MAX) diagnosis.shift();
  };
  const fail = (why: string): void => {
    if (state.kind === "closed") return;
    log(why);
    state = { kind: "failed", why };
    world.onChange();
  };
  const died = (why: string): void => {
    if (state.kind === "closed") return;
    log(why);
    if (starts > RESTARTS_MAX) fail(`${why}, also after it was started again`);
    else begin();
  };
  /** A server that says all the time that its lists changed is asked one at a time. */
  let refreshing: Promise<void> | undefined;
  let isStale = false;
  const refresh = (connection: Connection): void => {
    isStale = true;
    refreshing ??= (async () => {
      while (isStale && !closing.signal.aborted) {
        isStale = false;
        const next = await readOffer(connection, options);
        if (JSON.stringify(next) === JSON.stringify(offer)) continue;
        offer = next;
        world.onChange();
      }
    })()
      .catch((error: unknown) => log(messageOf(error)))
      .finally(() => {
        refreshing = undefined;
      });
  };
  const connect = async (): Promise<void> => {
    const link = await world.startServer(wish.name, closing.signal);
    const changed = (): void => {
      if (state.kind === "ready") refresh(state.connection);
    };
    const connection = await openConnection(link, world, { changed, log }, options);
    try {
      offer = await readOffer(connection, options);
    } catch (error) {
      connection.close();
      throw error;
    }
    if (closing.signal.aborted) return connection.close();
    instructions = connection.instructions;
    state = { kind: "ready", connection };
    world.onChange();
    // One that was restarted has another by now.
    const isNow = (): boolean => state.kind === "ready" && state.connection === connection;
    void connection.ended.then((why) => (isNow() ? died(why) : undefined));
  };
  const begin = (): void => {
    starts += 1;
    state = { kind: "starting" };
    world.onChange();
    settling = connect().catch((error: unknown) => fail(messageOf(error)));
  };

  return {
    name: wish.name,
    wish,
    get state() {
      return state;
    },
    get offer() {
      return offer;
    },
    get instructions() {
      return instructions;
    },
    diagnosis,
    start: () => {
      if (state.kind === "idle") begin();
    },
    restart: () => {
      const was = state;
      if (was.kind === "starting" || was.kind === "closed") return;
      starts = 0;
      begin();
      if (was.kind === "ready") was.connection.close();
    },
    settled: () => settling,
    use: async (work) => {
      await settling;
      if (state.kind === "ready") return await work(state.connection);
      const why = state.kind === "failed" ? state.why : "it is closed";
      throw new Error(`the MCP server "${wish.name}" is not there: ${why}. Go on without it.`);
    },
    close: () => {
      const was = state;
      state = { kind: "closed" };
      closing.abort(new Error("the session is over"));
      if (was.kind === "ready") was.connection.close();
    },
  };
}

async function readOffer(connection: Connection, options: CallOptions): Promise<Offer> {
  const read = (what: Lists): Promise<readonly JsonObject[]> => connection.list(what, options);
  const [tools, resources, templates, prompts] = await Promise.all([
    read("tools"),
    // Of these, servers promise more than they hold: one that cannot list its resources still has its tools.
    read("resources").catch(none),
    read("resourceTemplates").catch(none),
    read("prompts").catch(none),
  ]);
  return { tools, resources, templates, prompts };
}

function none(): readonly JsonObject[] {
  return [];
}
