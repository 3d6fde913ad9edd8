/** Writes down what is about to be shown, to whom and under which rule; durable before the first byte leaves. */
import { messageOf, type JsonObject } from "@cloister/base";
import type { Attachment } from "@cloister/ledger";
import type { Part } from "../part.ts";
import { classFields, decisionFields, endpointFields, policyFields } from "../record-decision.ts";
import type { Decided, Refused } from "./decide.ts";

export interface Recorded extends Decided {
  /** The index of the intent in the ledger. */
  readonly intent: number;
}

// An entry is at most 65,535 bytes. What a request adds beyond this many parts is committed to as one.
const PARTS_MAX = 150;
const LOSSES_MAX = 50;

export async function record(decided: Decided): Promise<Recorded | Refused> {
  const { session, endpoint, route, parts, label, turn, client, decision, outgoing } = decided;
  const { notes, rerouted } = decided;
  const fresh = parts.filter((part) => !session.conversation.isShown(part.bytes));
  try {
    const receipt = await session.ledger.append({
      type: "exposure.intent",
      fields: {
        session: session.id,
        client: { name: client.name, version: client.version, evidence: client.evidence },
        endpoint: endpointFields(session, endpoint),
        model: route.model,
        ...(route.door === route.upstream
          ? {}
          : { translated: `${route.door.name} to ${route.upstream.name}` }),
        ...(turn.losses.length === 0
          ? {}
          : {
              losses: turn.losses
                .slice(0, LOSSES_MAX)
                .map(({ path, reason, severity }) => ({ path, reason, severity })),
            }),
        ...classFields(session),
        decision: decisionFields(decision),
        policy: policyFields(session),
        ...(rerouted === undefined ? {} : { rerouted: { from: rerouted.from, rule: rerouted.source.rule } }),
        bytes: outgoing.reduce((sum, piece) => sum + piece.length, 0),
        known: parts.length - fresh.length,
        ...notes,
      },
      attachments: joinOverflow(fresh).map((part) => toAttachment(part, label)),
    });
    // Only now: were the entry lost, the next one would call these parts known, and nobody would know them.
    for (const part of fresh) session.conversation.markShown(part.bytes);
    session.conversation.markRecorded(outgoing);
    return { ...decided, intent: receipt.index };
  } catch (cause) {
    session.onTrouble(cause);
    return {
      kind: "refused",
      decision: {
        kind: "refuse",
        source: { rule: "record-before-dispatch", line: undefined },
        why: `the ledger could not be written (${messageOf(cause)}), and what the ledger does not hold is not sent`,
        next: "free disk space or mend the ledger's directory, then ask again",
      },
    };
  }
}

export function toAttachment(part: Part, label: string): Attachment {
  const { source, tool, files } = part.provenance;
  const hidden: JsonObject = {
    ...(files === undefined ? {} : { sources: files.map(({ path, from, to }) => ({ path, from, to })) }),
    ...(tool === undefined ? {} : { tool }),
  };
  return {
    type: "text",
    data: part.bytes,
    open: {
      bytes: part.bytes.length,
      label,
      source,
      ...(Object.keys(part.sealed).length === 0 ? {} : { sealed: part.sealed }),
    },
    hidden,
  };
}

function joinOverflow(parts: readonly Part[]): Part[] {
  if (parts.length <= PARTS_MAX) return [...parts];
  const rest = parts.slice(PARTS_MAX - 1);
  const sealed: Record<string, number> = {};
  for (const part of rest) {
    for (const [kind, count] of Object.entries(part.sealed)) sealed[kind] = (sealed[kind] ?? 0) + count;
  }
  const joined: Part = {
    bytes: Buffer.concat(rest.map(({ bytes }) => bytes)),
    provenance: { source: "tool", files: rest.flatMap(({ provenance }) => provenance.files ?? []) },
    sealed,
  };
  return [...parts.slice(0, PARTS_MAX - 1), joined];
}
