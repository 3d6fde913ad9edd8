/** What the ledger keeps of judged calls. Texts go to the side store, sealed; the leaf holds what kind of thing happened. */
import type { Attachment } from "@cloister/ledger";
import type { CallDecision } from "@cloister/policy";
import type { Dispatched } from "../stages/dispatch.ts";
import type { JudgedFinding } from "./code-guard.ts";
import { hashOfSubject, type Subject } from "./subjects.ts";

/** What is known of a call that is judged: `intent` is the index of the entry that it comes from. */
export type Judging = Pick<Dispatched, "session" | "intent" | "signal">;

/** That a call was refused, or asked about, and by which rule. */
export function recordDecision(
  attempt: Judging,
  { subject, decision }: { readonly subject: Subject; readonly decision: CallDecision },
): void {
  const { session, intent } = attempt;
  const { rule, line } = decision.source;
  session.ledger
    .append({
      type: "decision",
      fields: {
        session: session.id,
        intent,
        decision: { kind: "deny", rule, ...(line === undefined ? {} : { line }) },
        tool: subject.tool,
        effect: subject.effect,
        integrity: session.standing.classification.integrity,
        policy: session.policy.name,
      },
      attachments: [toAttachment(attempt, subject)],
    })
    .catch(session.onTrouble);
}

/** A person's word for exactly this call; durable before the call goes on. @throws what the ledger throws */
export async function recordEndorsement(
  attempt: Judging,
  { subject, by }: { readonly subject: Subject; readonly by: string },
): Promise<void> {
  const { session, intent } = attempt;
  await session.ledger.append({
    type: "endorse",
    fields: { session: session.id, intent, call: hashOfSubject(subject, session), tool: subject.tool, by },
    attachments: [toAttachment(attempt, subject)],
  });
}

export function recordFinding(
  attempt: Judging,
  { path, line, excerpt, kind, decision }: JudgedFinding,
): void {
  const { session, intent } = attempt;
  session.ledger
    .append({
      type: "finding",
      fields: {
        session: session.id,
        intent,
        kind,
        verdict: decision.verdict,
        rule: decision.source.rule,
        policy: session.policy.name,
      },
      attachments: [
        {
          type: "finding",
          data: Buffer.from(excerpt),
          open: {},
          hidden: { sources: [{ path, from: line ?? 0, to: line ?? 0 }] },
        },
      ],
    })
    .catch(session.onTrouble);
}

function toAttachment({ session }: Pick<Judging, "session">, { text }: Subject): Attachment {
  return { type: "call", data: Buffer.from(session.seals.seal(text).text), open: {}, hidden: {} };
}
