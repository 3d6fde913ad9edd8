/** Closes the record: what became of the request, what it cost, and what was restored. */
import { CloisterError, type JsonObject } from "@cloister/base";
import { parseChatChunk, type SseEvent, type Usage } from "@cloister/wire";
import type { AnswerStream } from "./dispatch.ts";
import type { Recorded } from "./record.ts";
import type { Unsealed } from "./unseal.ts";

type Outcome = "answered" | "failed" | "cancelled" | "refused-by-server";

export function settle(unsealed: Unsealed): AnswerStream {
  return { ...unsealed.answer, events: observed(unsealed) };
}

async function* observed(unsealed: Unsealed): AsyncGenerator<SseEvent> {
  const { answer, signal } = unsealed;
  let bytesIn = 0;
  let usage: Usage | undefined;
  let failed = answer.status >= 400;
  // With its last event an answer is whole, whatever becomes of the connection after it.
  let whole = false;
  try {
    for await (const event of answer.events) {
      bytesIn += event.bytes.length;
      if (event.data?.includes('"usage"')) usage = parseChatChunk(event.data)?.usage ?? usage;
      if (event.data === "[DONE]") whole = true;
      if (!whole && event.data?.startsWith('{"error"') === true) failed = true;
      yield event;
    }
    whole ||= !signal.aborted;
  } finally {
    const outcome = toOutcome({ cancelled: !whole, failed, status: answer.status });
    settleWith(unsealed, outcome, {
      status: answer.status,
      bytesIn,
      ...(usage === undefined ? {} : { usage: usageFields(usage) }),
    });
    if (unsealed.restores.length > 0) recordRestores(unsealed);
  }
}

function toOutcome(facts: { cancelled: boolean; failed: boolean; status: number }): Outcome {
  if (facts.cancelled) return "cancelled";
  if (facts.status >= 400) return "refused-by-server";
  return facts.failed ? "failed" : "answered";
}

/** Also for requests that never got an answer. */
export function settleFailure(recorded: Recorded, error: unknown): void {
  const cancelled = recorded.signal.aborted || (error instanceof CloisterError && error.code === "cancelled");
  settleWith(recorded, cancelled ? "cancelled" : "failed", { bytesIn: 0 });
}

/** The answer does not wait for this entry: what left is on record already. */
function settleWith(recorded: Recorded, outcome: Outcome, facts: JsonObject): void {
  const { session, intent } = recorded;
  session.ledger
    .append({ type: "exposure.result", fields: { session: session.id, intent, outcome, ...facts } })
    .catch(session.onTrouble);
}

function recordRestores(unsealed: Unsealed): void {
  const { session, intent, restores } = unsealed;
  const fields = { session: session.id, intent, count: restores.length };
  // The file's name is for the side store; the placeholder stands for the secret, which is nowhere.
  const attachments = restores.map(({ file, kind, placeholder }) => ({
    type: "restore",
    data: Buffer.from(placeholder),
    open: { kind },
    hidden: { sources: [{ path: file, from: 0, to: 0 }] },
  }));
  session.ledger.append({ type: "restore", fields, attachments }).catch(session.onTrouble);
}

function usageFields(usage: Usage): JsonObject {
  return {
    prompt: usage.promptTokens,
    completion: usage.completionTokens,
    ...(usage.cachedTokens === undefined ? {} : { cached: usage.cachedTokens }),
  };
}
