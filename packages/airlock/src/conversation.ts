/**
 * Clients send the whole conversation with every request. The airlock recognises what it has passed before: by
 * comparing bytes where a client only ever appends, else item by item. What was sealed once stays as it was sent, so
 * the model server finds its cached prefix, and nothing is scanned twice.
 */
import {
  CloisterError,
  GrowingBytes,
  isRecord,
  parseJson,
  sha256,
  type Json,
  type JsonObject,
} from "@cloister/base";
import { shapeForFamily, type Loss, type TurnRequest } from "@cloister/wire";
import type { Route } from "./route.ts";
import type { Part } from "./part.ts";

/** What a request adds to the conversation, in the upstream's shape. */
export interface Turn {
  /** What the door's answer depends on: tools, stream, usage. Its items are those of the last request read whole. */
  readonly request: TurnRequest;
  /** All fields but the items. Undefined when they are byte for byte those of the request before. */
  readonly fields: JsonObject | undefined;
  /** The items that were not there before, in order. */
  readonly fresh: readonly JsonObject[];
  /** What could not be carried; none when nothing was translated. */
  readonly losses: readonly Loss[];
}

export interface Conversation {
  /** @throws CloisterError `bad-request`, `bad-json` */
  read(body: Buffer, route: Route): Turn;
  /** The sealed form of an item; made once, then kept. */
  sealed(item: JsonObject, seal: () => Part): Part;
  /**
   * Appends what `read` returned, after sealing, and gives the whole request to send: what was sent before, to the
   * byte, then the new items. `head` holds all fields without the closing brace; undefined when unchanged.
   */
  extend(itemsField: string, head: Buffer | undefined, items: readonly Buffer[]): Buffer[];
  /** Whether the endpoint has been shown these bytes before, on record. */
  isShown(part: Uint8Array): boolean;
  markShown(part: Uint8Array): void;
}

const CLOSE = Buffer.from("]}");
const COMMA = Buffer.from(",");
const REMEMBERED_MAX = 100_000;

export function createConversation(): Conversation {
  let known: { prefix: Buffer; route: Route; request: TurnRequest } | undefined;
  let next: typeof known;
  let sent = new GrowingBytes();
  let sentItems = 0;
  const sealedItems = new Map<string, Part>();
  const shown = new Set<string>();

  return {
    read(body, route) {
      const fresh = known?.route === route ? freshItems(body, known.prefix) : undefined;
      if (fresh === undefined || known === undefined) {
        const whole = readWhole(body, route);
        next = whole.appends ? { prefix: withoutClose(body), route, request: whole.turn.request } : undefined;
        return whole.turn;
      }
      next = { ...known, prefix: withoutClose(body) };
      return { request: known.request, fields: undefined, fresh, losses: [] };
    },
    sealed(item, seal) {
      const key = digestOf(Buffer.from(JSON.stringify(item)));
      const remembered = sealedItems.get(key);
      if (remembered !== undefined) return remembered;
      const part = seal();
      if (sealedItems.size < REMEMBERED_MAX) sealedItems.set(key, part);
      return part;
    },
    extend(itemsField, head, items) {
      if (head !== undefined) {
        sent = new GrowingBytes();
        sent.append(head);
        sent.append(Buffer.from(`,${JSON.stringify(itemsField)}:[`));
        sentItems = 0;
      }
      for (const item of items) {
        if (sentItems > 0) sent.append(COMMA);
        sent.append(item);
        sentItems += 1;
      }
      known = next;
      return [sent.view(), CLOSE];
    },
    isShown: (part) => shown.has(digestOf(part)),
    markShown: (part) => {
      if (shown.size < REMEMBERED_MAX) shown.add(digestOf(part));
    },
  };
}

/** `appends`: the items stand last, as they do, so that the next request may simply go on from there. */
function readWhole(body: Buffer, route: Route): { turn: Turn; appends: boolean } {
  const value = parseJson(body.toString("utf8"), "the request");
  if (!isRecord(value)) throw new CloisterError("the request is not an object", { code: "bad-request" });
  const given = value as JsonObject;
  const request = route.door.parseRequest(given);
  if (!passesAsItIs(route, request)) {
    const shaped = shapeForFamily({ ...request, model: route.model }, route.family);
    const { body: formatted, losses } = route.upstream.formatRequest(shaped.turn, route.format);
    const turn = split(formatted, route, request, [...request.losses, ...shaped.losses, ...losses]);
    return { turn, appends: false };
  }
  const turn = split({ ...given, model: route.model }, route, request, []);
  const appends = Object.keys(given).at(-1) === route.door.itemsField && endsLikeOurs(body);
  return { turn, appends };
}

/** The same protocol on both sides, and a model whose template takes what clients send. */
function passesAsItIs({ door, upstream, family }: Route, request: TurnRequest): boolean {
  const isPlain =
    !family.alternation &&
    family.callIds === "any" &&
    family.callsPerMessage === "many" &&
    Object.keys(family.reservedToolNames).length === 0;
  const hasMidSystem =
    family.systemRule === "first-only" && request.items.some(({ kind }) => kind === "system");
  return door === upstream && isPlain && !hasMidSystem;
}

function split(body: JsonObject, { upstream }: Route, request: TurnRequest, losses: readonly Loss[]): Turn {
  const { [upstream.itemsField]: items, ...fields } = body;
  // Responses takes a bare text for a single user message.
  const list = typeof items === "string" ? [{ role: "user", content: items }] : items;
  if (!Array.isArray(list)) {
    throw new CloisterError(`the request has no ${upstream.itemsField}`, { code: "bad-request" });
  }
  return { request, fields, fresh: list.filter(isRecord).flatMap(withoutReasoning), losses };
}

/**
 * Reasoning of Messages and Responses is signed by whoever thought it, or known by an id, and what passed here was
 * written anew: sent back, it would be refused. Without it the model thinks again.
 */
function withoutReasoning(item: JsonObject): JsonObject[] {
  if (item["type"] === "reasoning") return [];
  const { content } = item;
  if (!Array.isArray(content) || !content.some(isThinking)) return [item];
  const rest = content.filter((block: Json) => !isThinking(block));
  return rest.length === 0 ? [] : [{ ...item, content: rest }];
}

function isThinking(block: Json): boolean {
  return isRecord(block) && (block["type"] === "thinking" || block["type"] === "redacted_thinking");
}

function digestOf(part: Uint8Array): string {
  return sha256(part).toString("base64");
}

function endsLikeOurs(body: Buffer): boolean {
  return body.subarray(-CLOSE.length).equals(CLOSE);
}

function withoutClose(body: Buffer): Buffer {
  return body.subarray(0, -CLOSE.length);
}

/** The items after the known prefix, or undefined when the body does not simply go on from there. */
function freshItems(body: Buffer, prefix: Buffer): JsonObject[] | undefined {
  const goesOn =
    body.length > prefix.length + 1 &&
    body[prefix.length] === COMMA[0] &&
    endsLikeOurs(body) &&
    body.subarray(0, prefix.length).equals(prefix);
  if (!goesOn) return undefined;
  try {
    // Only a list of items parses here: a suffix that closes the list and opens another field does not.
    const list: unknown = JSON.parse(`[${body.subarray(prefix.length + 1, -CLOSE.length).toString("utf8")}]`);
    return (list as unknown[]).every(isRecord) ? (list as JsonObject[]) : undefined;
  } catch {
    return undefined; // read as a whole then, which names what is wrong
  }
}
