/**
 * Pages for the agent, which has no network. Each request is judged, recorded and then sent, hop by hop: the same
 * rules, the same look-up and the same record as for the connections of commands. What comes back is a stranger's word.
 */
import type { Dial, Secure } from "@cloister/backend";
import { CloisterError, isRecord, type JsonObject } from "@cloister/base";
import { createAdmissions, type Admission } from "../egress/admissions.ts";
import { openAttempt, type EgressWorld } from "../egress/attempt.ts";
import { egressLimitsDefault } from "../egress/limits.ts";
import { parseEgressRules } from "../egress/rules.ts";
import { isEndorsed } from "../calls/command-gate.ts";
import { subjectsOf } from "../calls/subjects.ts";
import { distrust } from "../labelling/distrust.ts";
import type { AirlockSession } from "../session.ts";
import { checkAddress, type PageAddress } from "./address.ts";
import { exchange, pageBytesMax, slow, type Answered } from "./exchange.ts";
import { refuse, type WebRefusal } from "./refusal.ts";

export interface WebOptions {
  readonly session: AirlockSession;
  /** See `parseEgressRules`; empty: every request is refused, and told what a person can do. */
  readonly allow: readonly string[];
  readonly dial: Dial;
  readonly secure: Secure;
  /** Of one page, with its redirects. Default 30 s. */
  readonly timeoutMs?: number;
}

export interface WebPage {
  readonly kind: "page";
  /** Where it was found, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly mediaType: string;
  readonly charset?: string;
  readonly body: Buffer;
}

export interface Web {
  /**
   * The page at an address, exactly as a call named it. Rejects with what the ledger throws: what cannot be recorded is
   * not sent.
   */
  get(address: string, signal: AbortSignal): Promise<WebPage | WebRefusal>;
  /** Ends what is open, and resolves when that is written down. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const REDIRECTS_MAX = 5;
const AT_ONCE_MAX = 4;
const PAGES_MAX = 500;

/** @throws CloisterError `bad-allow-entry` */
export function openWeb(options: WebOptions): Web {
  const { session } = options;
  const closing = new AbortController();
  const limits = {
    ...egressLimitsDefault,
    connectionsMax: 2 * AT_ONCE_MAX,
    attemptsMax: PAGES_MAX * (REDIRECTS_MAX + 1),
    commandBytesUpMax: 100_000,
    commandBytesDownMax: 2 * pageBytesMax,
  };
  const world: EgressWorld = {
    session,
    dial: options.dial,
    rules: parseEgressRules(options.allow),
    limits,
    admissions: createAdmissions(limits),
    counts: { open: 0, attempts: 0 },
    stops: new Set(),
    settling: new Set(),
    closing: closing.signal,
  };
  let running = 0;
  let asked = 0;

  const fetchOne = async (address: string, signal: AbortSignal): Promise<WebPage | WebRefusal> => {
    const denied = checkCall(session, address);
    const first = denied ?? checkAddress(address, session.seals);
    const call = await recordCall(session, address, first.kind === "refused" ? first.rule : undefined);
    if (first.kind === "refused") return first;
    if (world.rules.length === 0) return noHosts(first);
    const started = session.clock.now();
    const pass = world.admissions.admit(call);
    const admission = world.admissions.find(pass.user, pass.password);
    const timed = AbortSignal.any([
      signal,
      closing.signal,
      AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    ]);
    const answer =
      admission === undefined ? slow() : await follow(first, { ...options, world, admission }, timed);
    pass.end();
    if (answer.kind === "page") distrust(session, call);
    session.ledger
      .append({
        type: "web.result",
        fields: {
          session: session.id,
          call,
          ...(answer.kind === "page"
            ? { status: answer.status, type: answer.mediaType, bytes: answer.body.length }
            : { rule: answer.rule }),
          ms: session.clock.now() - started,
        },
      })
      .catch(session.onTrouble);
    return answer;
  };

  return {
    async get(address, signal) {
      asked += 1;
      if (asked > PAGES_MAX || running >= AT_ONCE_MAX) {
        const why =
          asked > PAGES_MAX ? `${PAGES_MAX} pages were asked for` : `${AT_ONCE_MAX} pages are on their way`;
        return refuse("web-budget", {
          why: `${why}, and no more are fetched`,
          next: "go on with what is there",
        });
      }
      running += 1;
      try {
        return await fetchOne(address, signal);
      } finally {
        running -= 1;
      }
    },
    async close() {
      closing.abort();
      for (const stop of world.stops) stop();
      await Promise.all(world.settling);
    },
  };
}

/** The call was judged when the model made it; an agent that was taken over asks here without one. */
function checkCall(session: AirlockSession, address: string): WebRefusal | undefined {
  for (const subject of subjectsOf({ kind: "other", tool: "WebFetch", text: address }, session)) {
    const { verdict, source } = subject.decision;
    if (verdict === "allow" || (verdict === "ask" && isEndorsed(subject, session))) continue;
    return refuse(source.rule, {
      why: `this page may not be fetched (policy ${session.policy.name})`,
      next: "if it is meant, a person can allow it for a run: --allow 'WebFetch(domain:HOST)'",
    });
  }
  return undefined;
}

/** An address may itself carry something out, and an entry is public: it is kept like a command's text. */
async function recordCall(
  session: AirlockSession,
  address: string,
  rule: string | undefined,
): Promise<number> {
  const text = session.seals.seal(address).text;
  const receipt = await session.ledger.append({
    type: "web.fetch",
    fields: { session: session.id, ...(rule === undefined ? {} : { refused: rule }) },
    attachments: [{ type: "web.address", data: Buffer.from(text), open: {}, hidden: {} }],
  });
  return receipt.index;
}

interface Hop extends WebOptions {
  readonly world: EgressWorld;
  readonly admission: Admission;
}

async function follow(first: PageAddress, hop: Hop, signal: AbortSignal): Promise<WebPage | WebRefusal> {
  let address = first;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const answer = await ask(address, hop, signal);
    if (answer.kind === "refused") return answer;
    if (answer.location === undefined || !isRedirect(answer)) return toPage(address, answer);
    const next = checkAddress(answer.location, hop.session.seals, address);
    if (next.kind === "refused") return next;
    // A redirect is nobody's call: no person was asked about it, and a rule that denies it still counts.
    const denied = checkRedirect(hop.session, next);
    if (denied !== undefined) return denied;
    address = next;
  }
  return refuse("web-redirects", {
    why: `the page redirects more than ${REDIRECTS_MAX} times`,
    next: "ask for the address that it ends at",
  });
}

function isRedirect({ status }: Answered): boolean {
  return status >= 300 && status < 400;
}

function checkRedirect(session: AirlockSession, { url }: PageAddress): WebRefusal | undefined {
  const denied = subjectsOf({ kind: "other", tool: "WebFetch", text: url.href }, session).find(
    ({ decision }) => decision.verdict === "deny",
  );
  return denied === undefined
    ? undefined
    : refuse(denied.decision.source.rule, {
        why: `the page redirects to ${url.host}, which may not be fetched from`,
        next: "go on without it",
      });
}

async function ask(
  address: PageAddress,
  { world, admission, secure }: Hop,
  signal: AbortSignal,
): Promise<Answered | WebRefusal> {
  const { target } = address;
  const egress = await openAttempt(world, { target, way: "fetch", admission });
  if (egress.kind === "refused") {
    const next = egress.rule === "egress-not-listed" ? nextForHost(address) : egress.next;
    return refuse(egress.rule, { why: egress.why, next });
  }
  if (!address.isSecure) return await exchange(address, { egress, socket: egress.socket }, signal);
  const secured = await secure(egress.socket, target.host, signal);
  if (secured.kind === "secured") return await exchange(address, { egress, socket: secured.socket }, signal);
  egress.end("broken");
  if (signal.aborted) return slow();
  return refuse("web-tls", {
    why: `${target.host} offers no TLS connection that can be trusted (${secured.code})`,
    next: ("next" in secured ? secured.next : undefined) ?? "check the address, or go on without it",
  });
}

function toPage({ url }: PageAddress, { status, mediaType, charset, body }: Answered): WebPage {
  return {
    kind: "page",
    url: url.href,
    status,
    mediaType,
    ...(charset === undefined ? {} : { charset }),
    body,
  };
}

function noHosts(address: PageAddress): WebRefusal {
  return refuse("egress-not-listed", {
    why: "no host may be reached from this session",
    next: nextForHost(address),
  });
}

function nextForHost({ url, target }: PageAddress): string {
  const entry = url.port === "" ? target.host : `${target.host}:${target.port}`;
  return `only the user can allow it: --allow-host ${entry} for a run, or "cell": {"allow": ["${entry}"]} in ~/.cloister/settings.json`;
}

/** What the agent sends. @throws CloisterError `bad-request` */
export function parseWebRequest(value: unknown): string {
  const url = isRecord(value) ? value["url"] : undefined;
  if (typeof url === "string" && url.length <= ADDRESS_CHARS_MAX) return url;
  throw new CloisterError("not a request for a page: give its url", { code: "bad-request" });
}

const ADDRESS_CHARS_MAX = 8000;

/** As it goes back over the socket. */
export function formatWebAnswer(answer: WebPage | WebRefusal): JsonObject {
  if (answer.kind === "refused") return { ...answer };
  const { body, ...page } = answer;
  return { ...page, body: body.toString("base64") };
}
