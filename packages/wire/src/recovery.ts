/** What may be shown and run of an answer, whatever the model's family and the server's parser made of it. */
import { isRecord } from "@cloister/base";
import type { FinishReason } from "./chat.ts";
import type { RawCall } from "./calls.ts";
import { Scanner, type Piece } from "./dialects/scanner.ts";
import type { Draft } from "./dialects/dialect.ts";
import { guardCall } from "./guard.ts";
import type { CloisterExtension, RefusalCause, TurnEvent, TurnTool } from "./turn.ts";

export interface RecoveryOptions {
  readonly tools: readonly TurnTool[];
  /** Tool names as the model writes them, to the real ones. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/**
 * Takes the events of one answer as they come, and gives the events that may be shown or run. Text streams on at once unless it may be
 * the beginning of markup; markup is never shown. Calls, the server's own and recovered ones, come after the last text, through the
 * guard; then `end` or `failed`, after which nothing comes any more. Never throws. Linear in the length of the answer.
 */
export interface Recovery {
  push(event: TurnEvent): TurnEvent[];
  /** What was done, for `end.extension`; complete once the answer is over. */
  readonly extension: Pick<CloisterExtension, "recovered" | "refused">;
}

type Found =
  | { readonly kind: "call"; readonly call: RawCall }
  | { readonly kind: "draft"; readonly draft: Draft }
  | Extract<Piece, { readonly kind: "refused" }>;

/** A server's list of calls beyond this is not an answer; the rest is refused. */
const CALLS_MAX = 256;

export function createRecovery(options: RecoveryOptions): Recovery {
  const { tools, aliases = {} } = options;
  const scanner = new Scanner({ tools, aliases });
  const found: Found[] = [];
  const recovered: { readonly id: string; readonly name: string; readonly dialect: string }[] = [];
  const refused: { readonly cause: RefusalCause; readonly detail: string }[] = [];
  let hasText = false;
  let hasReasoning = false;
  let isOver = false;

  return { push, extension: { recovered, refused } };

  function push(event: TurnEvent): TurnEvent[] {
    if (isOver) return [];
    switch (event.kind) {
      case "start":
      case "reading":
      case "judging":
        return [event];
      case "text":
        return asGiven(event, shown(scanner.push(event.text)));
      case "reasoning":
        hasReasoning ||= event.text.trim() !== "";
        return [event];
      case "thought":
        return [event];
      case "call":
        found.push(event);
        return [];
      case "refused":
        refused.push({ cause: event.cause, detail: event.detail });
        return [event];
      case "end":
        isOver = true;
        return conclude(event);
      case "failed": {
        isOver = true;
        const text = shown(scanner.finish());
        const lost = found.map((): TurnEvent =>
          refuse("transport", "The answer broke off, so no call of it was run."),
        );
        return [...text, ...lost.slice(0, 1), event];
      }
    }
  }

  function shown(pieces: readonly Piece[]): TurnEvent[] {
    const events: TurnEvent[] = [];
    for (const piece of pieces) {
      if (piece.kind === "draft" || piece.kind === "refused") {
        found.push(piece);
        continue;
      }
      if (piece.kind === "text") hasText ||= piece.text.trim() !== "";
      else hasReasoning ||= piece.text.trim() !== "";
      events.push(piece);
    }
    return events;
  }

  function conclude(end: Extract<TurnEvent, { kind: "end" }>): TurnEvent[] {
    const events = shown(scanner.finish());
    const results = judge(end.finish);
    if (!hasText && results.length === 0 && refused.length === 0) results.push(...emptyTurn(end.finish));
    const calls = results.filter(({ kind }) => kind === "call").length;
    // Servers say `stop` although calls are there, and the other way round.
    const isWhole = end.finish === "stop" || end.finish === "calls";
    const finishReason: FinishReason = isWhole ? (calls > 0 ? "calls" : "stop") : end.finish;
    return [...events, ...results, { ...end, finish: finishReason }];
  }

  function judge(finish: FinishReason): TurnEvent[] {
    const ids = createIds(found);
    const native = new Set<string>();
    const events: TurnEvent[] = [];
    for (const [index, item] of found.entries()) {
      if (item.kind === "refused") {
        events.push(refuseMarkup(item, finish));
        continue;
      }
      if (index >= CALLS_MAX) {
        events.push(refuse("syntax", `An answer may hold ${CALLS_MAX} calls; the others were not run.`));
        break;
      }
      const raw = item.kind === "call" ? item.call : item.draft;
      const call: RawCall = { id: ids.next(raw.id), name: raw.name, arguments: raw.arguments };
      const guarded = guardCall(call, finish, tools, aliases);
      if (guarded.kind === "refused") {
        events.push(refuse(guarded.cause, guarded.detail, call));
        continue;
      }
      const text = JSON.stringify(guarded.args);
      const key = `${guarded.name} ${sorted(guarded.args)}`;
      // Some servers give a call and leave its markup in the text as well.
      if (item.kind === "draft" && native.has(key)) continue;
      if (item.kind === "call") native.add(key);
      else recovered.push({ id: call.id, name: guarded.name, dialect: item.draft.dialect });
      const kept = isUntouched(raw.arguments, text) ? raw.arguments : text;
      events.push({ kind: "call", call: { id: call.id, name: guarded.name, arguments: kept } });
    }
    return events;
  }

  function refuseMarkup(item: Extract<Found, { kind: "refused" }>, finish: FinishReason): TurnEvent {
    const what = item.name === "" ? "The tool call" : `The call of ${item.name}`;
    if (finish === "length") {
      const detail = `${what} was cut by the token limit, so nothing was run. Make it again in smaller parts.`;
      return refuse("truncated", detail);
    }
    return refuse(
      item.cause,
      `${what} in the text cannot be run: ${item.detail}. Nothing was run. Make the call again.`,
    );
  }

  function emptyTurn(finish: FinishReason): TurnEvent[] {
    // A content filter's end is shown as such; the model could not do better.
    if (finish === "filter") return [];
    const where = hasReasoning ? "only reasoning" : "nothing";
    if (finish === "length") {
      return [
        refuse("truncated", `The answer hit the token limit and held ${where}: no text, no tool call.`),
      ];
    }
    return [
      refuse(
        "empty-turn",
        `The answer held ${where}: no text and no tool call. A call inside reasoning is not run. Make the call, or give the answer.`,
      ),
    ];
  }

  function refuse(cause: RefusalCause, detail: string, call?: RawCall): TurnEvent {
    refused.push({ cause, detail });
    return { kind: "refused", cause, detail, ...(call === undefined ? {} : { call }) };
  }
}

/** The event itself when all of it is shown and nothing else, so that its bytes may pass as they came. */
function asGiven(event: Extract<TurnEvent, { kind: "text" }>, events: TurnEvent[]): TurnEvent[] {
  const [only] = events;
  return events.length === 1 && only?.kind === "text" && only.text === event.text ? [event] : events;
}

/** Ids as they came; what has none, or another call's, gets the next free `call_<n>`. */
function createIds(found: readonly Found[]): { next(id: string): string } {
  const given = new Set(
    found.map((item) => (item.kind === "call" ? item.call.id : item.kind === "draft" ? item.draft.id : "")),
  );
  const used = new Set<string>();
  let count = 0;
  return {
    next(id) {
      count += 1;
      let own = id;
      for (let n = count; own === "" || used.has(own) || (own !== id && given.has(own)); n += 1) {
        own = `call_${n}`;
      }
      used.add(own);
      return own;
    },
  };
}

/** The same for the same arguments in any order. Texts of any kind are let through, unlike in canonical JSON. */
function sorted(args: unknown): string {
  return JSON.stringify(args, (_, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).toSorted(byKey)) : value,
  );
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function isUntouched(text: string, canonical: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === canonical;
  } catch {
    return false; // repaired, so its own text is no JSON
  }
}
