/**
 * Clients send the whole conversation with every request. The airlock recognises what it has passed before: by the
 * objects that a body shares with the one before (`bodies.ts`), else item by item. What was sealed once stays as it was
 * sent, so the model server finds its cached prefix, and nothing is scanned twice.
 */
import { CloisterError, GrowingBytes, isRecord, sha256, type Json, type JsonObject } from "@cloister/base";
import { shapeForFamily, type Loss, type TurnRequest } from "@cloister/wire";
import { createBodies } from "./bodies.ts";
import { restoreAll, restoreSigned, type Maker, type Restored } from "./thoughts.ts";
import type { Route } from "./route.ts";
import type { Part } from "./part.ts";
import { isSameJson } from "./same-json.ts";

/** What a request adds to the conversation, in the upstream's shape. */
export interface Turn {
  /** As it came through the door: what it shares with the request before are the same objects. */
  readonly given: JsonObject;
  /** What the door's answer depends on: tools, stream, usage. Its items are those of the last request read whole. */
  readonly request: TurnRequest;
  /** All fields but the items. Undefined when they are those of the request before, and so are its items. */
  readonly fields: JsonObject | undefined;
  /** The items that were not there before, in order. */
  readonly fresh: readonly JsonObject[];
  /** What could not be carried; when nothing was translated, only the reasoning of another maker. */
  readonly losses: readonly Loss[];
}

export interface Asked {
  readonly body: Buffer;
  readonly route: Route;
  /** Whose reasoning may go back with the request. */
  readonly maker: Maker;
  /** The body as it was read already. */
  readonly given?: JsonObject | undefined;
}

export interface Conversation {
  /** @throws CloisterError `bad-request`, `bad-json` */
  read(asked: Asked): Turn;
  /** The sealed form of an item; made once, then kept. */
  sealed(item: JsonObject, seal: () => Part): Part;
  /** The sealed form of the fields; made anew when one of them changed. */
  sealedFields(fields: JsonObject, seal: () => Part): Part;
  /**
   * Appends what `read` returned, after sealing, and gives the whole request to send: what was sent before, to the
   * byte, then the new items. `head` holds all fields without the closing brace; undefined when unchanged.
   */
  extend(itemsField: string, head: Buffer | undefined, items: readonly Buffer[]): Buffer[];
  /** Whether the endpoint has been shown these bytes before, on record. */
  isShown(part: Uint8Array): boolean;
  markShown(part: Uint8Array): void;
  /**
   * What `extend` gave is on record. Only then may the next request leave out what this one held: were the entry lost,
   * nobody would know of its parts.
   */
  markRecorded(outgoing: readonly Buffer[]): void;
}

const CLOSE = Buffer.from("]}");
const COMMA = Buffer.from(",");
const REMEMBERED_MAX = 100_000;

/** What a request was, in the upstream's shape: the next one is held against it. */
interface Known {
  readonly route: Route;
  readonly request: TurnRequest;
  readonly passes: boolean;
  readonly fields: JsonObject;
  readonly items: readonly Json[];
}

export function createConversation(): Conversation {
  /** The request that `sent` holds. */
  let known: (Known & { readonly outgoing: readonly Buffer[] }) | undefined;
  let recorded: readonly Buffer[] | undefined;
  let next: Known | undefined;
  const bodies = createBodies({ seenMax: 2 });
  let lastHead: { readonly fields: JsonObject; readonly part: Part } | undefined;
  const partOf = new WeakMap<JsonObject, Part>();
  let sent = new GrowingBytes();
  let sentItems = 0;
  const sealedItems = new Map<string, Part>();
  const shown = new Set<string>();
  const shownBytes = new WeakSet<Uint8Array>();
  /** Between the question whether a part was shown and the answer that it is now, it is on its way to the record. */
  const digests = new WeakMap<Uint8Array, string>();
  const digestOnce = (part: Uint8Array): string => {
    const digest = digests.get(part) ?? digestOf(part);
    digests.set(part, digest);
    return digest;
  };

  return {
    read({ body, route, maker, given = bodies.parse(body, route.door.itemsField) }) {
      const last = known?.route === route && known.outgoing === recorded ? known : undefined;
      const untranslated = last?.passes === true ? goOnAsItIs(given, last, maker) : undefined;
      if (untranslated !== undefined) {
        next = untranslated.known;
        return untranslated.turn;
      }
      const whole = readWhole(given, route, maker);
      next = whole.known;
      return last === undefined ? whole.turn : onlyFresh(whole, last, maker);
    },
    sealed(item, seal) {
      const made = partOf.get(item);
      if (made !== undefined) return made;
      const key = digestOf(Buffer.from(JSON.stringify(item)));
      const part = sealedItems.get(key) ?? seal();
      if (sealedItems.size < REMEMBERED_MAX) sealedItems.set(key, part);
      partOf.set(item, part);
      return part;
    },
    sealedFields(fields, seal) {
      if (lastHead === undefined || !isSameJson(fields, lastHead.fields)) lastHead = { fields, part: seal() };
      return lastHead.part;
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
      const outgoing = [sent.view(), CLOSE];
      known = next === undefined ? undefined : { ...next, outgoing };
      return outgoing;
    },
    markRecorded(outgoing) {
      recorded = outgoing;
    },
    isShown: (part) => shownBytes.has(part) || (shown.size > 0 && shown.has(digestOnce(part))),
    markShown: (part) => {
      shownBytes.add(part);
      if (shown.size < REMEMBERED_MAX) shown.add(digestOnce(part));
    },
  };
}

interface Read {
  readonly turn: Turn;
  readonly known: Known;
}

function readWhole(given: JsonObject, route: Route, maker: Maker): Read {
  const { door, upstream } = route;
  const isSame = door === upstream;
  const own = isSame ? withOwnReasoning(given, route, maker) : { given, losses: [] };
  const request = restoreSigned(door.parseRequest(own.given, { keepsThoughts: isSame }), upstream, maker);
  if (passesAsItIs(route, request)) {
    const body = { ...given, model: route.model };
    return split({ given, body, route, request, passes: true, maker, losses: [] });
  }
  const shaped = shapeForFamily({ ...request, model: route.model }, route.family);
  const { body, losses } = upstream.formatRequest(shaped.turn, route.format);
  const all = [...own.losses, ...request.losses, ...shaped.losses, ...losses];
  return split({ given, body, route, request, passes: false, maker, losses: all });
}

/** The request with the reasoning that its upstream made, and no other. */
function withOwnReasoning(
  given: JsonObject,
  { door }: Route,
  maker: Maker,
): { readonly given: JsonObject; readonly losses: readonly Loss[] } {
  const items = given[door.itemsField];
  // What is wrong with such items is for the protocol to say.
  if (!Array.isArray(items) || !items.every((item: Json) => isRecord(item))) return { given, losses: [] };
  const restored = restoreAll(items, { protocol: door, maker, from: 0 });
  return { given: { ...given, [door.itemsField]: restored.items }, losses: restored.losses };
}

/** Items from `from` on, as they leave. Those that were translated hold no other reasoning than they may. */
function freshOf(known: Known, from: number, maker: Maker): Restored {
  const items = known.items.slice(from).filter((item: Json): item is JsonObject => isRecord(item));
  return known.passes
    ? restoreAll(items, { protocol: known.route.upstream, maker, from })
    : { items, losses: [] };
}

/** In a request that passes untranslated what was known are the very same objects: it need not be read as a whole. */
function goOnAsItIs(given: JsonObject, last: Known, maker: Maker): Read | undefined {
  const { route } = last;
  const { [route.upstream.itemsField]: items, ...rest } = given;
  const fields: JsonObject = { ...rest, model: route.model };
  if (!Array.isArray(items) || items.length <= last.items.length) return undefined;
  if (!isSameJson(fields, last.fields)) return undefined;
  if (last.items.some((item, index) => item !== items[index])) return undefined;
  const fresh: readonly unknown[] = items.slice(last.items.length);
  if (!fresh.every((item) => isRecord(item) && passesInTheMiddle(item, route))) return undefined;
  const known: Known = { route, request: last.request, passes: true, fields, items };
  const own = freshOf(known, last.items.length, maker);
  return {
    turn: { given, request: last.request, fields: undefined, fresh: own.items, losses: own.losses },
    known,
  };
}

function passesInTheMiddle({ role }: Record<string, unknown>, { family }: Route): boolean {
  return family.systemRule !== "first-only" || (role !== "system" && role !== "developer");
}

/** The turn without what the last request held, if it begins like that one. */
function onlyFresh({ turn, known }: Read, last: Known, maker: Maker): Turn {
  const goesOn =
    known.passes === last.passes &&
    known.items.length > last.items.length &&
    isSameJson(known.fields, last.fields) &&
    last.items.every((item, index) => isSameJson(item, known.items[index]));
  if (!goesOn) return turn;
  const own = freshOf(known, last.items.length, maker);
  const losses = known.passes ? own.losses : turn.losses;
  return { ...turn, fields: undefined, fresh: own.items, losses };
}

/** The same protocol on both sides, and a model whose template takes what clients send. */
function passesAsItIs({ door, upstream, family }: Route, request: TurnRequest): boolean {
  const isPlain =
    !family.alternation &&
    family.callIds === "any" &&
    family.callsPerMessage === "many" &&
    Object.keys(family.reservedToolNames).length === 0;
  // A strict template takes one system text, and that first: several are joined, later ones become the user's.
  const isTooMuch =
    family.systemRule === "first-only" &&
    (request.system.length > 1 || request.items.some(({ kind }) => kind === "system"));
  return door === upstream && isPlain && !isTooMuch;
}

function split({
  given,
  body,
  route,
  request,
  passes,
  maker,
  losses,
}: {
  readonly given: JsonObject;
  readonly body: JsonObject;
  readonly route: Route;
  readonly request: TurnRequest;
  readonly passes: boolean;
  readonly maker: Maker;
  readonly losses: readonly Loss[];
}): Read {
  const { [route.upstream.itemsField]: items, ...fields } = body;
  // Responses takes a bare text for a single user message.
  const list: Json | undefined = typeof items === "string" ? [{ role: "user", content: items }] : items;
  if (!Array.isArray(list)) {
    throw new CloisterError(`the request has no ${route.upstream.itemsField}`, { code: "bad-request" });
  }
  const known: Known = { route, request, passes, fields, items: list };
  const own = freshOf(known, 0, maker);
  return {
    turn: { given, request, fields, fresh: own.items, losses: [...losses, ...own.losses] },
    known,
  };
}

function digestOf(part: Uint8Array): string {
  return sha256(part).toString("base64");
}
