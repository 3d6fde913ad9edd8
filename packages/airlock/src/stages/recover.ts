/**
 * Mends tool calls for every client: what a model printed as text becomes a call, and what only looks like one becomes
 * an exact error to the model, asked again here. A client never sees a broken call.
 */
import { messageOf } from "@cloister/base";
import {
  aliasesOf,
  createRecovery,
  restoreNeutral,
  unaliasCall,
  type CloisterExtension,
  type CodeNotice,
  type Frame,
  type RefusedCall,
  type TurnEvent,
  type TurnRequest,
} from "@cloister/wire";
import { formatRule } from "./decide.ts";
import { isStatus, type Dispatched } from "./dispatch.ts";
import type { CallEvent, JudgeCalls, Refusal } from "./judge.ts";
import type { AgainItems, Passage } from "../passage.ts";
import { makerOf, type Maker } from "../thoughts.ts";

export interface Recovered extends Dispatched {
  readonly passages: AsyncIterable<Passage>;
  /** The attempt that is under way: the last one is settled with the answer. */
  readonly current: () => Dispatched;
}

/** Sends the same request once more with these items after it. @throws as `dispatch`; a refusal is a failed event. */
export type Again = (previous: Dispatched, items: AgainItems) => Promise<Dispatched>;

/** After unusable answers. */
const RETRIES_MAX = 2;
/** After broken ones of which the client has seen no word but thinking: there is nothing to take back. */
const REPEATS_MAX = 1;

type Thought = Extract<TurnEvent, { kind: "thought" }>;
type Failed = Extract<TurnEvent, { kind: "failed" }>;
type End = Extract<TurnEvent, { kind: "end" }>;

/** What one attempt comes to; complete when all that may be shown of it has been. */
interface Attempt {
  said: string;
  calls: CallEvent[];
  readonly refused: Refusal[];
  readonly recovered: CloisterExtension["recovered"];
  notices: readonly CodeNotice[];
  end: End | undefined;
  failed: Failed | undefined;
  /** What came with the failure, and was not shown yet. */
  last: readonly TurnEvent[];
  /** Signatures wait until something follows: under an answer that is asked for anew they would be no one's. */
  held: TurnEvent[];
  hasReasoned: boolean;
  /** What may be shown of the frame. */
  take(frame: Frame): Passage | undefined;
}

export interface Mending {
  /** Calls wait for it; what is said streams on. */
  readonly judge: JudgeCalls;
  readonly again: Again;
}

export function recover(dispatched: Dispatched, { judge, again }: Mending): Recovered {
  let current = dispatched;
  const passages = async function* (): AsyncGenerator<Passage> {
    const recovered: CloisterExtension["recovered"][number][] = [];
    let repeats = 0;
    let hasReasoned = false;
    for (let retries = 0; ; retries++) {
      const attempt = openAttempt(current, hasReasoned);
      // In this loop rather than in a generator of its own: it runs for every event.
      for await (const frame of current.upstream.kind === "answer" ? current.upstream.frames : []) {
        const passage = attempt.take(frame);
        if (passage !== undefined) yield passage;
      }
      if (current.upstream.kind === "error" && retries > 0) {
        const { status, message } = current.upstream;
        yield { events: [{ kind: "failed", code: `upstream-${status}`, message, status }], raw: undefined };
      }
      hasReasoned ||= attempt.hasReasoned;
      if (attempt.failed !== undefined) {
        const mayRepeat = repeats < REPEATS_MAX && isBroken(attempt.failed) && !current.signal.aborted;
        if (mayRepeat && attempt.said === "") {
          repeats += 1;
          try {
            current = await again(current, { kind: "same", causes: ["transport"] });
            continue;
          } catch (error) {
            attempt.failed = { kind: "failed", code: "upstream-broken", message: messageOf(error) };
          }
        }
        yield { events: [...attempt.last, attempt.failed], raw: undefined };
        return;
      }
      if (attempt.end === undefined) return;
      if (attempt.calls.length > 0) {
        // Behind all that was said: who asks a person waits for it, so that the words stand above the question.
        if (mayAsk(current)) {
          const calls = attempt.calls.map(({ call }) => call.id);
          yield { events: [{ kind: "judging", calls }], raw: undefined };
        }
        const { passed, refused, notices } = await judge(current, attempt.calls);
        attempt.calls = passed;
        attempt.notices = notices;
        attempt.refused.push(...refused);
      }
      recovered.push(...attempt.recovered);
      // Our own agent tells the model itself, in the history, where it stays: it is no reason to ask again.
      const denied = current.session.client.evidence === "started" ? attempt.refused.filter(isDenied) : [];
      const isUsable = attempt.calls.length > 0 || attempt.refused.length === denied.length;
      if (!isUsable && retries - repeats < RETRIES_MAX && !current.signal.aborted) {
        try {
          current = await again(current, {
            kind: "answered",
            said: attempt.said,
            error: errorFor(attempt.refused),
            causes: attempt.refused.map(({ cause }) => cause),
          });
          continue;
        } catch (error) {
          yield {
            events: [{ kind: "failed", code: "upstream-broken", message: messageOf(error) }],
            raw: undefined,
          };
          return;
        }
      }
      const untold = attempt.refused.filter((refusal) => !denied.includes(refusal));
      const note: TurnEvent[] =
        untold.length === 0 ? [] : [{ kind: "text", text: noteFor(untold, attempt.calls.length > 0) }];
      // What was refused and then mended is between the airlock and the model; the client is told what is left.
      const refused = [...untold.map(toRefused), ...denied.map(toDenied)];
      const findings = attempt.notices.length === 0 ? {} : { findings: attempt.notices };
      const extension = { recovered, refused, retries, ...detourOf(current), ...findings };
      const finish = isUsable ? attempt.end.finish : "stop";
      yield {
        events: [...attempt.held, ...note, ...attempt.calls, { ...attempt.end, finish, extension }],
        raw: undefined,
      };
      return;
    }
  };
  return { ...dispatched, passages: passages(), current: () => current };
}

/** Another client would not know what to make of it. */
function mayAsk({ session }: Dispatched): boolean {
  return session.client.evidence === "started" && session.judgement.approve !== undefined;
}

function detourOf({ rerouted, endpoint }: Dispatched): Pick<CloisterExtension, "rerouted"> {
  if (rerouted === undefined) return {};
  const { source, why } = rerouted;
  return { rerouted: { to: endpoint.id, rule: formatRule(source), why } };
}

/** The server, or the way to it, is to blame: the same request may well be answered the next time. */
function isBroken({ code, status }: Failed): boolean {
  const isOurs = status !== undefined && status < 500;
  return !isOurs && (code === "upstream-broken" || code === "upstream-error" || code === "overloaded");
}

/** `hasReasoned`: an attempt before this one did, and the client has seen it. */
function openAttempt({ turn, route, endpoint, session }: Dispatched, hasReasoned: boolean): Attempt {
  const isOurs = session.client.evidence === "started";
  const tools = toolsOf(turn.request);
  const aliases = [...aliasesOf(route.family, tools)].map(([name, alias]): [string, string] => [alias, name]);
  // All dialects: a server names its model as it likes, and a tuned one may write like another family.
  const recovery = createRecovery({ tools, aliases: Object.fromEntries(aliases) });
  // Our own agent gives it back through a door of another protocol, too.
  const goesBack = isOurs || route.door === route.upstream;
  const maker = goesBack ? makerOf(endpoint, route.model) : undefined;
  let thinking = "";
  const withText = (event: TurnEvent): TurnEvent => {
    if (!isOurs) return event;
    if (event.kind === "reasoning") thinking += event.text;
    if (event.kind !== "thought") return event;
    const text = thinking;
    thinking = "";
    return { ...event, text };
  };
  const attempt: Attempt = {
    said: "",
    calls: [],
    refused: [],
    recovered: recovery.extension.recovered,
    notices: [],
    end: undefined,
    failed: undefined,
    last: [],
    // What was thought before this attempt is no part of what this one signs.
    held: hasReasoned ? [{ kind: "thought", token: undefined }] : [],
    hasReasoned: false,
    take(frame) {
      const shown: TurnEvent[] = [];
      const show = (event: TurnEvent): void => {
        // Not one by one unless there are any: this runs for every event.
        if (attempt.held.length > 0) shown.push(...attempt.held.splice(0));
        shown.push(event);
      };
      for (const event of frame.events.flatMap((given) => recovery.push(withText(given)))) {
        if (event.kind === "call") {
          attempt.calls.push({ ...event, call: unaliasCall(event.call, route.family, tools) });
        } else if (event.kind === "refused") attempt.refused.push(event);
        else if (event.kind === "end") attempt.end = event;
        else if (event.kind === "failed") attempt.failed = event;
        else if (event.kind === "thought") attempt.held.push(...marked(event, maker));
        else if (event.kind === "reading") shown.push(...(isOurs ? [event] : []));
        else if (event.kind === "start") shown.push(event);
        else show(event);
      }
      if (attempt.failed !== undefined) {
        attempt.last = shown;
        return undefined;
      }
      for (const event of shown) {
        if (event.kind === "text") attempt.said += event.text;
        else if (event.kind === "reasoning") attempt.hasReasoned = true;
      }
      const isPassed = shown.length > 0 || isStatus(frame);
      return isPassed ? { events: shown, raw: rawOf(frame, shown) } : undefined;
    },
  };
  return attempt;
}

/** A maker's token is worth nothing to a client of another protocol, which could not send it back. */
function marked(thought: Thought, maker: Maker | undefined): TurnEvent[] {
  if (maker === undefined || thought.token === undefined) return [];
  return [{ ...thought, token: maker.mark(thought.token) }];
}

/** The bytes as they came, when they say exactly what is to be shown. */
function rawOf(frame: Frame, shown: readonly TurnEvent[]): Uint8Array | undefined {
  const isSame =
    shown.length === frame.events.length && shown.every((event, index) => event === frame.events[index]);
  return isSame && !frame.fragment ? frame.raw : undefined;
}

function toolsOf(request: TurnRequest): TurnRequest["tools"] {
  return request.toolChoice === "none" ? [] : request.tools;
}

/** The first line of what a model is told of an answer that nothing could be made of; the faults follow. */
export const UNUSABLE_ANSWER = "Your last answer could not be used.";

function errorFor(refused: readonly Refusal[]): string {
  const faults = refused.map(({ cause, detail }) => `Error (${cause}): ${detail}`);
  return [UNUSABLE_ANSWER, ...faults, "Nothing was run. Answer again."].join("\n");
}

function isDenied({ cause, call }: Refusal): boolean {
  return cause === "denied" && call !== undefined;
}

function toRefused({ cause, detail }: Refusal): RefusedCall {
  return { cause, detail };
}

/** Still sealed, as the model wrote it; only what was made harmless for its template is itself again. */
function toDenied({ cause, detail, call }: Refusal): RefusedCall {
  if (call === undefined) return { cause, detail };
  return { cause, detail, call: { ...call, arguments: restoreNeutral(call.arguments) } };
}

/** What a client shows, and sends back with the history, so that the model learns of it too. */
function noteFor(refused: readonly Refusal[], hasCalls: boolean): string {
  const faults = refused.map(({ cause, detail }) => `[${cause}] ${detail}`).join("\n");
  return hasCalls
    ? `\n(A further tool call in this answer could not be used, and was not run: ${faults})`
    : `The model's tool call could not be used, and nothing was run:\n${faults}`;
}
