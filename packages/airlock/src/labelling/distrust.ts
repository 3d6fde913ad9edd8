import { classify } from "@cloister/policy";
import type { AirlockSession } from "../session.ts";

/** Something came in from the network by a command, whose index in the ledger is `call`: on record when it is news. */
export function distrust(session: AirlockSession, call: number): void {
  const { standing } = session;
  const { label, integrity: before } = standing.classification;
  const { compartments, integrity } = standing.raise(classify("public", [], "untrusted"));
  if (integrity === before) return;
  session.ledger
    .append({
      type: "label.change",
      fields: {
        session: session.id,
        from: label,
        label,
        compartments: [...compartments],
        integrity,
        causes: [{ kind: "integrity", rule: "built-in integrity.network" }],
        call,
      },
    })
    .catch(session.onTrouble);
}
