/** The same request once more, with what the model said and what was wrong with it: recorded and sent like any other. */
import { CloisterError } from "@cloister/base";
import type { RefusalCause, TurnRequest } from "@cloister/wire";
import { dispatch, type Dispatched } from "./dispatch.ts";
import type { AgainItems } from "../passage.ts";
import { record } from "./record.ts";
import { sealItem } from "./seal.ts";
import { settleAttempt } from "./settle.ts";

/** @throws CloisterError `not-recorded`, and as `dispatch` */
export async function again(previous: Dispatched, { said, error, causes }: AgainItems): Promise<Dispatched> {
  settleAttempt(previous, { refused: causes });
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
  // All that was sent but its closing, earlier attempts included: the server finds it in its cache.
  const history = outgoing.slice(0, -1);
  const added = parts.flatMap(({ bytes }) => [Buffer.from(","), bytes]);
  const recorded = await record({
    ...previous,
    parts,
    outgoing: [...history, ...added, closing(previous, causes)],
  });
  if ("kind" in recorded) {
    throw new CloisterError(recorded.decision.why, { code: "not-recorded", rule: recorded.decision.rule });
  }
  return dispatch(recorded);
}

/**
 * The second time the server is told that a call is wanted, which makes those that can (llama.cpp, vLLM, SGLang)
 * decode under the tools' grammar. Said after the items, so that the bytes before stay what they were.
 */
function closing({ route, turn }: Dispatched, causes: readonly RefusalCause[]): Buffer {
  const { request } = turn;
  const isFree =
    request.tools.length > 0 && (request.toolChoice === undefined || request.toolChoice === "auto");
  // After an empty answer a text is as welcome as a call.
  const wantsCall = !causes.includes("empty-turn");
  const mayForce =
    wantsCall && isFree && route.upstream.name === "chat" && turn.fields?.["tool_choice"] === undefined;
  return Buffer.from(mayForce ? '],"tool_choice":"required"}' : "]}");
}
