import type { McpServer } from "@cloister/agent/extensions";
import type { Approve } from "@cloister/airlock";
import type { Label, Policy } from "@cloister/policy";
import type { AgentHandle } from "../agent-host.ts";
import type { ChosenEndpoint } from "../endpoint.ts";
import type { OpenedExtensions } from "../extension/open.ts";
import type { Printer } from "../print/printer.ts";
import type { Story } from "../sessions/story.ts";
import type { OpenedSession } from "./opened.ts";
import type { Tier } from "@cloister/cell";

/** A person's screen, in the place of lines that are printed. */
export interface RunScreen {
  readonly printer: Printer;
  /** Without it nobody is there, and what needs a word is refused. */
  readonly approve?: Approve;
  readonly drive: (agent: AgentHandle) => void;
  /** Who answers in the place of a model; without it, the model that flags and settings name. */
  readonly choose?: () => ChosenEndpoint;
  /** The model is chosen; the cells are made next. */
  readonly begin: (chosen: ChosenEndpoint, held: { tier: Tier; label: Label; policy: Policy }) => void;
  readonly onOpen: (opened: OpenedSession) => void;
  /** What developers bring was read. True: the person has said something about it, and it is to be read again. */
  readonly bring?: (extensions: OpenedExtensions) => Promise<boolean>;
  /** MCP servers that came with it, each approved by the person. */
  readonly servers?: readonly McpServer[];
  /** A saved session goes on: what was said in it so far. */
  readonly goesOn?: (story: Story) => Promise<void>;
}
