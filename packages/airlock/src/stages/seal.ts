/** Takes secrets out before anything else is done with a request: recorded, sent or logged is only what is sealed. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Seals } from "@cloister/secrets";
import { neutralise, type Family, type Provenance } from "@cloister/wire";
import type { Part } from "../part.ts";
import type { Labelled } from "./label.ts";

export interface Sealed extends Labelled {
  /** The request as it will leave, in pieces to be sent one after the other. */
  readonly outgoing: readonly Buffer[];
  readonly parts: readonly Part[];
}

export function seal(labelled: Labelled): Sealed {
  const { turn, session, route } = labelled;
  const head = turn.fields === undefined ? undefined : sealFields(turn.fields, session.seals);
  const items = turn.fresh.map((item) =>
    session.conversation.sealed(item, () => sealItem(item, session.seals, route.family)),
  );
  const outgoing = session.conversation.extend(
    route.upstream.itemsField,
    head?.bytes,
    items.map(({ bytes }) => bytes),
  );
  return { ...labelled, outgoing, parts: head === undefined ? items : [head, ...items] };
}

function sealFields(fields: JsonObject, seals: Seals): Part {
  const sealer = new Sealer(seals, undefined, asItIs);
  const text = JSON.stringify(sealer.sealJson(fields));
  // The closing brace comes after the items.
  return { bytes: Buffer.from(text.slice(0, -1)), provenance: { source: "system" }, sealed: sealer.counts };
}

export function sealItem(item: JsonObject, seals: Seals, family: Family): Part {
  const { cloister, ...plain } = item;
  const provenance = isRecord(cloister) ? (cloister as unknown as Provenance) : { source: sourceOf(item) };
  const sealer = new Sealer(seals, originOf(provenance), neutralising(provenance.source, family));
  return { bytes: Buffer.from(JSON.stringify(sealer.sealJson(plain))), provenance, sealed: sealer.counts };
}

/** What is done to a text before it is sealed, by where it stands. */
interface Preparation {
  readonly text: (text: string) => string;
  /** Inside the arguments of a call. */
  readonly argument: (text: string) => string;
}

const asItIs: Preparation = { text: (text) => text, argument: (text) => text };

/**
 * What a person, a file or a program said must not look like the template's own control tokens: a file could end the
 * turn, or forge a system message. The system prompt is the house's own. What the model said goes back as it came;
 * only in arguments were such tokens made whole again, for the sake of the file, and are made harmless once more.
 */
function neutralising(source: Provenance["source"], family: Family): Preparation {
  const harmless = (text: string): string => neutralise(text, family);
  if (source === "system") return asItIs;
  return source === "assistant" ? { ...asItIs, argument: harmless } : { text: harmless, argument: harmless };
}

/** By role, or by the type of an item of Responses. */
function sourceOf({ role, type }: JsonObject): Provenance["source"] {
  if (role === "system" || role === "developer") return "system";
  if (role === "assistant" || assistantTypes.has(type)) return "assistant";
  return role === "tool" || (typeof type === "string" && type.endsWith("_output")) ? "tool" : "user";
}

const assistantTypes = new Set<unknown>(["reasoning", "function_call", "custom_tool_call"]);

/**
 * A secret can be restored only into the file it came from, so that file must be known beyond doubt, and the text must
 * be the file's own: what a search prints has the names of files in it.
 */
function originOf(provenance: Provenance): string | undefined {
  if (provenance.tool === "Grep") return undefined;
  const paths = new Set(provenance.files?.map(({ path }) => path));
  return paths.size === 1 ? [...paths][0] : undefined;
}

/** Strings of the protocol itself, which say nothing and must come out as they went in. */
const plumbing = new Set([
  "role",
  "type",
  "id",
  "call_id",
  "tool_call_id",
  "tool_use_id",
  "media_type",
  "signature",
]);

class Sealer {
  readonly counts: Record<string, number> = {};
  readonly #seals: Seals;
  readonly #origin: string | undefined;
  readonly #prepare: Preparation;

  constructor(seals: Seals, origin: string | undefined, prepare: Preparation) {
    this.#seals = seals;
    this.#origin = origin;
    this.#prepare = prepare;
  }

  sealJson<T extends Json>(value: T): T {
    return this.#seal(value, "", this.#prepare.text) as T;
  }

  #seal(value: Json, name: string, prepare: (text: string) => string): Json {
    if (typeof value === "string") return this.#sealString(value, name, prepare);
    if (Array.isArray(value)) return value.map((item: Json) => this.#seal(item, name, prepare));
    if (!isRecord(value)) return value;
    // Arguments are an object in Messages, and JSON inside a string elsewhere.
    const isCall = value["type"] === "tool_use";
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const inner = isCall && key === "input" ? this.#prepare.argument : prepare;
        return [key, this.#seal(item, key, inner)];
      }),
    );
  }

  #sealString(text: string, name: string, prepare: (text: string) => string): string {
    if (plumbing.has(name)) return text;
    // Pictures: a base64 text holds no secret that could be read, and is long.
    if (name === "data" || text.startsWith("data:")) return text;
    return name === "arguments" ? this.#sealArguments(text) : this.#sealText(prepare(text));
  }

  /** Leaf by leaf, so that escapes neither hide a secret nor break. */
  #sealArguments(text: string): string {
    let value: Json;
    try {
      value = JSON.parse(text) as Json;
    } catch {
      return this.#sealText(this.#prepare.argument(text)); // not JSON, so plain text is what a model would see
    }
    const sealed = JSON.stringify(this.#seal(value, "", this.#prepare.argument));
    // A text that says the same keeps its own spacing: it is what the model wrote, and has in its cache.
    return sealed === JSON.stringify(value) ? text : sealed;
  }

  #sealText(text: string): string {
    const result = this.#seals.seal(text, this.#origin);
    for (const { kind } of result.sealed) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return result.text;
  }
}
