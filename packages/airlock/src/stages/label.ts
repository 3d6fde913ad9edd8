import type { Label } from "@cloister/policy";
import type { Parsed } from "./parse.ts";

export interface Labelled extends Parsed {
  readonly label: Label;
}

/** One label for the workspace, and so for every request of its session, whatever the request is for. */
export function label(parsed: Parsed): Labelled {
  return { ...parsed, label: parsed.session.workspaceLabel };
}
