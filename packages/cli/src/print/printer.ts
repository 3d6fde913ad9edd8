import type { AgentEvent } from "@cloister/agent";
import type { SessionOutcome } from "../session.ts";

/** Shows a headless session. */
export interface Printer {
  readonly event: (event: AgentEvent) => void;
  readonly end: (outcome: SessionOutcome) => void;
}
