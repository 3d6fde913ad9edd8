/** One answer of the model, from the request to its end, shown as it comes. */
import type { Clock } from "@cloister/base";
import type { AnswerEvent, CloisterExtension, RawCall, SignedThought } from "@cloister/wire";
import type { AgentEvent, Speed, Trouble } from "./events.ts";

/** Asks the model. Never throws; its last event is `end` or `failed`. */
export type AskModel = (request: readonly Uint8Array[], signal: AbortSignal) => AsyncIterable<AnswerEvent>;

interface Said {
  readonly text: string;
  readonly reasoning: string;
  /** What of it is signed, and goes back as it is. */
  readonly thoughts: readonly SignedThought[];
  readonly speed: Speed;
}

export type Answer = Extract<AnswerEvent, { kind: "end" }> & Said;
export type Failure = Extract<AnswerEvent, { kind: "failed" }> & Said & { readonly waitedMs: number };

export interface AskOptions {
  readonly ask: AskModel;
  readonly clock: Clock;
  readonly emit: (event: AgentEvent) => void;
  /** Resolves when whoever shows the events has caught up. */
  readonly room: () => Promise<void>;
}

/** Ends at once when the signal is aborted, also where the stream does not. */
export async function readModelAnswer(
  request: readonly Uint8Array[],
  { ask, clock, emit, room }: AskOptions,
  signal: AbortSignal,
): Promise<Answer | Failure> {
  const asked = clock.now();
  let firstAt: number | undefined;
  let text = "";
  let reasoning = "";
  const thoughts: SignedThought[] = [];
  const failure = (event: Omit<Extract<AnswerEvent, { kind: "failed" }>, "kind">): Failure => ({
    kind: "failed",
    ...event,
    ...{ text, reasoning, thoughts },
    speed: speedOf({ asked, firstAt, ended: clock.now(), tokens: undefined }),
    waitedMs: clock.now() - asked,
  });
  const iterator = ask(request, signal)[Symbol.asyncIterator]();
  const aborted = rejectWhenAborted(signal);
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done === true) break;
      const event = next.value;
      switch (event.kind) {
        case "text":
        case "reasoning":
          firstAt ??= clock.now();
          if (event.kind === "text") text += event.text;
          else reasoning += event.text;
          emit(event);
          await room();
          break;
        case "thought":
          thoughts.push(event.thought);
          break;
        case "status":
        case "reading":
        case "judging":
          emit(event);
          break;
        case "end": {
          const tokens = event.usage?.completionTokens;
          const speed = speedOf({ asked, firstAt, ended: clock.now(), tokens });
          return { ...event, text, reasoning, thoughts, speed };
        }
        case "failed":
          return failure(event);
      }
    }
    return failure({ code: "upstream-broken", message: "the answer had no end" });
  } catch (error) {
    if (!signal.aborted) throw error;
    return failure({ code: "cancelled", message: "cancelled" });
  } finally {
    aborted.forget();
    // Not waited for: a stream that does not hear the signal must not hold up whoever gave it.
    void iterator.return?.(undefined).catch(() => {
      /* it is over already */
    });
  }
}

/** What the airlock mended in an answer, and what it noticed in its edits. */
export function* mendedIn({ extension }: Answer): Generator<AgentEvent> {
  for (const { kind, path, line, why, excerpt } of extension?.findings ?? []) {
    const place = line === undefined ? path : `${path}:${line}`;
    yield { kind: "status", text: `⚠ ${kind} in ${place}: ${why} (${excerpt})` };
  }
  for (const { name, dialect } of extension?.recovered ?? []) {
    yield { kind: "status", text: `a call of ${name} was mended (the model wrote it as ${dialect})` };
  }
}

export interface DeniedCall {
  readonly call: RawCall;
  readonly detail: string;
}

/** Calls that a rule forbids, and what else the airlock kept back. */
export function refusedIn({ extension }: Answer): {
  readonly denied: readonly DeniedCall[];
  readonly unusable: CloisterExtension["refused"];
} {
  const refused = extension?.refused ?? [];
  return {
    denied: refused.flatMap(({ call, detail }) => (call === undefined ? [] : [{ call, detail }])),
    unusable: refused.filter(({ call }) => call === undefined),
  };
}

/** The airlock asked the model again by itself, and gave up. */
export function unusableAnswer(refused: CloisterExtension["refused"]): Trouble {
  const details = refused.map(({ cause, detail }) => `[${cause}] ${detail}`);
  return {
    code: "unusable-answer",
    message: `the model could not make a usable answer, though it was told what was wrong: ${details.join(" ")}`,
    next: "try a larger model, or a smaller task",
  };
}

export function nudgeFor(answer: Answer): string {
  if (answer.finish === "length") {
    return "Your answer was cut at the token limit. Go on in smaller steps: one short text or one tool call at a time.";
  }
  return "Your last answer was empty. Go on with a tool call, or say in text that the task is done and what you did.";
}

export function emptyTurn(answer: Answer): Trouble {
  return answer.finish === "length"
    ? { code: "truncated", message: "the model's answers were cut at its token limit, twice in a row" }
    : { code: "empty-turn", message: "the model answered nothing, twice in a row" };
}

interface Times {
  readonly asked: number;
  readonly firstAt: number | undefined;
  readonly ended: number;
  readonly tokens: number | undefined;
}

function speedOf({ asked, firstAt, ended, tokens }: Times): Speed {
  if (firstAt === undefined) return { firstMs: undefined, tokensPerSecond: undefined };
  const seconds = (ended - firstAt) / 1000;
  const isKnown = tokens !== undefined && seconds > 0;
  return { firstMs: firstAt - asked, tokensPerSecond: isKnown ? tokens / seconds : undefined };
}

/** Rejects once the signal is aborted; `forget` takes its ear away again. */
export function rejectWhenAborted(signal: AbortSignal): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  // It may be aborted when nobody listens any more.
  promise.catch(() => {
    /* told to whoever raced with it */
  });
  const onAbort = (): void => reject(new Error("aborted"));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  return { promise, forget: () => signal.removeEventListener("abort", onAbort) };
}
