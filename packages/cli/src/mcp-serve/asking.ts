/**
 * What needs a person's word, asked through the client (Model Context Protocol, 2025-11-25, "Elicitation"). What is shown
 * is what the client itself sent, to the last byte, and our reason; of the project's files nothing, for it may not be
 * cleared for them. What is no clear yes is a no.
 */
import type { Rpc } from "@cloister/agent/rpc";
import type { Approval, Question } from "@cloister/airlock";
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { showUnseen } from "@cloister/policy";

/** The call as the client made it. */
export interface ClientCall {
  readonly name: string;
  readonly args: JsonObject;
}

export type AskClient = (question: Question, call: ClientCall, signal: AbortSignal) => Promise<Approval>;

/** A person may be at lunch. */
const ANSWER_MS_MAX = 3_600_000;
/** Never in part: about what is longer nobody is asked. */
const MESSAGE_CHARS_MAX = 100_000;

const requestedSchema: JsonObject = {
  type: "object",
  properties: {
    answer: {
      type: "string",
      title: "Your answer",
      oneOf: [
        { const: "no", title: "Reject" },
        { const: "once", title: "Allow once" },
        { const: "session", title: "Allow in this session" },
      ],
    },
  },
  required: ["answer"],
};

/** Whether the client's `capabilities` say that it shows forms; `{}` is what said so before there was another way. */
export function canAsk(capabilities: Json | undefined): boolean {
  const elicitation = isRecord(capabilities) ? capabilities["elicitation"] : undefined;
  if (!isRecord(elicitation)) return false;
  return isRecord(elicitation["form"]) || Object.keys(elicitation).length === 0;
}

export function createAskClient(rpc: Pick<Rpc, "request">): AskClient {
  return async (question, call, signal) => {
    const message = messageFor(question, call);
    if (message.length > MESSAGE_CHARS_MAX) return "no";
    try {
      const { action, content } = await rpc.request({
        method: "elicitation/create",
        params: { mode: "form", message, requestedSchema },
        timeoutMs: ANSWER_MS_MAX,
        signal,
      });
      const answer = action === "accept" && isRecord(content) ? content["answer"] : undefined;
      return answer === "once" || answer === "session" ? answer : "no";
    } catch {
      return "no"; // the client is gone, will not ask, or it was taken back: nobody said yes
    }
  };
}

export function messageFor(
  { tool, text, reason, rule, findings }: Question,
  { name, args }: ClientCall,
): string {
  const why = [reason ?? rule, ...findings.map(({ path, why: found }) => `${path}: ${found}`)];
  const sent = JSON.stringify(args, undefined, 2);
  return showUnseen(
    `Cloister asks before this is done: ${tool}: ${text}\n\n${why.join("\n")}\n\nThe call, as it was sent: ${name} ${sent}`,
  );
}
