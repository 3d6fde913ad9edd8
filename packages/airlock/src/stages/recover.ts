/**
 * Mends tool calls for every client: what a model printed as text becomes a call, and what only looks like one becomes
 * an exact error to the model, asked again here. A client never sees a broken call.
 */
import { messageOf } from "@cloister/base";
import {
  aliasesOf,
  createRecovery,
  unaliasCall,
  type CloisterExtension,
  type Frame,
  type TurnEvent,
  type TurnRequest,
} from "@cloister/wire";
import { isStatus, type Dispatched } from "./dispatch.ts";
import type { AgainItems, Passage } from "../passage.ts";

export interface Recovered extends Dispatched {
  readonly passages: AsyncIterable<Passage>;
  /** The attempt that is under way: the last one is settled with the answer. */
  readonly current: () => Dispatched;
}

/** Sends the same request once more with these items after it. @throws as `dispatch`; a refusal is a failed event. */
export type Again = (previous: Dispatched, items: AgainItems) => Promise<Dispatched>;

const RETRIES_MAX = 2;

type Refusal = Extract<TurnEvent, { kind: "refused" }>;
type End = Extract<TurnEvent, { kind: "end" }>;

/** What one attempt came to, when all that may be shown of it has been. */
interface Attempt {
  readonly said: string;
  readonly calls: readonly TurnEvent[];
  readonly refused: readonly Refusal[];
  readonly recovered: CloisterExtension["recovered"];
  readonly end: End | undefined;
}

export function recover(dispatched: Dispatched, again: Again): Recovered {
  let current = dispatched;
  const passages = async function* (): AsyncGenerator<Passage> {
    const recovered: CloisterExtension["recovered"][number][] = [];
    for (let retries = 0; ; retries++) {
      const attempt = yield* passAttempt(current);
      if (current.upstream.kind === "error" && retries > 0) {
        const { status, message } = current.upstream;
        yield { events: [{ kind: "failed", code: `upstream-${status}`, message, status }], raw: undefined };
      }
      if (attempt.end === undefined) return;
      recovered.push(...attempt.recovered);
      const isUsable = attempt.refused.length === 0 || attempt.calls.length > 0;
      if (!isUsable && retries < RETRIES_MAX && !current.signal.aborted) {
        try {
          current = await again(current, {
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
      const note: TurnEvent[] =
        attempt.refused.length === 0 ? [] : [{ kind: "text", text: noteFor(attempt) }];
      // What was refused and then mended is between the airlock and the model; the client is told what is left.
      const refused = attempt.refused.map(({ cause, detail }) => ({ cause, detail }));
      const extension = { recovered, refused, retries };
      const finish = isUsable ? attempt.end.finish : "stop";
      yield { events: [...note, ...attempt.calls, { ...attempt.end, finish, extension }], raw: undefined };
      return;
    }
  };
  return { ...dispatched, passages: passages(), current: () => current };
}

async function* passAttempt({ upstream, turn, route }: Dispatched): AsyncGenerator<Passage, Attempt> {
  const tools = toolsOf(turn.request);
  const aliases = [...aliasesOf(route.family, tools)].map(([name, alias]): [string, string] => [alias, name]);
  // All dialects: a server names its model as it likes, and a tuned one may write like another family.
  const recovery = createRecovery({ tools, aliases: Object.fromEntries(aliases) });
  let said = "";
  const calls: TurnEvent[] = [];
  const refused: Refusal[] = [];
  let end: End | undefined;
  for await (const frame of upstream.kind === "answer" ? upstream.frames : []) {
    const shown: TurnEvent[] = [];
    for (const event of frame.events.flatMap((given) => recovery.push(given))) {
      if (event.kind === "call") calls.push({ ...event, call: unaliasCall(event.call, route.family, tools) });
      else if (event.kind === "refused") refused.push(event);
      else if (event.kind === "end") end = event;
      else shown.push(event);
      if (event.kind === "text") said += event.text;
    }
    if (shown.length > 0 || isStatus(frame)) yield { events: shown, raw: rawOf(frame, shown) };
  }
  return { said, calls, refused, recovered: recovery.extension.recovered, end };
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

function errorFor(refused: readonly Refusal[]): string {
  const faults = refused.map(({ cause, detail }) => `Error (${cause}): ${detail}`);
  return ["Your last answer could not be used.", ...faults, "Nothing was run. Answer again."].join("\n");
}

/** What a client shows, and sends back with the history, so that the model learns of it too. */
function noteFor({ refused, calls }: Attempt): string {
  const faults = refused.map(({ cause, detail }) => `[${cause}] ${detail}`).join("\n");
  return calls.length > 0
    ? `\n(A further tool call in this answer could not be used, and was not run: ${faults})`
    : `The model's tool call could not be used, and nothing was run:\n${faults}`;
}
