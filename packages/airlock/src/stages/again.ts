/**
 * The same request once more, as it was or with what the model said and what was wrong with it: recorded and sent like
 * any other.
 */
import { CloisterError } from "@cloister/base";
import type { RefusalCause, TurnRequest } from "@cloister/wire";
import { recordDecision } from "../record-decision.ts";
import { decide, formatRule, type Refused, type Rerouted } from "./decide.ts";
import { dispatch, type Dispatched } from "./dispatch.ts";
import type { AgainAnswered, AgainItems } from "../passage.ts";
import { record } from "./record.ts";
import { sealItem } from "./seal.ts";
import { settleAttempt } from "./settle.ts";

/** @throws CloisterError `not-recorded`, `refused`, and as `dispatch` */
export async function again(previous: Dispatched, items: AgainItems): Promise<Dispatched> {
  settleAttempt(previous, { refused: items.causes });
  const { session } = previous;
  // Judged anew: what else belongs to the conversation may have raised it meanwhile. It is too late to go elsewhere.
  const decided = decide({
    ...previous,
    classification: session.standing.classification,
    alternatives: [],
    ...(items.kind === "same" ? {} : longer(previous, items)),
  });
  if ("kind" in decided) throw refusal(previous, decided);
  const recorded = await record(decided);
  if ("kind" in recorded) throw refusal(previous, recorded);
  return dispatch(recorded);
}

/** All that was sent but its closing, earlier attempts included: the server finds it in its cache. Then what is new. */
function longer(
  previous: Dispatched,
  { said, error, causes }: AgainAnswered,
): Pick<Dispatched, "parts" | "outgoing"> {
  const { route, session, turn, outgoing } = previous;
  const request: TurnRequest = {
    model: route.model,
    stream: turn.request.stream,
    system: [],
    items: [
      { kind: "assistant", text: said === "" ? "(an unusable answer)" : said, reasoning: "", calls: [] },
      { kind: "user", parts: [{ kind: "text", text: error }] },
    ],
    tools: [],
    sampling: {},
    includeUsage: false,
    losses: [],
  };
  const { body } = route.upstream.formatRequest(request, route.format);
  const items = body[route.upstream.itemsField];
  const parts = (Array.isArray(items) ? items : []).map((item) =>
    sealItem(item as Parameters<typeof sealItem>[0], session.seals, route.family),
  );
  const added = parts.flatMap(({ bytes }) => [Buffer.from(","), bytes]);
  return { parts, outgoing: [...outgoing.slice(0, -1), ...added, closing(previous, causes)] };
}

function refusal(previous: Dispatched, judged: Refused | Rerouted): CloisterError {
  const isRefused = judged.kind === "refused";
  const { source, why } = isRefused ? judged.decision : judged;
  const isUnrecorded = source.rule === "record-before-dispatch";
  if (!isUnrecorded) recordDecision(previous, { kind: "refuse", source });
  return new CloisterError(why, {
    code: isUnrecorded ? "not-recorded" : "refused",
    rule: formatRule(source),
    ...(isRefused ? { next: judged.decision.next } : {}),
  });
}

/**
 * The second time the server is told that a call is wanted, which makes those that can (llama.cpp, vLLM, SGLang)
 * decode under the tools' grammar. Said after the items, so that the bytes before stay what they were.
 */
function closing({ route, turn }: Dispatched, causes: readonly RefusalCause[]): Buffer {
  const { request } = turn;
  const isFree =
    request.tools.length > 0 && (request.toolChoice === undefined || request.toolChoice === "auto");
  // After an empty answer, or a call that is not allowed, a text is as welcome as a call.
  const wantsCall = !causes.some((cause) => cause === "empty-turn" || cause === "denied");
  const mayForce =
    wantsCall && isFree && route.upstream.name === "chat" && turn.fields?.["tool_choice"] === undefined;
  return Buffer.from(mayForce ? '],"tool_choice":"required"}' : "]}");
}
