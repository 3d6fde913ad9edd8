import type { HelpTopic } from "../../help-arguments.ts";

/** What `cloister --help` says: a first page for a small terminal, and all of each command on a page of its own. */
export interface HelpWords {
  readonly first: string;
  readonly pages: Readonly<Record<HelpTopic, string>>;
}
