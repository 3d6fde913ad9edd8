/** Where a request goes: to the endpoint that was asked for, to another that may see it, or nowhere. */
import { createConversation } from "./conversation.ts";
import { recordDecision } from "./record-decision.ts";
import type { Destination } from "./destination.ts";
import type { AirlockSession } from "./session.ts";
import type { Decided, Refused, Rerouted } from "./stages/decide.ts";
import type { Arrival } from "./stages/identify.ts";

const DETOURS_MAX = 1000;

/**
 * Judges a request, and where it may not go as asked but may go elsewhere, judges it once more as made for there. What
 * had to go elsewhere once goes there from then on: part of a conversation is never left behind at the other place.
 */
export function findWay<A extends Arrival>(
  arrival: A,
  judge: (arrival: A) => Decided | Refused | Rerouted,
): Decided | Refused {
  const { alternatives = [], session } = arrival;
  const { detours } = session.standing;
  const key = JSON.stringify([arrival.endpoint.id, arrival.route.model]);
  const known = detours.get(key);
  const there = alternatives.find(({ endpoint }) => endpoint.id === known?.to);
  const first = judge(
    known === undefined || there === undefined ? arrival : along(arrival, { ...known, to: there }),
  );
  if (!isRerouted(first)) return first;

  const detour = { to: first.to.endpoint.id, source: first.source, why: first.why };
  if (detours.size < DETOURS_MAX) detours.set(key, detour);
  recordDecision(arrival, { kind: "reroute", source: first.source, to: first.to.endpoint.id });
  const second = judge({ ...along(arrival, first), alternatives: [] });
  if (isRerouted(second)) throw new TypeError("a request without alternatives was given another one");
  return second;
}

function isRerouted(judged: Decided | Refused | Rerouted): judged is Rerouted {
  return "kind" in judged && judged.kind === "rerouted";
}

interface Way {
  readonly to: Destination;
  readonly source: Rerouted["source"];
  readonly why: string;
}

function along<A extends Arrival>(arrival: A, { to, source, why }: Way): A {
  const { alternatives = [], session, endpoint } = arrival;
  return {
    ...arrival,
    endpoint: to.endpoint,
    route: to.route,
    session: at(session, to),
    alternatives: alternatives.filter((other) => other !== to),
    rerouted: { from: endpoint.id, source, why },
  };
}

/** What one endpoint was shown says nothing about another: each has a conversation of its own. */
function at(session: AirlockSession, { endpoint }: Destination): AirlockSession {
  const conversation = session.elsewhere.get(endpoint.id) ?? createConversation();
  session.elsewhere.set(endpoint.id, conversation);
  return { ...session, conversation };
}
