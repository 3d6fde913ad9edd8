import type { JsonObject } from "@cloister/base";
import { sealItem, type Sealed } from "../stages/seal.ts";
import { toAttachment } from "../stages/record.ts";
import type { Cause } from "./causes.ts";

const CAUSES_MAX = 50;

/** What raised the conversation, and by which rule: sealed, and on record before what comes of it. */
export function recordRaises({ raises, session, route }: Sealed): void {
  for (const { item, from, to, causes } of raises) {
    const part = sealItem(item, session.seals, route.family);
    session.ledger
      .append({
        type: "label.change",
        fields: {
          session: session.id,
          from: from.label,
          label: to.label,
          compartments: [...to.compartments],
          integrity: to.integrity,
          causes: causes.slice(0, CAUSES_MAX).map(causeFields),
        },
        attachments: [toAttachment(part, to.label)],
      })
      .catch(session.onTrouble);
  }
}

function causeFields({ kind, source, index, matches }: Cause): JsonObject {
  return {
    kind,
    rule: source.rule,
    ...(source.line === undefined ? {} : { line: source.line }),
    ...(index === undefined ? {} : { index }),
    ...(matches === undefined ? {} : { matches }),
  };
}
