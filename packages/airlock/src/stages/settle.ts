/** Closes the record: what became of the request, what it cost, what was mended and what was restored. */
import { CloisterError, type JsonObject } from "@cloister/base";
import type { CloisterExtension, Usage } from "@cloister/wire";
import type { Dispatched, Observation } from "./dispatch.ts";
import type { Recorded } from "./record.ts";
import { passing } from "../passing.ts";
import type { Unsealed } from "./unseal.ts";

type Outcome = "answered" | "failed" | "cancelled" | "refused-by-server";

export type Settled = Unsealed;

export function settle(unsealed: Unsealed): Settled {
  if (unsealed.upstream.kind === "error") settleAttempt(unsealed, {});
  let extension: CloisterExtension | undefined;
  const passages = passing(
    unsealed.passages,
    (passage) => {
      for (const event of passage.events) if (event.kind === "end") extension = event.extension;
      return passage;
    },
    () => {
      settleAttempt(unsealed.current(), extension === undefined ? {} : extensionFields(extension));
      recordRestores(unsealed);
    },
  );
  return { ...unsealed, passages };
}

/** One attempt, with what is known of it by now. */
export function settleAttempt(attempt: Dispatched, more: JsonObject): void {
  const { observed, session, endpoint, route, outgoing } = attempt;
  if (observed.usage !== undefined) {
    const { promptTokens } = observed.usage;
    session.onUsage?.({ endpoint, model: route.model, outgoing, promptTokens });
  }
  settleWith(attempt, outcomeOf(observed), {
    ...(observed.status === undefined ? {} : { status: observed.status }),
    bytesIn: observed.bytesIn,
    ...(observed.usage === undefined ? {} : { usage: usageFields(observed.usage) }),
    ...more,
  });
}

/** An answer is whole with its end, whatever becomes of the connection after it. */
function outcomeOf({ ended, failed, status }: Observation): Outcome {
  if (ended) return "answered";
  if (status !== undefined && status >= 400) return "refused-by-server";
  return failed ? "failed" : "cancelled";
}

/** Also for requests that never got an answer. */
export function settleFailure(recorded: Recorded, error: unknown): void {
  const cancelled = recorded.signal.aborted || (error instanceof CloisterError && error.code === "cancelled");
  settleWith(recorded, cancelled ? "cancelled" : "failed", { bytesIn: 0 });
}

/** The answer does not wait for this entry: what left is on record already. */
function settleWith(recorded: Recorded, outcome: Outcome, facts: JsonObject): void {
  const { session, intent, signal } = recorded;
  // Our own cutting off looks like a failure of the connection.
  const named = outcome === "failed" && signal.aborted ? "cancelled" : outcome;
  session.ledger
    .append({
      type: "exposure.result",
      fields: { session: session.id, intent, outcome: named, ...facts },
      patient: true,
    })
    .catch(session.onTrouble);
}

/** What was restored, and what was asked for and not given: a placeholder that means nothing here may be a try. */
function recordRestores(unsealed: Unsealed): void {
  const { session, intent, restoring } = unsealed;
  const { restores, withheld, unknown } = restoring;
  if (restores.length + withheld.size + unknown.size === 0) return;
  const fields = {
    session: session.id,
    intent,
    count: restores.length,
    ...(withheld.size === 0 ? {} : { withheld: withheld.size }),
    ...(unknown.size === 0 ? {} : { unknown: unknown.size }),
  };
  // The file's name is for the side store; the placeholder stands for the secret, which is nowhere.
  const attachments = restores.map(({ file, kind, placeholder }) => ({
    type: "restore",
    data: Buffer.from(placeholder),
    open: { kind },
    hidden: { sources: [{ path: file, from: 0, to: 0 }] },
  }));
  session.ledger.append({ type: "restore", fields, attachments }).catch(session.onTrouble);
}

/** Details may quote what a model wrote, so the ledger's leaf holds only what kind of thing happened. */
function extensionFields({ recovered, refused, retries }: CloisterExtension): JsonObject {
  if (recovered.length === 0 && refused.length === 0 && retries === 0) return {};
  return {
    recovered: recovered.map(({ dialect }) => dialect),
    refused: refused.map(({ cause }) => cause),
    retries,
  };
}

function usageFields(usage: Usage): JsonObject {
  return {
    prompt: usage.promptTokens,
    completion: usage.completionTokens,
    ...(usage.cachedTokens === undefined ? {} : { cached: usage.cachedTokens }),
  };
}
