/** What it means that a model server is down, and how it is told. */
import { CloisterError, messageOf } from "@cloister/base";
import type { TurnEvent } from "@cloister/wire";
import { withoutAddress } from "./door.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Passage } from "./passage.ts";
import type { Settled } from "./stages/settle.ts";

/** Why a server did not answer: to be told, and to be handed on where nobody else does. */
export interface Down {
  readonly why: string;
  readonly code: string;
  readonly end: { readonly settled: Settled } | { readonly error: unknown } | { readonly passage: Passage };
  /** It may be there in a while. */
  readonly isWaitable: boolean;
  /** It is there, and too busy: when it may be asked again, as it says itself. */
  readonly retryMs?: number;
}

/** Nothing of an answer came, and another server may well give one. */
const downCodes: ReadonlySet<string> = new Set([
  ...["endpoint-unreachable", "endpoint-loading", "endpoint-untrusted", "client-certificate-refused"],
  ...["proxy-unreachable", "proxy-refused", "upstream-broken"],
]);
const waitableCodes: ReadonlySet<string> = new Set(["endpoint-unreachable", "endpoint-loading"]);

export function isDown(error: unknown): error is CloisterError {
  return error instanceof CloisterError && downCodes.has(error.code);
}

export function toDown(error: unknown, endpoint: Endpoint | undefined): Down {
  const code = error instanceof CloisterError ? error.code : "internal";
  const message = messageOf(error);
  const why = endpoint === undefined ? message : withoutAddress(message, endpoint);
  return { why: short(why), code, end: { error }, isWaitable: waitableCodes.has(code) };
}

/** It may well answer in a moment. */
export const busy: ReadonlySet<number> = new Set([429, 502, 503, 504, 529]);

type Failed = Extract<TurnEvent, { kind: "failed" }>;

export function isDownEvent(event: TurnEvent): event is Failed {
  if (event.kind !== "failed") return false;
  if (event.status !== undefined) return busy.has(event.status);
  return event.code === "overloaded" || downCodes.has(event.code);
}

export function downOf({ code, message }: Failed, endpoint: Endpoint): Omit<Down, "end"> {
  return { why: short(withoutAddress(message, endpoint)), code, isWaitable: waitableCodes.has(code) };
}

export function failedPassage({ end, why, code }: Down): Passage {
  if ("passage" in end) return end.passage;
  const named = "error" in end && end.error instanceof CloisterError ? end.error.code : code;
  return { events: [{ kind: "failed", code: named, message: why }], raw: undefined };
}

export function errorPassage({ upstream, endpoint }: Settled): Passage {
  const { status = 0, message = "" } = upstream.kind === "error" ? upstream : {};
  const told = withoutAddress(message, endpoint);
  return { events: [{ kind: "failed", code: `upstream-${status}`, message: told, status }], raw: undefined };
}

const WHY_CHARS_MAX = 200;

export function short(text: string): string {
  return text.length <= WHY_CHARS_MAX ? text : `${text.slice(0, WHY_CHARS_MAX)}…`;
}

/** Nobody answers: the first one's failure is what is told, with a word on the others. @throws it, unless it is an answer */
export function handOn(first: Down, others: readonly (readonly [name: string, down: Down])[]): Settled {
  const rest = others.map(([name, { why }]) => `; ${name}: ${why}`).join("");
  const { end } = first;
  if ("settled" in end && end.settled.upstream.kind === "error") {
    const { upstream } = end.settled;
    return { ...end.settled, upstream: { ...upstream, message: `${upstream.message}${rest}` } };
  }
  const cause = "error" in end ? end.error : undefined;
  const { code, message, next, rule } =
    cause instanceof CloisterError ? cause : new CloisterError(first.why, { code: first.code });
  throw new CloisterError(`${message}${rest}`, {
    ...{ code, cause },
    ...(next === undefined ? {} : { next }),
    ...(rule === undefined ? {} : { rule }),
  });
}
