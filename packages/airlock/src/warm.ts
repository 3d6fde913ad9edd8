/**
 * The fixed beginning of our agent's requests, shown to a server before anybody has asked for anything, so that its
 * cache holds it by then. Recorded like any request; a failure is on record and nowhere else.
 */
import type { ServerKind } from "@cloister/backend";
import type { Json, JsonObject } from "@cloister/base";
import { admit } from "./airlock.ts";
import type { Route } from "./route.ts";
import type { Endpoint } from "./endpoint.ts";
import { beside, type AirlockSession } from "./session.ts";
import { dispatch, type Dispatched } from "./stages/dispatch.ts";
import { settleAttempt, settleFailure } from "./stages/settle.ts";

export interface WarmUp {
  /** The real request is here. The server is left alone at once; without effect when the warm-up is over. */
  cancel(): void;
  /** Never rejects. */
  readonly ended: Promise<"warmed" | "refused" | "cancelled" | "failed">;
}

/** Servers that keep the prefix, and are the user's own: elsewhere it would cost money and help nobody. */
const keepPrefix: ReadonlySet<ServerKind> = new Set(["llama.cpp", "vllm", "sglang", "ollama", "lmstudio"]);

export function warmsByDefault({ server = "unknown", operator }: Endpoint): boolean {
  return operator === "this machine" && keepPrefix.has(server);
}

/**
 * `prefix` is what every request of the session begins with, in Chat: `messages` with the system prompt, and `tools`.
 * The conversation's bytes are untouched by it.
 */
export function warmUp(
  at: { readonly session: AirlockSession; readonly endpoint: Endpoint; readonly route: Route },
  prefix: JsonObject,
): WarmUp {
  const cancelled = new AbortController();
  const { messages } = prefix;
  const known: readonly Json[] = Array.isArray(messages) ? (messages as readonly Json[]) : [];
  // Most templates want a user's message; what stands before it is the same bytes as later.
  const items = [...known, { role: "user", content: "." }];
  const request = { ...prefix, model: at.route.model, max_tokens: 1, stream: false, messages: items };
  const arrival = {
    ...at,
    session: beside(at.session),
    body: Buffer.from(JSON.stringify(request)),
    signal: cancelled.signal,
    notes: { purpose: "warm-up" },
  };
  return { cancel: () => cancelled.abort(), ended: run(arrival) };
}

async function run(arrival: Parameters<typeof admit>[0]): Promise<Awaited<WarmUp["ended"]>> {
  const { signal } = arrival;
  try {
    const recorded = await admit(arrival);
    if ("kind" in recorded) return "refused";
    if (signal.aborted) {
      settleFailure(recorded, signal.reason);
      return "cancelled";
    }
    let dispatched: Dispatched;
    try {
      dispatched = await dispatch(recorded);
    } catch (error) {
      settleFailure(recorded, error);
      return signal.aborted ? "cancelled" : "failed";
    }
    const { upstream } = dispatched;
    if (upstream.kind === "answer") for await (const frame of upstream.frames) void frame;
    settleAttempt(dispatched, {});
    if (upstream.kind === "answer" && dispatched.observed.ended) return "warmed";
    return signal.aborted ? "cancelled" : "failed";
  } catch (error) {
    // Nobody waits for it; the one who keeps the session hears of it.
    arrival.session.onTrouble(error);
    return "failed";
  }
}
