/** Questions to the person, each waiting for the answer with its id. */
import { newId } from "@cloister/base";
import { rejectWhenAborted } from "./answer.ts";
import type { AgentEvent } from "./events.ts";
import type { Ask, AskAnswer } from "./tools/tool.ts";

export interface Questions {
  readonly ask: (what: Ask, signal: AbortSignal) => Promise<AskAnswer>;
  /** An answer to no question is left alone: the question was interrupted meanwhile. */
  readonly answer: (id: string, answer: AskAnswer) => void;
}

export function createQuestions(emit: (event: AgentEvent) => void): Questions {
  const open = new Map<string, (answer: AskAnswer) => void>();
  return {
    ask: async (what, signal) => {
      const id = newId("ask");
      const { promise, resolve } = Promise.withResolvers<AskAnswer>();
      const aborted = rejectWhenAborted(signal);
      open.set(id, resolve);
      emit({ kind: "question", id, ask: what });
      try {
        return await Promise.race([promise, aborted.promise]);
      } finally {
        open.delete(id);
        aborted.forget();
      }
    },
    answer: (id, answer) => open.get(id)?.(answer),
  };
}
