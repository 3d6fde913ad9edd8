/** The only way to a model. Read it aloud: it is the whole of what happens to a request. */
import { again } from "./stages/again.ts";
import { recordRaises } from "./labelling/record-raises.ts";
import { recordDecision } from "./record-decision.ts";
import { decide, type Decided, type Refused, type Rerouted } from "./stages/decide.ts";
import { dispatch } from "./stages/dispatch.ts";
import { identify, type Arrival } from "./stages/identify.ts";
import { createCallJudge } from "./stages/judge.ts";
import { label } from "./stages/label.ts";
import { parse } from "./stages/parse.ts";
import { record, type Recorded } from "./stages/record.ts";
import { recover } from "./stages/recover.ts";
import { seal } from "./stages/seal.ts";
import { settle, settleFailure, type Settled } from "./stages/settle.ts";
import { steady } from "./stages/steady.ts";
import { unseal } from "./stages/unseal.ts";
import { findWay } from "./way.ts";

/**
 * Takes one request through all stages. `record` stands before `dispatch` on purpose: what the ledger does not hold
 * has not been sent. The stages before it touch nothing but the session's own memory; the ones after it only see what
 * was recorded.
 * @throws CloisterError for a request that is none (`bad-request`), or a server that cannot be reached
 */
export async function pass(arrival: Arrival): Promise<Settled | Refused> {
  const recorded = await admit(arrival);
  return "kind" in recorded ? recorded : answer(recorded);
}

/** The stages up to the record: what comes out may leave. @throws CloisterError `bad-request`, `bad-json` */
export async function admit(arrival: Arrival): Promise<Recorded | Refused> {
  const decided = findWay(arrival, weigh);
  return "kind" in decided ? refuse(arrival, decided) : record(decided);
}

/** For the endpoint and the model that it would go to. */
function weigh(arrival: Arrival): Decided | Refused | Rerouted {
  const identified = identify(arrival);
  const parsed = parse(identified);
  const steadied = steady(parsed);
  const labelled = label(steadied);
  const sealed = seal(labelled);
  recordRaises(sealed);
  return decide(sealed);
}

async function answer(recorded: Recorded): Promise<Settled> {
  try {
    const dispatched = await dispatch(recorded);
    const recovered = recover(dispatched, { judge: createCallJudge(), again });
    const unsealed = unseal(recovered);
    return settle(unsealed);
  } catch (error) {
    settleFailure(recorded, error);
    throw error;
  }
}

/** A refusal is recorded too: what was asked of which endpoint, and the rule that forbade it. */
export function refuse(asked: Pick<Arrival, "session" | "endpoint">, refused: Refused): Refused {
  recordDecision(asked, refused.decision);
  return refused;
}
