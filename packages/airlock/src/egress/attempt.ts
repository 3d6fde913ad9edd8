/**
 * One connection of a command to the world: judged, recorded, dialled, and its end recorded too. The entry stands
 * before the look-up of the name on purpose: a look-up is already a message to somebody.
 */
import type { Socket } from "node:net";
import type { Dial, DialOutcome } from "@cloister/backend";
import type { JsonObject } from "@cloister/base";
import type { AirlockSession } from "../session.ts";
import type { Admission, Admissions } from "./admissions.ts";
import type { EgressLimits } from "./limits.ts";
import type { EgressRefusal } from "./refusal.ts";
import { decideEgress, type EgressDecision, type EgressRule } from "./rules.ts";
import { formatTarget, type Target } from "./target.ts";

export type EgressSession = Pick<AirlockSession, "id" | "ledger" | "clock" | "seals" | "onTrouble">;

/** What all connections of a session share. */
export interface EgressWorld {
  readonly session: EgressSession;
  readonly rules: readonly EgressRule[];
  readonly dial: Dial;
  readonly limits: EgressLimits;
  readonly admissions: Admissions;
  /** Open or being made. */
  readonly counts: { open: number; attempts: number };
  /** Of each connection that is open: ends it. */
  readonly stops: Set<() => void>;
  /** Ends of connections that are being written down. */
  readonly settling: Set<Promise<unknown>>;
  readonly closing: AbortSignal;
}

export type Way = "connect" | "http" | "socks5" | "forward" | "fetch" | "hook";

export interface OpenEgress {
  readonly kind: "open";
  readonly socket: Socket;
  readonly rule: EgressRule;
  readonly target: Target;
  readonly admission: Admission;
  /** Writes the end down; the second call does nothing. */
  end(outcome: EgressOutcome): void;
  /** Counts bytes; false when a budget is spent, and then the connection must end. */
  spend(direction: "up" | "down", bytes: number): boolean;
}

export type EgressOutcome =
  | "closed"
  | "broken"
  | "idle"
  | "budget"
  | "command-ended"
  | "not-tls"
  | "server-name-differs";

export async function openAttempt(
  world: EgressWorld,
  asked: { readonly target: Target; readonly way: Way; readonly admission: Admission },
): Promise<OpenEgress | EgressRefusal> {
  const { session, limits, counts } = world;
  const { target, admission } = asked;
  counts.attempts += 1;
  if (counts.attempts > limits.attemptsMax) return spent(`more than ${limits.attemptsMax} connections`);
  const { connectionsMax } = limits;
  if (counts.open >= connectionsMax) return spent(`more than ${connectionsMax} connections at once`);
  if (!world.admissions.spend(admission, "up", 0)) return spent("more bytes than are allowed");

  counts.open += 1;
  let isOpen = true;
  const release = (): void => {
    if (isOpen) counts.open -= 1;
    isOpen = false;
  };
  const started = session.clock.now();
  const decision = decideEgress(target, world.rules);
  let entry: number;
  try {
    entry = await record(world, { ...asked, decision });
  } catch (cause) {
    session.onTrouble(cause);
    release();
    return unrecorded;
  }
  if (decision.kind === "refuse") {
    release();
    return { ...decision, kind: "refused", status: 403 };
  }

  const moved = { up: 0, down: 0 };
  const settle = (fields: JsonObject): void => {
    if (!isOpen) return;
    release();
    const ms = session.clock.now() - started;
    const written = session.ledger
      .append({ type: "egress.end", fields: { session: session.id, egress: entry, ...fields, ...moved, ms } })
      .catch(session.onTrouble)
      .finally(() => world.settling.delete(written));
    world.settling.add(written);
  };
  const { rule } = decision;
  const signal = AbortSignal.any([world.closing, admission.ended]);
  const dialled = await world.dial({ ...target, reach: rule.reach }, signal);
  if (dialled.kind !== "connected") {
    settle({
      outcome: dialled.kind,
      ...("code" in dialled ? { code: dialled.code } : { range: dialled.range }),
    });
    return notConnected(target, dialled);
  }
  const { socket, address } = dialled;
  const end = (outcome: EgressOutcome): void => {
    world.stops.delete(stop);
    settle({ outcome, address });
  };
  const stop = (): void => {
    end("closed");
    socket.destroy();
  };
  world.stops.add(stop);
  if (signal.aborted) {
    socket.destroy();
    end("command-ended");
    return spent("the command has ended");
  }
  return {
    ...{ kind: "open", socket, rule, target, admission, end },
    spend(direction, bytes) {
      moved[direction] += bytes;
      return world.admissions.spend(admission, direction, bytes);
    },
  };
}

/** The name asked for may itself carry something out, and an entry is public: it is kept like a command's text. */
async function record(
  { session }: EgressWorld,
  asked: { target: Target; way: Way; admission: Admission; decision: EgressDecision },
): Promise<number> {
  const { target, way, admission, decision } = asked;
  const rule = decision.kind === "allow" ? decision.rule.text : decision.rule;
  const text = session.seals.seal(formatTarget(target)).text;
  const receipt = await session.ledger.append({
    type: "egress",
    fields: {
      session: session.id,
      call: admission.call ?? null,
      way,
      port: target.port,
      decision: { kind: decision.kind, rule },
    },
    attachments: [{ type: "egress.target", data: Buffer.from(text), open: {}, hidden: {} }],
  });
  return receipt.index;
}

const unrecorded: EgressRefusal = {
  kind: "refused",
  status: 503,
  rule: "record-before-dispatch",
  why: "the ledger could not be written, and what the ledger does not hold is not sent",
  next: "free disk space or mend the ledger's directory, then run the command again",
};

function spent(what: string): EgressRefusal {
  return {
    kind: "refused",
    status: 429,
    rule: "egress-budget",
    why: `the commands of this session asked for ${what}`,
    next: "look at what the command does; a new session begins with a new budget",
  };
}

function notConnected(target: Target, outcome: Exclude<DialOutcome, { kind: "connected" }>): EgressRefusal {
  const shown = formatTarget(target);
  if (outcome.kind === "forbidden") {
    return {
      kind: "refused",
      status: 403,
      rule: "egress-address",
      why: `${target.host} leads to ${outcome.address}, which is not an address of the internet (${outcome.range})`,
      next: `where that is meant, a person can allow local:${shown}`,
    };
  }
  const what = outcome.kind === "unresolved" ? "its name is not known" : "it does not answer";
  return {
    kind: "refused",
    status: 502,
    rule: "egress-reached",
    why: `${shown} cannot be reached: ${what} (${outcome.code})`,
    next: "check the name, the port and this machine's own connection",
  };
}
