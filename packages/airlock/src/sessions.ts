/**
 * The conversations of other programs. A program says which one a request belongs to, or it is known again by what it
 * has said before: a request continues a conversation if its items are those of the last request and then more.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isRecord, parseJson, sha256, type Json, type JsonObject } from "@cloister/base";
import type { Protocol } from "@cloister/wire";
import type { Endpoint } from "./endpoint.ts";
import { openSession, type AirlockSession, type Client, type SessionOptions } from "./session.ts";
import type { Standing } from "./labelling/standing.ts";
import { isSameJson } from "./same-json.ts";
import { withoutVolatile } from "./volatile.ts";

export interface Asking {
  readonly client: Client;
  readonly endpoint: Endpoint;
  readonly door: Protocol;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Reads the body. Not called where its bytes, or a header, say enough. */
  readonly request: () => JsonObject;
}

export interface Sessions {
  /** The session of the conversation that this request continues, else a new one. Two beginnings never share one. */
  find(asking: Asking): AirlockSession;
  /** The session that `find` would continue; undefined where it would open one. */
  known(asking: Asking): AirlockSession | undefined;
  /** One for all requests of a client that are no conversation, such as embeddings, by what they are for. */
  aside(asking: Pick<Asking, "client" | "endpoint" | "door">, purpose: string): AirlockSession;
  /** Records the end of all of them. */
  close(): Promise<void>;
}

const SESSIONS_MAX = 256;

interface Talk {
  readonly session: AirlockSession;
  readonly key: string;
  /** Who talks to whom: nobody continues somebody else's conversation. */
  readonly scope: string;
  /** The last request; undefined where the conversation is known by its name. */
  last: LastRequest | undefined;
}

interface LastRequest {
  readonly body: Buffer;
  /** The body's bytes from the end of its items on; undefined when they cannot be told. */
  readonly tail: Buffer | undefined;
  /** One digest for each item; made when they are first compared. */
  digests: readonly string[] | undefined;
}

export function createSessions(options: Omit<SessionOptions, "client">): Sessions {
  // In the order of use: the one used longest ago goes first.
  const talks = new Map<string, Talk>();

  const end = async ({ session }: Talk, outcome: "closed" | "evicted"): Promise<void> => {
    const fields = { session: session.id, outcome };
    await session.ledger.append({ type: "session.end", fields }).then(() => undefined, session.onTrouble);
  };

  /** By the name that a client has for its session: its titles, summaries and subagents, at whatever endpoint. */
  const standings = new Map<string, Standing>();

  const open = (
    asking: Pick<Asking, "client" | "endpoint" | "door">,
    key?: string,
    family?: string,
  ): Talk => {
    const { client, endpoint, door } = asking;
    const standing = family === undefined ? undefined : standings.get(family);
    const session = openSession({ ...options, client, ...(standing === undefined ? {} : { standing }) });
    if (family !== undefined) remember(standings, family, session.standing);
    const fields = {
      session: session.id,
      client: { name: client.name, version: client.version, evidence: client.evidence },
      endpoint: endpoint.id,
      door: door.name,
      label: session.workspaceLabel,
    };
    // Entries keep the order in which they were handed over: this one stands before the first exposure.
    session.ledger.append({ type: "session.start", fields }).catch(session.onTrouble);
    return { session, key: key ?? session.id, scope: scopeOf(asking), last: undefined };
  };

  const use = (talk: Talk): AirlockSession => {
    talks.delete(talk.key);
    talks.set(talk.key, talk);
    const [oldest] = talks.values();
    if (talks.size > SESSIONS_MAX && oldest !== undefined) {
      talks.delete(oldest.key);
      void end(oldest, "evicted");
    }
    return talk.session;
  };

  /** A name, where there is one, or else what is known by its bytes or its items. */
  const search = (asking: Asking): Found => {
    const scope = scopeOf(asking);
    const byKey = (name: string): Found => ({
      key: `${scope}\n${name}`,
      talk: talks.get(`${scope}\n${name}`),
    });
    const header = nameInHeaders(asking.headers);
    if (header !== undefined) return byKey(header);
    const candidates = [...talks.values()].filter((talk) => talk.scope === scope && talk.last !== undefined);
    const longer = goesOnFrom(candidates, asking);
    if (longer !== undefined) return { talk: longer, tail: longer.last?.tail };
    const field = nameInBody(asking);
    return field === undefined ? repeats(candidates, asking) : byKey(field);
  };

  return {
    find(asking) {
      const { key, talk: known, tail, digests } = search(asking);
      const talk = known ?? open(asking, key, familyOf(asking));
      if (key === undefined) talk.last = { body: asking.body, tail: tail ?? tailOf(asking), digests };
      return use(talk);
    },
    known: (asking) => search(asking).talk?.session,
    aside(asking, purpose) {
      const key = `${scopeOf(asking)}\n\n${purpose}`;
      return use(talks.get(key) ?? open(asking, key));
    },
    async close() {
      const left = [...talks.values()];
      talks.clear();
      await Promise.all(left.map((talk) => end(talk, "closed")));
    },
  };
}

const STANDINGS_MAX = 10_000;

function remember(standings: Map<string, Standing>, family: string, standing: Standing): void {
  standings.delete(family);
  standings.set(family, standing);
  const [oldest] = standings.keys();
  if (standings.size > STANDINGS_MAX && oldest !== undefined) standings.delete(oldest);
}

/** Without the part that tells a session's conversations apart, and whatever the client calls itself. */
function familyOf(asking: Asking): string | undefined {
  const name = nameInHeaders(asking.headers);
  const [session] = name === undefined ? [] : (JSON.parse(name) as [string, string]);
  return session ?? nameInBody(asking);
}

function scopeOf({ client, endpoint, door }: Pick<Asking, "client" | "endpoint" | "door">): string {
  return JSON.stringify([client.name, endpoint.id, door.name]);
}

const NAME_CHARS_MAX = 256;

/** As Claude Code gives it, with the subagent that asks; Codex, with the thread; opencode. */
function nameInHeaders(headers: IncomingHttpHeaders): string | undefined {
  const part = textOf(headers["x-claude-code-agent-id"]) ?? textOf(headers["thread-id"]);
  const name =
    textOf(headers["x-claude-code-session-id"]) ??
    textOf(headers["session-id"]) ??
    textOf(headers["session_id"]) ??
    textOf(headers["x-session-id"]) ??
    textOf(headers["x-session-affinity"]);
  return name === undefined ? undefined : JSON.stringify([name, part ?? ""]);
}

const CACHE_KEY = Buffer.from('"prompt_cache_key"');
const USER_ID = Buffer.from('"user_id"');

/** The field that the door's API has for it. A body without its letters is not read for it. */
function nameInBody({ door, body, request }: Asking): string | undefined {
  if (door.name !== "messages") {
    return body.includes(CACHE_KEY) ? textOf(request()["prompt_cache_key"]) : undefined;
  }
  const metadata = body.includes(USER_ID) ? request()["metadata"] : undefined;
  const user = isRecord(metadata) ? metadata["user_id"] : undefined;
  return typeof user === "string" ? sessionInUser(user) : undefined;
}

/** Claude Code writes JSON with a `session_id`; before that it was `user_…_account_…_session_UUID`. */
function sessionInUser(user: string): string | undefined {
  const [, id] =
    /"session_id"\s*:\s*"([^"]{1,256})"/.exec(user) ?? /_session_([\w-]{8,128})$/.exec(user) ?? [];
  return id;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= NAME_CHARS_MAX ? value : undefined;
}

interface Found {
  /** Of the name that the client gave. */
  readonly key?: string;
  readonly talk: Talk | undefined;
  readonly tail?: Buffer | undefined;
  readonly digests?: readonly string[];
}

const COMMA = 0x2c;
/** Clients that only append are known by their bytes, which costs a comparison of memory. */
function goesOnFrom(candidates: readonly Talk[], { body }: Asking): Talk | undefined {
  const found = candidates.filter(({ last }) => {
    if (last?.tail === undefined) return false;
    const { body: before, tail } = last;
    const end = before.length - tail.length;
    if (body[end] !== COMMA || body.length <= before.length) return false;
    return body.subarray(0, end).equals(before.subarray(0, end)) && body.subarray(-tail.length).equals(tail);
  });
  return found.length === 0 ? undefined : rightOne(longestOf(found, bytesIn), body);
}

/** In the compact form that JSON.stringify writes; others are known by their items. */
function tailOf({ body, door, request }: Asking): Buffer | undefined {
  const entries = Object.entries(request());
  const at = entries.findIndex(([name]) => name === door.itemsField);
  if (!Array.isArray(entries[at]?.[1])) return undefined;
  const rest = JSON.stringify(Object.fromEntries(entries.slice(at + 1)));
  const tail = Buffer.from(rest === "{}" ? "]}" : `],${rest.slice(1)}`);
  return body.subarray(-tail.length).equals(tail) ? tail : undefined;
}

const bytesIn = ({ last }: Talk): number => last?.body.length ?? 0;
const itemsIn = ({ last }: Talk): number => last?.digests?.length ?? 0;

function longestOf(talks: readonly Talk[], length: (talk: Talk) => number): Talk[] {
  const longest = Math.max(...talks.map(length));
  return talks.filter((talk) => length(talk) === longest);
}

/** Conversations that were the same so far: the one whose placeholders the request speaks of, else the older one. */
function rightOne(talks: readonly Talk[], body: Buffer): Talk {
  const [first, ...others] = talks as [Talk, ...Talk[]];
  if (others.length === 0) return first;
  const text = body.toString("utf8");
  const knows = ({ session }: Talk): boolean =>
    session.seals.unsealFor("", text).withheld.every(({ why }) => why !== "unknown");
  return talks.find(knows) ?? first;
}

/**
 * Item by item, for clients that move their cache marks, or change a date before them. The same items once more are
 * a new conversation that begins alike, unless the client says that it tries again.
 */
function repeats(candidates: readonly Talk[], asking: Asking): Found {
  if (candidates.length === 0) return { talk: undefined };
  const digests = digestsOf(asking.request(), asking.door);
  const isRetry = Number(asking.headers["x-stainless-retry-count"]) > 0;
  const found = candidates.filter((candidate) => {
    const known = digestsOfLast(candidate, asking.door);
    const goesOn = digests.length > known.length || (isRetry && digests.length === known.length);
    return goesOn && known.length > 0 && known.every((digest, index) => digest === digests[index]);
  });
  const talk = found.length === 0 ? undefined : rightOne(longestOf(found, itemsIn), asking.body);
  return { talk, digests };
}

function digestsOfLast({ last }: Talk, door: Protocol): readonly string[] {
  if (last === undefined) return [];
  last.digests ??= digestsOf(parseJson(last.body.toString("utf8"), "the last request") as JsonObject, door);
  return last.digests;
}

/** What stands before the items in Messages and Responses goes with the first of them. */
function digestsOf(request: JsonObject, { itemsField }: Protocol): string[] {
  const items = request[itemsField] ?? [];
  const head = [request["system"] ?? null, request["instructions"] ?? null];
  return (Array.isArray(items) ? items : [items]).map((item: Json, index) => {
    const before = index === 0 ? head : [];
    const known = isRecord(item) ? digestOf.get(item) : undefined;
    if (known !== undefined && isSameJson(before, known.before)) return known.digest;
    const isSystem = isRecord(item) && (item["role"] === "system" || item["role"] === "developer");
    const said = isSystem ? withoutVolatile(item) : item;
    const whole = index === 0 ? [withoutVolatile(head), said] : said;
    const digest = sha256(JSON.stringify(whole, withoutMarks)).toString("base64");
    if (isRecord(item)) digestOf.set(item, { before, digest });
    return digest;
  });
}

/** A request shares the items that it repeats with the one before (`bodies.ts`). */
const digestOf = new WeakMap<object, { readonly before: readonly Json[]; readonly digest: string }>();

/** Cache marks move to the end with every request, and say nothing. */
function withoutMarks(name: string, value: unknown): unknown {
  return name === "cache_control" ? undefined : value;
}
