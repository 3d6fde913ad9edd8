/** How a session of the agent is run, as its flags say. */
import type { Goal } from "@cloister/agent/goal";
import type { Label } from "@cloister/policy";
import type { CallFlags } from "./permissions/read-permissions.ts";
import type { PermissionFlags } from "./permissions/permission-arguments.ts";
import type { SessionFlags } from "./sessions/session-arguments.ts";
import type { SessionReview } from "./cell-arguments.ts";

export interface RunArguments {
  readonly command: "run";
  readonly prompt: string;
  /** That the work is held to. */
  readonly goal?: Goal;
  /** Files of pictures that are shown with the prompt. */
  readonly images: readonly string[];
  readonly endpoint: string | undefined;
  readonly model: string | undefined;
  /** Who answers when the endpoint is down, in order. Undefined: as the settings say. */
  readonly fallbacks?: readonly string[];
  /** The window to reckon with; the server must have it. */
  readonly contextTokens: number | undefined;
  readonly turnsMax: number;
  readonly tokensMax: number | undefined;
  readonly timeMsMax: number | undefined;
  readonly costMax: number | undefined;
  /** A JSON Schema that the answer must fit: a file, or the schema itself. */
  readonly jsonSchema: string | undefined;
  /** `stream-json`: messages come on stdin, a line each. */
  readonly inputFormat: "text" | "stream-json";
  readonly format: OutputFormat;
  /** Undefined: as the settings say, else the whole cell. */
  readonly tier: "bubblewrap" | "none" | undefined;
  readonly label: Label | undefined;
  readonly clearance: Label | undefined;
  readonly ledger: string | undefined;
  /** What becomes of what the session writes; undefined: as the settings say, else it is written in place. */
  readonly review: SessionReview | undefined;
  /** Patterns of files that a rule would hide from the session. */
  readonly show: readonly string[];
  /** Further hosts that pages and commands may reach in this run; see `parseEgressRules`. */
  readonly allowHosts: readonly string[];
  /** Files with exact texts that a person takes out of classification. */
  readonly declassify: readonly string[];
  readonly calls: CallFlags;
  readonly permissions: PermissionFlags;
  readonly session: SessionFlags;
}

export type OutputFormat = "text" | "json" | "stream-json";
