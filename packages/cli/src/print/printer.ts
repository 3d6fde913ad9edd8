import type { JsonObject } from "@cloister/base";
import type { AgentEvent } from "@cloister/agent";
import type { SessionOutcome } from "../session.ts";

/** Shows a headless session. */
export interface Printer {
  /** Answers to control requests; formats without them leave it out. */
  readonly respond?: (line: JsonObject) => void;
  readonly event: (event: AgentEvent) => void;
  readonly end: (outcome: SessionOutcome) => void;
}
