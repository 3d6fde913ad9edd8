import type { RawCall } from "../calls.ts";
import type { Loss, TurnItem } from "../turn.ts";

type Assistant = Extract<TurnItem, { kind: "assistant" }>;
type Result = Extract<TurnItem, { kind: "result" }>;

interface Waiting {
  readonly call: RawCall;
  result: Result | undefined;
}

/**
 * Call, result, call, result, instead of all calls and then all results. The first call is shown at once, every
 * other together with its result, in the order of the calls: so nothing that was shown ever changes, wherever
 * between the results the conversation is cut. What still waits at the very end goes on the losses.
 */
export function oneCallPerMessage(items: readonly TurnItem[], losses: Loss[]): TurnItem[] {
  const shown: TurnItem[] = [];
  let waiting: Waiting[] = [];
  let isFirstShown = false;
  let owner = 0;

  const showNext = (): void => {
    const next = waiting.shift();
    if (next === undefined) return;
    if (!isFirstShown) shown.push({ kind: "assistant", text: "", reasoning: "", calls: [next.call] });
    if (next.result !== undefined) shown.push(next.result);
    isFirstShown = false;
  };

  for (const [index, item] of items.entries()) {
    const answered = item.kind === "result" ? callOf(item, waiting) : undefined;
    if (item.kind === "result" && answered !== undefined) {
      answered.result = item;
      while (waiting[0]?.result !== undefined) showNext();
      continue;
    }
    // The conversation went on without the missing results; the protocol's own filler stands in for them.
    while (waiting.length > 0) showNext();
    shown.push(item.kind === "assistant" ? withFirstCall(item) : item);
    if (item.kind === "assistant") {
      waiting = item.calls.map((call) => ({ call, result: undefined }));
      isFirstShown = waiting.length > 0;
      owner = index;
    }
  }

  for (const { call } of isFirstShown ? waiting.slice(1) : waiting) {
    losses.push({
      path: `items[${owner}].calls (${call.id})`,
      reason: "held back until the result of the call before it is there",
      severity: "semantic",
    });
  }
  return shown;
}

function withFirstCall(item: Assistant): Assistant {
  return item.calls.length > 1 ? { ...item, calls: item.calls.slice(0, 1) } : item;
}

/** Two calls of one answer may have the same id: the first without a result is meant. */
function callOf(item: Result, waiting: readonly Waiting[]): Waiting | undefined {
  return waiting.find(({ call, result }) => call.id === item.callId && result === undefined);
}
