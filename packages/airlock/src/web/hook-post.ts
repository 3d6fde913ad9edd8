/**
 * Hooks that are an address: what they are told leaves as a page's request does, judged, sealed, recorded and then sent.
 * The address is the keeper's, from settings; an agent only says which hook is due, and what happened.
 */
import type { Dial, Secure } from "@cloister/backend";
import { isCleared, rateEndpoint } from "@cloister/policy";
import { createAdmissions } from "../egress/admissions.ts";
import { openAttempt, type EgressWorld } from "../egress/attempt.ts";
import { egressLimitsDefault } from "../egress/limits.ts";
import { parseEgressRules, type EgressRule } from "../egress/rules.ts";
import { formatTarget, type Target } from "../egress/target.ts";
import { classificationOfEvent } from "../labelling/told.ts";
import type { AirlockSession } from "../session.ts";
import { sealLeaves } from "../stages/seal.ts";
import { parseAddress } from "./address.ts";
import { exchange } from "./exchange.ts";

export interface HookPostOptions {
  readonly session: AirlockSession;
  /** See `parseEgressRules`: the hosts that this session may reach at all. */
  readonly allow: readonly string[];
  readonly dial: Dial;
  readonly secure: Secure;
}

export interface HookAddress {
  /** For the record. */
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** It stands in the person's own settings, or the organisation's: it may name this machine. */
  readonly isOwn: boolean;
}

export type HookAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly body: string }
  /** For the person. */
  | { readonly kind: "failed"; readonly why: string };

/** Sends one line of JSON. Redirects are not followed. Rejects with what the ledger throws. */
export type HookPost = (address: HookAddress, json: string, signal: AbortSignal) => Promise<HookAnswer>;

/** Of a server that the policy does not name: the label that a hook's server may be told, as one of MCP. */
const CLEARANCE = "internal";
const AT_ONCE_MAX = 8;
const POSTS_MAX = 5000;
const SENT_BYTES_MAX = 2_000_000;
const ANSWER_BYTES_MAX = 1_000_000;

/** @throws CloisterError `bad-allow-entry` */
export function createHookPost({ session, allow, dial, secure }: HookPostOptions): HookPost {
  const limits = {
    ...egressLimitsDefault,
    connectionsMax: AT_ONCE_MAX,
    attemptsMax: POSTS_MAX,
    commandBytesUpMax: SENT_BYTES_MAX,
    commandBytesDownMax: ANSWER_BYTES_MAX,
  };
  const rules = parseEgressRules(allow);
  const world: Omit<EgressWorld, "rules"> = {
    ...{ session, dial, limits },
    admissions: createAdmissions(limits),
    counts: { open: 0, attempts: 0 },
    stops: new Set(),
    settling: new Set(),
    closing: new AbortController().signal,
  };

  return async ({ name, url, headers, isOwn }, json, signal) => {
    const address = parseAddress(url, undefined);
    if (address === undefined) return failed("its address cannot be compared with a rule");
    const { target, isSecure } = address;
    const why = whyNotTold(session, target, json);
    if (why !== undefined) return failed(why);
    const body = Buffer.from(sealLeaves(json, session.seals));
    if (body.length > SENT_BYTES_MAX) return failed(`it would be told more than ${SENT_BYTES_MAX} bytes`);
    const { index } = await session.ledger.append({
      type: "hook.post",
      fields: { session: session.id, name },
      attachments: [{ type: "hook.post", data: body, open: { bytes: body.length }, hidden: {} }],
    });
    const own: EgressRule[] =
      isOwn && isLoopback(target.host) ? parseEgressRules([formatTarget(target)]) : [];
    const pass = world.admissions.admit(index);
    const admission = world.admissions.find(pass.user, pass.password);
    try {
      if (admission === undefined) return failed("too many hooks are under way");
      const egress = await openAttempt(
        { ...world, rules: [...own, ...rules] },
        { target, way: "hook", admission },
      );
      if (egress.kind === "refused") return failed(`${egress.why}; ${egress.next}`);
      const secured = isSecure ? await secure(egress.socket, target.host, signal) : undefined;
      if (secured !== undefined && secured.kind !== "secured") {
        egress.end("broken");
        return failed(`${target.host} offers no TLS connection that can be trusted (${secured.code})`);
      }
      const socket = secured?.socket ?? egress.socket;
      const answer = await exchange(address, { egress, socket, post: { headers, body } }, signal);
      return answer.kind === "refused"
        ? failed(answer.why)
        : { kind: "answered", status: answer.status, body: answer.body.toString("utf8") };
    } finally {
      pass.end();
    }
  };
}

/** A server that hears of calls is to a session what a model server is: nothing above its clearance is told to it. */
function whyNotTold(session: AirlockSession, target: Target, json: string): string | undefined {
  const { policy } = session;
  const { clearance } = rateEndpoint(policy, {
    id: target.host,
    address: formatTarget(target),
    isLoopback: isLoopback(target.host),
    clearance: { label: CLEARANCE, compartments: [] },
  });
  if (clearance === undefined) return `the policy ${policy.name} does not name ${target.host}`;
  if (isCleared(classificationOfEvent(session, json), clearance)) return undefined;
  return `this session holds more than ${target.host} is cleared for (${clearance.label})`;
}

function failed(why: string): HookAnswer {
  return { kind: "failed", why };
}

/** Any name but this one (RFC 6761) may lead anywhere. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
