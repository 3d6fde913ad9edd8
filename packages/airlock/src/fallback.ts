/**
 * Other places for a request of our own agent, when the endpoint that it is for is down. Each attempt is a whole pass
 * through the stages: judged for that place by what the conversation holds by then, and recorded before it leaves. Once
 * a word of an answer was shown, nobody else is asked.
 */
import { CloisterError, type JsonObject } from "@cloister/base";
import { NEWS_COMMENT, type AnsweredBy, type TurnEvent } from "@cloister/wire";
import { pass } from "./airlock.ts";
import { hideAddress, upstreamError, withoutAddress } from "./door.ts";
import {
  busy,
  downOf,
  errorPassage,
  failedPassage,
  handOn,
  isDown,
  isDownEvent,
  short,
  toDown,
  type Down,
} from "./fallback-down.ts";
import { fallbacksMax } from "./fallbacks-max.ts";
import type { OtherModels } from "./other-models.ts";
import type { Passage } from "./passage.ts";
import type { Refused } from "./stages/decide.ts";
import type { Arrival } from "./stages/identify.ts";
import type { Settled } from "./stages/settle.ts";

export interface FallbackOptions {
  /** The session's own model, as a person knows it. */
  readonly own: string;
  /** Where else, in order, as `find` reads them. */
  readonly names: readonly string[];
  readonly find: OtherModels["find"];
}

export interface Fallbacks {
  /** As the airlock's own `pass`. A place that may not see the request is passed over. */
  pass(arrival: Arrival): Promise<Settled | Refused>;
}

/** Of a server that loads or restarts, while there is another one. The last resort is waited for as if it were alone. */
const PATIENCE_MS = 5000;
/** A server that is too busy is asked again after so long, and then no more. */
const BUSY_DELAYS_MS = [500, 2000] as const;
/** What a server may ask for in its place; one that wants more is not waited for. */
const RETRY_AFTER_MS_MAX = 10_000;
/** How long one that was down is left alone; twice as long each time that it still is. */
const REST_MS_FIRST = 60_000;
const REST_MS_MAX = 600_000;

interface Link {
  readonly name: string;
  readonly isOwn: boolean;
  /** Failures in a row, and until when it is left alone. */
  failures: number;
  restsUntil: number;
  /** Why it fell when it last did. */
  last?: Reason;
}

type Reason = Pick<Down, "code" | "why">;

type Tried =
  | { readonly kind: "up"; readonly settled: Settled | Refused }
  | ({ readonly kind: "down" } & Down);

export function createFallbacks({ own, names, find }: FallbackOptions): Fallbacks {
  const chain = [own, ...names.slice(0, fallbacksMax)].map((name, at): Link => ({
    name,
    isOwn: at === 0,
    failures: 0,
    restsUntil: 0,
  }));
  /** Who a person was told answers now. */
  let shown = chain[0];
  /** Why another one is asked: what fell on the way to it, else why the first one rests. */
  const reasonsFor = (downs: ReadonlyMap<Link, Down>): readonly Reason[] =>
    downs.size > 0 ? [...downs.values()] : [chain[0]?.last ?? []].flat();

  const attempt = async (link: Link, arrival: Arrival, way: Way): Promise<Tried> => {
    let place: Pick<Arrival, "session" | "endpoint" | "route"> = arrival;
    try {
      if (!link.isOwn) place = await orAborted(find(link.name, arrival.session), arrival.signal);
    } catch (error) {
      if (arrival.signal.aborted) throw error;
      return { kind: "down", ...toDown(error, undefined) };
    }
    const notes: JsonObject =
      way.cause === undefined ? {} : { fallback: { from: arrival.endpoint.id, cause: way.cause } };
    const asked = {
      ...{ ...arrival, ...place, notes: { ...arrival.notes, ...notes } },
      ...(way.patienceMs === undefined ? {} : { patienceMs: way.patienceMs }),
    };
    for (const waitMs of way.isTrial ? [] : BUSY_DELAYS_MS) {
      const tried = await once(asked, link);
      const wishedMs = tried.kind === "up" ? undefined : tried.retryMs;
      if (wishedMs === undefined || wishedMs > RETRY_AFTER_MS_MAX) return tried;
      await arrival.session.clock.sleep(Math.max(waitMs, wishedMs), arrival.signal);
    }
    return once(asked, link);
  };

  /** Each link, those that rest last, and at the very last the session's own once more, for as long as it takes. */
  const open = (arrival: Arrival): Walk => {
    const { clock } = arrival.session;
    const isAwake = ({ restsUntil }: Link): boolean => restsUntil <= clock.now();
    const waiting = [...chain.filter(isAwake), ...chain.filter((link) => !isAwake(link))];
    const downs = new Map<Link, Down>();
    let isLast = false;
    const fell = (link: Link, down: Down): void => {
      downs.set(link, down);
      link.last = { code: down.code, why: down.why };
      // Several requests may find out at once: that is one failure.
      if (!isAwake(link)) return;
      const rest = Math.min(REST_MS_FIRST * 2 ** link.failures, REST_MS_MAX);
      Object.assign(link, { failures: link.failures + 1, restsUntil: clock.now() + rest });
    };
    const next = async (): Promise<Found | undefined> => {
      for (let link = waiting.shift(); link !== undefined; link = waiting.shift()) {
        const isAlone = chain.length === 1;
        const isTrial = link.failures > 0 && !isAlone;
        const patience = isAlone ? {} : { patienceMs: isTrial ? 0 : PATIENCE_MS };
        const cause = link.isOwn ? undefined : reasonsFor(downs).at(-1)?.code;
        const tried = await attempt(link, arrival, { ...patience, cause, isTrial });
        if (tried.kind === "up") return { link, settled: tried.settled };
        fell(link, tried);
      }
      const [first] = chain;
      const mayWait = first !== undefined && chain.length > 1 && downs.get(first)?.isWaitable === true;
      if (isLast || !mayWait || first === undefined) return undefined;
      isLast = true;
      const tried = await attempt(first, arrival, { cause: undefined, isTrial: false });
      if (tried.kind === "up") return { link: first, settled: tried.settled };
      downs.set(first, tried);
      return undefined;
    };
    return { downs, fell, next };
  };

  const news = (link: Link, downs: ReadonlyMap<Link, Down>): Passage[] => {
    if (link === shown) return [];
    const [, down] = [...downs].find(([{ isOwn }]) => isOwn) ?? [...downs][0] ?? [];
    const before = shown?.name ?? own;
    shown = link;
    const text = link.isOwn
      ? `${link.name} answers again`
      : `${before} does not answer${down === undefined ? "" : ` (${down.why})`}: ${link.name} answers now`;
    return [toNews(text)];
  };

  async function* flow(first: Found, walk: Walk): AsyncGenerator<Passage> {
    let found: { readonly link: Link; readonly settled: Settled } = {
      ...first,
      settled: first.settled as Settled,
    };
    const mentioned = new Set<string>();
    for (let isFirst = true; ; isFirst = false) {
      const { link, settled } = found;
      for (const [{ name, isOwn }, other] of walk.downs) {
        if (isOwn || mentioned.has(name)) continue;
        mentioned.add(name);
        const waits = link.isOwn && walk.downs.has(link) ? `: waiting for ${link.name}` : "";
        yield toNews(`${name} does not answer either (${other.why})${waits}`);
      }
      let isHeard = false;
      let isShown = false;
      let down: Down | undefined;
      try {
        for await (const passage of settled.passages) {
          const failed = isShown ? undefined : passage.events.find(isDownEvent);
          const told = adapt(passage, { ...found, isFirst, by: answeredBy(found, reasonsFor(walk.downs)) });
          if (failed !== undefined) {
            down = { ...downOf(failed, settled.endpoint), end: { passage: told } };
            break;
          }
          if (!isHeard && passage.events.length > 0) yield* news(link, walk.downs);
          isHeard ||= passage.events.length > 0;
          isShown ||= passage.events.some(isWord);
          if (isShown) Object.assign(link, { failures: 0, restsUntil: 0 });
          yield told;
        }
      } catch (error) {
        if (isShown || !isDown(error) || settled.signal.aborted) throw error;
        down = toDown(error, settled.endpoint);
      }
      if (down === undefined) return;
      walk.fell(link, down);
      const other = settled.signal.aborted ? undefined : await walk.next();
      if (other === undefined || "kind" in other.settled) {
        yield failedPassage(down);
        return;
      }
      if (other.settled.upstream.kind === "error") {
        // Such as a prompt that the other window has no room for: whoever asks can make it.
        yield errorPassage(other.settled);
        return;
      }
      found = { link: other.link, settled: other.settled };
    }
  }

  return {
    async pass(arrival) {
      const walk = open(arrival);
      const found = await walk.next();
      if (found === undefined) {
        const [[, first] = [], ...others] = [...walk.downs].toSorted(
          ([a], [b]) => chain.indexOf(a) - chain.indexOf(b),
        );
        if (first === undefined) throw new TypeError("nobody was asked");
        return handOn(
          first,
          others.map(([{ name }, down]) => [name, down]),
        );
      }
      const { settled } = found;
      if ("kind" in settled || settled.upstream.kind === "error") return settled;
      return { ...settled, passages: flow(found, walk) };
    },
  };
}

interface Way {
  readonly patienceMs?: number;
  /** Of the failure that led here. */
  readonly cause: string | undefined;
  /** It was down a while ago: asked once, without patience. */
  readonly isTrial: boolean;
}

interface Found {
  readonly link: Link;
  readonly settled: Settled | Refused;
}

interface Walk {
  readonly downs: ReadonlyMap<Link, Down>;
  fell(link: Link, down: Down): void;
  /** The next link that answers; undefined when there is none. */
  next(): Promise<Found | undefined>;
}

/** Opening an endpoint goes on for whoever else asks for it. @throws the signal's reason */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function once(asked: Arrival, link: Link): Promise<Tried> {
  let settled: Settled | Refused;
  try {
    settled = await pass(asked);
  } catch (error) {
    if (asked.signal.aborted || !isDown(error)) throw error;
    return { kind: "down", ...toDown(error, asked.endpoint) };
  }
  if ("kind" in settled) {
    // What the session's own model may not see is refused, and not shown to another one behind a person's back.
    if (link.isOwn) return { kind: "up", settled };
    const { why, source, next } = settled.decision;
    const error = new CloisterError(why, { code: "refused", rule: source.rule, next });
    return { kind: "down", ...toDown(error, asked.endpoint) };
  }
  const { upstream } = settled;
  if (upstream.kind !== "error") return { kind: "up", settled };
  const isBusy = busy.has(upstream.status);
  // Room can be made in the conversation; and what is wrong with a request is wrong everywhere.
  const { cause } = upstreamError(upstream);
  if (!isBusy && (link.isOwn || cause === "context-overflow")) return { kind: "up", settled };
  const why = withoutAddress(upstream.message, asked.endpoint);
  return {
    ...{ kind: "down", why: short(why), code: `upstream-${upstream.status}`, end: { settled } },
    isWaitable: false,
    ...(isBusy ? { retryMs: (upstream.retryAfterSeconds ?? 0) * 1000 } : {}),
  };
}

function toNews(text: string): Passage {
  return { events: [], raw: Buffer.from(`${NEWS_COMMENT}${text.replaceAll(/\s+/g, " ")}\n\n`) };
}

const WORDS = new Set<TurnEvent["kind"]>(["text", "reasoning", "call", "refused", "end"]);

function isWord({ kind }: TurnEvent): boolean {
  return WORDS.has(kind);
}

interface Current {
  readonly settled: Settled;
  /** The door knows this one's protocol and address; it passes on no bytes of another's. */
  readonly isFirst: boolean;
  readonly by: AnsweredBy | undefined;
}

function adapt(passage: Passage, { settled, isFirst, by }: Current): Passage {
  const isPlain = by === undefined && isFirst;
  if (isPlain || passage.events.length === 0) return passage;
  const events = passage.events.map((event): TurnEvent => {
    if (event.kind === "failed") return hideAddress(event, settled.endpoint);
    if (event.kind !== "end" || by === undefined) return event;
    const { recovered = [], refused = [], retries = 0, ...more } = event.extension ?? {};
    return { ...event, extension: { recovered, refused, retries, ...more, answeredBy: by } };
  });
  return { events, raw: isFirst ? passage.raw : undefined };
}

/** For whoever counts its tokens and what they cost; undefined for the session's own model. */
function answeredBy(
  { link, settled }: { readonly link: Link; readonly settled: Settled },
  reasons: readonly Reason[],
): AnsweredBy | undefined {
  if (link.isOwn) return undefined;
  const { contextTokens } = settled.route;
  const why = reasons.map((reason) => reason.why).join("; ");
  return { name: link.name, why, ...(contextTokens === undefined ? {} : { contextTokens }) };
}
