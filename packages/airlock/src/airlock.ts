/** The only way to a model. Read it aloud: it is the whole of what happens to a request. */
import { again } from "./stages/again.ts";
import { decide, type Refused } from "./stages/decide.ts";
import { dispatch } from "./stages/dispatch.ts";
import { identify, type Arrival } from "./stages/identify.ts";
import { label } from "./stages/label.ts";
import { parse } from "./stages/parse.ts";
import { record, type Recorded } from "./stages/record.ts";
import { recover } from "./stages/recover.ts";
import { seal } from "./stages/seal.ts";
import { settle, settleFailure, type Settled } from "./stages/settle.ts";
import { unseal } from "./stages/unseal.ts";

/**
 * Takes one request through all stages. `record` stands before `dispatch` on purpose: what the ledger does not hold
 * has not been sent. The stages before it touch nothing but the session's own memory; the ones after it only see what
 * was recorded.
 * @throws CloisterError for a request that is none (`bad-request`), or a server that cannot be reached
 */
export async function pass(arrival: Arrival): Promise<Settled | Refused> {
  const identified = identify(arrival);
  const parsed = parse(identified);
  const labelled = label(parsed);
  const sealed = seal(labelled);
  const decided = decide(sealed);
  if ("kind" in decided) return refuse(arrival, decided);
  const recorded = await record(decided);
  if ("kind" in recorded) return recorded;
  return answer(recorded);
}

async function answer(recorded: Recorded): Promise<Settled> {
  try {
    const dispatched = await dispatch(recorded);
    const recovered = recover(dispatched, again);
    const unsealed = unseal(recovered);
    return settle(unsealed);
  } catch (error) {
    settleFailure(recorded, error);
    throw error;
  }
}

/** A refusal is recorded too: what was asked of which endpoint, and the rule that forbade it. */
function refuse({ session, endpoint }: Arrival, refused: Refused): Refused {
  const { rule } = refused.decision;
  session.ledger
    .append({
      type: "decision",
      fields: {
        session: session.id,
        endpoint: {
          id: endpoint.id,
          url: endpoint.url,
          clearance: endpoint.clearance,
          operator: endpoint.operator,
        },
        label: session.workspaceLabel,
        decision: { kind: "refuse", rule },
      },
    })
    .catch(session.onTrouble);
  return refused;
}
