/** One question to the session's model in a conversation of its own, which holds the question and nothing else. */
import type { Clock } from "@cloister/base";
import type { ChatMessage, ChatTool, Usage } from "@cloister/wire";
import { readModelAnswer, type AskModel } from "./answer.ts";
import { startConversation, systemMessage } from "./conversation.ts";
import { startDeadline } from "./deadline.ts";
import { systemPrompt } from "./prompt.ts";

export interface FreshQuestionWorld {
  readonly ask: AskModel;
  readonly clock: Clock;
  /** The request begins like all others of the session, so that the server's cached beginning serves. */
  readonly chatTools: () => readonly ChatTool[];
  readonly spend: (usage: Usage | undefined, by?: string) => void;
}

export interface FreshQuestion {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly timeoutMs: number;
}

export type FreshAnswer =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "failed"; readonly why: string };

/** Calls in the answer are nobody's: none is run. Never rejects. */
export async function askFresh(
  { model, messages, timeoutMs }: FreshQuestion,
  { ask, clock, chatTools, spend }: FreshQuestionWorld,
  signal: AbortSignal,
): Promise<FreshAnswer> {
  const conversation = startConversation(model, chatTools());
  for (const message of [systemMessage(systemPrompt), ...messages]) conversation.add(message);
  using over = startDeadline(clock, timeoutMs, "it took too long");
  const answer = await readModelAnswer(
    conversation.request(),
    { ask, clock, emit: () => {}, room: () => Promise.resolve() },
    AbortSignal.any([signal, over.signal]),
  );
  if (answer.kind === "end") {
    spend(answer.usage, answer.extension?.answeredBy?.name);
    return { kind: "answer", text: answer.text };
  }
  return over.signal.aborted ? { kind: "timed-out" } : { kind: "failed", why: answer.message };
}
