/**
 * POST /v1/messages/count_tokens. The server that has the model counts best, but counting shows it the prompt, so that
 * is labelled, decided and recorded like any request. Where it cannot or may not be asked, or is slow, we estimate.
 */
import { isLoopback, type Answer } from "@cloister/backend";
import { CloisterError, isRecord, parseJson, type JsonObject } from "@cloister/base";
import { admit } from "./airlock.ts";
import { recordContact } from "./contact.ts";
import type { Endpoint } from "./endpoint.ts";
import { beside } from "./session.ts";
import { startObservation, collect, type Observation } from "./stages/dispatch.ts";
import type { Arrival } from "./stages/identify.ts";
import type { Recorded } from "./stages/record.ts";
import { settleAttempt } from "./stages/settle.ts";

export interface ServerCounter {
  /** Undefined: the server has no way to count, may not see the prompt, or did not answer in time. Never throws. */
  count(arrival: Arrival): Promise<number | undefined>;
  /** Whether the server would be asked at all. */
  asks(endpoint: Endpoint): boolean;
}

/** A server on this machine has the clients' 100 ms, less our own part; to any other the way alone may take longer. */
const LOCAL_MS_MAX = 80;
const REMOTE_MS_MAX = 500;
/** After a failure the way is not tried again for so long: each try shows the prompt, and costs its time. */
const REST_MS = 60_000;
const ENDPOINTS_MAX = 1000;

/** `waitMsMax`: of waiting for a server's count, record included; unless told otherwise 80 ms here, 500 elsewhere. */
export function createServerCounter(waitMsMax?: number): ServerCounter {
  /** Until when an endpoint is not asked, and for prompts of which size. */
  const resting = new Map<string, { readonly until: number; readonly bytesMin: number }>();

  return {
    asks: (endpoint) => wayOf(endpoint) !== undefined,
    async count(arrival) {
      const { endpoint, session, body } = arrival;
      const way = wayOf(endpoint);
      const rest = resting.get(endpoint.id);
      const now = session.clock.now();
      if (way === undefined) return undefined;
      if (rest !== undefined && now < rest.until && body.length >= rest.bytesMin) return undefined;
      const deadline = new AbortController();
      const done = new AbortController();
      const waitMs = waitMsMax ?? (isLoopback(new URL(endpoint.url)) ? LOCAL_MS_MAX : REMOTE_MS_MAX);
      session.clock.sleep(waitMs, done.signal).then(
        () => deadline.abort(new CloisterError("counting took too long", { code: "cancelled" })),
        () => undefined, // the count came first, and ended the waiting
      );
      const signal = AbortSignal.any([arrival.signal, deadline.signal]);
      const counting = countBy(way, { ...arrival, signal });
      const outcome = await Promise.race([counting, aborted(signal)]);
      done.abort();
      if (typeof outcome === "number") return outcome;
      if (arrival.signal.aborted || outcome === "refused") return undefined;
      // A slow server may be quick with less; one that failed would fail with less too.
      const bytesMin = deadline.signal.aborted ? body.length : 0;
      if (resting.size < ENDPOINTS_MAX) resting.set(endpoint.id, { until: now + REST_MS, bytesMin });
      return undefined;
    },
  };
}

function aborted(signal: AbortSignal): Promise<"failed"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("failed");
    signal.addEventListener("abort", () => resolve("failed"), { once: true });
  });
}

/** Sends the recorded request, and gives the count. */
type Way = (recorded: Recorded, observed: Observation) => Promise<number | undefined>;

/**
 * What each server has: the Messages API its own route; llama.cpp one that takes a Chat request, and before that one
 * for the template and one for the text; vLLM and SGLang one that takes the messages.
 */
function wayOf({ protocol, server }: Endpoint): Way | undefined {
  if (protocol.name === "messages") return (...given) => post("/messages/count_tokens", "api", given);
  if (protocol.name !== "chat") return undefined;
  if (server === "llama.cpp") return countAtLlamaCpp;
  if (server === "vllm" || server === "sglang") return (...given) => post("/tokenize", "root", given);
  return undefined;
}

async function countBy(way: Way, arrival: Arrival): Promise<number | "refused" | "failed"> {
  let recorded: Recorded | undefined;
  const observed = startObservation();
  try {
    const session = beside(arrival.session);
    const admitted = await admit({ ...arrival, session, notes: { ...arrival.notes, purpose: "count" } });
    if ("kind" in admitted) return "refused";
    recorded = admitted;
    const tokens = await way(recorded, observed);
    observed.ended = tokens !== undefined;
    observed.failed = tokens === undefined;
    return tokens ?? "failed";
  } catch {
    // Nobody there, too slow, not JSON: whatever it is, an estimate answers, and the result on record says it failed.
    observed.failed = true;
    return "failed";
  } finally {
    if (recorded !== undefined) {
      const upstream = { kind: "answer" as const, frames: noFrames };
      settleAttempt({ ...recorded, upstream, observed }, {});
    }
  }
}

const noFrames: AsyncIterable<never> = {
  async *[Symbol.asyncIterator]() {
    // a count has no frames
  },
};

async function countAtLlamaCpp(recorded: Recorded, observed: Observation): Promise<number | undefined> {
  const counted = await post("/chat/completions/input_tokens", "api", [recorded, observed]);
  if (counted !== undefined || observed.status !== 404) return counted;
  const { endpoint, session, signal } = recorded;
  const prompt = (await ask("/apply-template", "root", [recorded, observed]))?.["prompt"];
  if (typeof prompt !== "string") return undefined;
  // The prompt is what the server itself made of the recorded request.
  const body = Buffer.from(JSON.stringify({ content: prompt, add_special: true, parse_special: true }));
  const contact = { method: "POST", path: "/tokenize", url: endpoint.url, bytes: body.length } as const;
  await recordContact(session.ledger, contact);
  const answer = await endpoint.backend.send("/tokenize", [body], { signal, from: "root" });
  const tokens = (await readAnswer(answer, observed))?.["tokens"];
  return Array.isArray(tokens) ? tokens.length : undefined;
}

type Given = readonly [Recorded, Observation];

async function post(path: string, from: "api" | "root", given: Given): Promise<number | undefined> {
  const answer = await ask(path, from, given);
  const tokens = answer?.["input_tokens"] ?? answer?.["count"];
  return typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : undefined;
}

async function ask(
  path: string,
  from: "api" | "root",
  [{ endpoint, route, outgoing, signal }, observed]: Given,
): Promise<JsonObject | undefined> {
  const { headers } = route.upstream;
  return readAnswer(await endpoint.backend.send(path, outgoing, { signal, headers, from }), observed);
}

async function readAnswer(answer: Answer, observed: Observation): Promise<JsonObject | undefined> {
  observed.status = answer.status;
  const body = await collect(answer.body);
  observed.bytesIn += body.length;
  if (answer.status !== 200) return undefined;
  const value: unknown = parseJson(body.toString("utf8"), "the count");
  return isRecord(value) ? (value as JsonObject) : undefined;
}
