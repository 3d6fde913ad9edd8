/** The agent's handle, with the keeper's hand on its mode: the agent is told of a mode only once the keeper is in it. */
import type { Judgement } from "@cloister/airlock";
import type { AgentHandle } from "../agent-host.ts";
import type { WhyNotMode } from "./modes.ts";

export interface Governance {
  readonly judgement: Pick<Judgement, "setMode">;
  readonly whyNotMode: WhyNotMode;
  readonly onTrouble: (trouble: unknown) => void;
  /** Told of each message of the person's before the agent is. */
  readonly onMessage?: (text: string) => void;
}

/** A mode that the policy forbids is trouble, and changes nothing; `whyNotMode` asks beforehand. */
export function governAgent(
  agent: AgentHandle,
  { judgement, whyNotMode, onTrouble, onMessage }: Governance,
): AgentHandle {
  return {
    ...agent,
    whyNotMode,
    send: (message) => {
      onMessage?.(message.text);
      agent.send(message);
    },
    setMode: (mode) => {
      const why = whyNotMode(mode);
      if (why !== undefined) {
        onTrouble(why);
        return;
      }
      judgement.setMode(mode);
      agent.setMode(mode);
    },
    // A plan is approved by the person, and what comes after it is theirs to say.
    answer: (id, answer) => {
      if (answer.kind === "approved") {
        const why = whyNotMode(answer.mode);
        if (why !== undefined) {
          onTrouble(why);
          agent.answer(id, { kind: "declined", why: why.message });
          return;
        }
        judgement.setMode(answer.mode);
      }
      agent.answer(id, answer);
    },
  };
}
