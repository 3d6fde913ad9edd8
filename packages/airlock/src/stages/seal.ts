/**
 * Takes secrets out before anything else is done with a request: recorded, sent or logged is only what is sealed. What
 * would be fetched instead of sent cannot be looked at, and is refused.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Seals } from "@cloister/secrets";
import { neutralise, simplifyTools, type Family, type Provenance } from "@cloister/wire";
import { resultOf, type Origins } from "../calls/origins.ts";
import type { Part } from "../part.ts";
import { tokenIn } from "../thoughts.ts";
import { askReading } from "./ask-reading.ts";
import type { Labelled } from "./label.ts";
import { withoutWords } from "./picture-words.ts";
import { checkContent } from "./remote-content.ts";

export interface Sealed extends Labelled {
  /** The request as it will leave, in pieces to be sent one after the other. */
  readonly outgoing: readonly Buffer[];
  readonly parts: readonly Part[];
}

export function seal(labelled: Labelled): Sealed {
  const { turn, session, route, endpoint } = labelled;
  const { fields } = turn;
  const head =
    fields === undefined
      ? undefined
      : session.conversation.sealedFields(fields, () =>
          sealFields(
            askReading(endpoint.server === "llama.cpp" ? simplifyTools(fields) : fields, labelled),
            session.seals,
          ),
        );
  const items = turn.fresh.map((item) => {
    session.origins.note(item);
    return session.conversation.sealed(item, () =>
      sealItem(item, session.seals, route.family, session.origins),
    );
  });
  const outgoing = session.conversation.extend(
    route.upstream.itemsField,
    head?.bytes,
    items.map(({ bytes }) => bytes),
  );
  return { ...labelled, outgoing, parts: head === undefined ? items : [head, ...items] };
}

/** The bytes lack their closing brace. */
export function sealFields(fields: JsonObject, seals: Seals): Part {
  const sealer = new Sealer(seals, undefined, asItIs);
  const text = JSON.stringify(sealer.sealJson(fields));
  return { bytes: Buffer.from(text.slice(0, -1)), provenance: { source: "system" }, sealed: sealer.counts };
}

/** `origins` tells which file a result is the text of, where the client does not say so itself. */
export function sealItem(item: JsonObject, seals: Seals, family: Family, origins?: Origins): Part {
  const { cloister, ...plain } = item;
  const provenance = isRecord(cloister) ? (cloister as unknown as Provenance) : { source: sourceOf(item) };
  const prepare = neutralising(provenance.source, family);
  const sealer = isRecord(cloister)
    ? new Sealer(seals, originOf(provenance), prepare)
    : new Sealer(seals, undefined, prepare, origins);
  return { bytes: Buffer.from(JSON.stringify(sealer.sealJson(plain))), provenance, sealed: sealer.counts };
}

/**
 * An item of our own agent as it may be kept: without a secret, but not yet made harmless for a template, which is done
 * once, each time it leaves. What is sealed for the endpoint afterwards is the same as from the item itself.
 */
export function sealKept<T extends JsonObject>(item: T, seals: Seals): T {
  const { cloister, ...plain } = item;
  const provenance = isRecord(cloister) ? (cloister as unknown as Provenance) : undefined;
  const origin = provenance === undefined ? undefined : originOf(provenance);
  const sealed = new Sealer(seals, origin, asItIs).sealJson(plain);
  return { ...sealed, ...(cloister === undefined ? {} : { cloister }) } as unknown as T;
}

/** A JSON text without a secret in any of its texts, however they are escaped; names of fields among them. */
export function sealLeaves(text: string, seals: Seals): string {
  const value = JSON.parse(text, (_key, inner: unknown) =>
    typeof inner === "string" ? seals.seal(inner).text : inner,
  ) as Json;
  return seals.seal(JSON.stringify(value)).text;
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
  // A language server's words on one file may quote another.
  if (provenance.source === "command" || searches.has(provenance.tool ?? "")) return undefined;
  const paths = new Set(provenance.files?.map(({ path }) => path));
  return paths.size === 1 ? [...paths][0] : undefined;
}

const searches = new Set(["Grep", "RepoMap"]);

/** Strings of the protocol itself, which say nothing and must come out as they went in. */
const plumbing = new Set(["role", "type", "id", "call_id", "tool_call_id", "tool_use_id", "media_type"]);

const PICTURE_CHARS_MIN = 256;
const base64 = /^[A-Za-z0-9+/=_-]*$/;
/** Pictures and hidden thinking, what is encrypted, and what is signed. */
const opaque = new Set(["data", "encrypted_content", "signature"]);

/**
 * A long base64 text where the protocols have pictures, or what is encrypted, holds no secret that could be read. Anything else in such a
 * place is looked at: an argument may be named `data`, and a file may begin with `data:`.
 */
function isPicture(name: string, text: string): boolean {
  if (text.length < PICTURE_CHARS_MIN) return false;
  if (text.startsWith("data:")) {
    const comma = text.slice(0, PICTURE_CHARS_MIN).indexOf(";base64,");
    return comma !== -1 && base64.test(text.slice(comma + ";base64,".length));
  }
  // As our own agent keeps a signature.
  const token = name === "token" ? tokenIn(text) : undefined;
  return token === undefined ? opaque.has(name) && base64.test(text) : base64.test(token);
}

/** A result is an item, or a block in one. */
const RESULTS_DEPTH_MAX = 1;

class Sealer {
  readonly counts: Record<string, number> = {};
  readonly #seals: Seals;
  /** Of the text that is being sealed. */
  #origin: string | undefined;
  readonly #prepare: Preparation;
  readonly #origins: Origins | undefined;
  /** Of records in each other. */
  #depth = 0;

  constructor(seals: Seals, origin: string | undefined, prepare: Preparation, origins?: Origins) {
    this.#seals = seals;
    this.#origin = origin;
    this.#prepare = prepare;
    this.#origins = origins;
  }

  sealJson<T extends Json>(value: T): T {
    return this.#seal(value, "", this.#prepare.text) as T;
  }

  #seal(value: Json, name: string, prepare: (text: string) => string): Json {
    if (typeof value === "string") return this.#sealString(value, name, prepare);
    if (Array.isArray(value)) return this.#sealList(value, name, prepare);
    if (!isRecord(value)) return value;
    checkContent(value);
    const outer = this.#origin;
    // Deeper in, it is the model or a tool that says of itself what it is.
    if (this.#depth <= RESULTS_DEPTH_MAX) this.#origin = this.#origins?.of(resultOf(value)) ?? outer;
    this.#depth += 1;
    const sealed = this.#sealFields(value, prepare);
    this.#depth -= 1;
    this.#origin = outer;
    return sealed;
  }

  #sealFields(value: JsonObject, prepare: (text: string) => string): Json {
    // Arguments are an object in Messages, and JSON inside a string elsewhere.
    const isCall = value["type"] === "tool_use";
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        isCall && key === "input" ? this.#sealLeaves(item) : this.#seal(item, key, prepare),
      ]),
    );
  }

  /** Every text in arguments is the tool's business and none the protocol's, whatever its field is called. */
  #sealLeaves(value: Json): Json {
    if (typeof value === "string") return this.#sealText(this.#prepare.argument(value));
    if (Array.isArray(value)) return value.map((item: Json) => this.#sealLeaves(item));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#sealLeaves(item)]));
  }

  /** Thinking is signed with its text: with a secret taken out it would be refused, so it stays here. */
  #sealList(list: readonly Json[], name: string, prepare: (text: string) => string): Json[] {
    return list.flatMap((item): Json[] => {
      const sealed = this.#seal(item, name, prepare);
      const isSigned =
        name === "content" &&
        isRecord(item) &&
        item["type"] === "thinking" &&
        typeof item["signature"] === "string";
      return isSigned && JSON.stringify(sealed) !== JSON.stringify(item) ? [] : [sealed];
    });
  }

  #sealString(text: string, name: string, prepare: (text: string) => string): string {
    if (plumbing.has(name)) return text;
    const mayBePicture = name === "data" || text.startsWith("data:image/");
    const told = mayBePicture ? withoutWords(text) : text;
    if (isPicture(name, told)) return told;
    return name === "arguments" ? this.#sealArguments(told) : this.#sealText(prepare(told));
  }

  /** Leaf by leaf, so that escapes neither hide a secret nor break. */
  #sealArguments(text: string): string {
    let value: Json;
    try {
      value = JSON.parse(text) as Json;
    } catch {
      return this.#sealText(this.#prepare.argument(text)); // not JSON, so plain text is what a model would see
    }
    const sealed = JSON.stringify(this.#sealLeaves(value));
    // A text that says the same keeps its own spacing: it is what the model wrote, and has in its cache.
    return sealed === JSON.stringify(value) ? text : sealed;
  }

  #sealText(text: string): string {
    const result = this.#seals.seal(text, this.#origin);
    for (const { kind } of result.sealed) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return result.text;
  }
}
