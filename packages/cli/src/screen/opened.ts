/** What the keeper knows of a running session, and does for the person at its screen. */
import { recordContact, runCommand, type AirlockSession, type CommandWorld } from "@cloister/airlock";
import type { Probe } from "@cloister/backend";
import type { Classification, Label } from "@cloister/policy";

export interface OpenedSession {
  /** In the ledger, and among the saved ones. */
  readonly id: string;
  /** Of all that the conversation has come to hold. */
  label(): Label;
  classification(): Classification;
  /** What another session came to hold is about to be said in this one. */
  raise(by: Classification): void;
  /** How many secrets were sealed so far. */
  sealed(): number;
  /** Records that a server is asked what it is, before it is. */
  contact(probe: Probe): Promise<void>;
  /** Runs a line of the person's own in a cell, recorded as the agent's commands are. */
  run(line: string, signal: AbortSignal): Promise<{ readonly output: string; readonly exit: string }>;
}

const TIMEOUT_MS = 600_000;

export function toOpenedSession(session: AirlockSession, commands: CommandWorld): OpenedSession {
  return {
    id: session.id,
    label: () => session.standing.classification.label,
    classification: () => session.standing.classification,
    raise: (by) => void session.standing.raise(by),
    sealed: () => session.seals.count,
    contact: (probe) => recordContact(session.ledger, probe),
    run: async (line, signal) => {
      const request = { line: { shell: line }, timeoutMs: TIMEOUT_MS };
      const {
        output,
        exitCode,
        signal: endedBy,
      } = await runCommand(saidByPerson(session), commands, request, signal);
      return { output: session.seals.seal(output).text, exit: String(exitCode ?? endedBy ?? "?") };
    },
  };
}

/** The person's own word, for this one command: nobody is asked. What the policy denies is denied to them too. */
function saidByPerson(session: AirlockSession): AirlockSession {
  return { ...session, judgement: { ...session.judgement, isAdmitted: () => true } };
}
