/**
 * Side questions: asked of the model over the conversation as it stands, and answered beside it. The request begins with
 * the conversation's bytes, so that its cached beginning serves; the conversation itself does not learn of it.
 */
import type { ChatMessage } from "@cloister/wire";
import { readModelAnswer, type AskOptions } from "./answer.ts";
import type { Conversation } from "./conversation.ts";
import type { AgentEvent } from "./events.ts";
import { callsIn, note } from "./history.ts";
import type { Meter } from "./limits.ts";

export interface Asides {
  /** Answered in events with the same id, the last of which is `end`. */
  ask(id: string, question: string): void;
  /** False: there is none with this id. */
  stop(id: string): boolean;
  close(): void;
}

export interface AsidesOptions extends Omit<AskOptions, "emit"> {
  readonly conversation: Pick<Conversation, "items" | "requestFor">;
  readonly emit: (event: AgentEvent) => void;
  readonly meter: () => Meter;
}

/** A person asks one at a time; more would only be in each other's way. */
const AT_ONCE_MAX = 4;

export function createAsides({ conversation, emit, meter, ...asking }: AsidesOptions): Asides {
  const open = new Map<string, AbortController>();

  const answer = async (id: string, question: string, signal: AbortSignal): Promise<void> => {
    const tell = (what: Extract<AgentEvent, { kind: "aside" }>["what"]): void =>
      emit({ kind: "aside", id, what });
    const request = conversation.requestFor([...answered(conversation.items), toQuestion(question)]);
    const said = await readModelAnswer(
      request,
      {
        ...asking,
        emit: (event) => {
          if (event.kind === "text") tell(event);
        },
      },
      signal,
    );
    if (said.kind === "failed") {
      const { code, message, next } = said;
      return tell({ kind: "end", error: { code, message, ...(next === undefined ? {} : { next }) } });
    }
    meter().spend(said.usage, said.extension?.answeredBy?.name);
    // The tools stand in the cached beginning, and a model may call one all the same. Nothing is run.
    const isEmpty = said.text.trim() === "";
    const error = {
      code: "no-answer",
      message: "the model did not answer in words",
      next: "ask in other words",
    };
    tell({
      kind: "end",
      ...(said.usage === undefined ? {} : { usage: said.usage }),
      ...(isEmpty ? { error } : {}),
    });
  };

  return {
    ask(id, question) {
      if (open.has(id) || open.size >= AT_ONCE_MAX) {
        const message = `${open.size} side questions are being answered`;
        emit({ kind: "aside", id, what: { kind: "end", error: { code: "too-many-asides", message } } });
        return;
      }
      const controller = new AbortController();
      open.set(id, controller);
      void answer(id, question, controller.signal).finally(() => open.delete(id));
    },
    stop(id) {
      open.get(id)?.abort(new Error("stopped by the user"));
      return open.has(id);
    },
    close() {
      for (const controller of open.values()) controller.abort(new Error("the session is over"));
    },
  };
}

/** While calls run their results are not there yet, and no server takes a history with a call that has none. */
function answered(items: readonly ChatMessage[]): readonly ChatMessage[] {
  const waiting = new Set<unknown>();
  let whole = 0;
  for (const [index, item] of items.entries()) {
    for (const { id } of callsIn(item)) waiting.add(id);
    if (item.role === "tool") waiting.delete(item.tool_call_id);
    if (waiting.size === 0) whole = index + 1;
  }
  return items.slice(0, whole);
}

function toQuestion(question: string): ChatMessage {
  return note(
    "The user has a question beside the work. Answer it from what you know already, briefly; do not call tools, and do not " +
      `go on with the work.\n\n${question}`,
  );
}
