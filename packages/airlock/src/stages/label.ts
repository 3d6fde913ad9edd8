import { joinClassifications, type Classification, type Label } from "@cloister/policy";
import type { JsonObject } from "@cloister/base";
import { causesOf, type Cause } from "../labelling/causes.ts";
import type { Parsed } from "./parse.ts";

export interface Labelled extends Parsed {
  /** Of the whole conversation, and so of every request that belongs to it, whatever the request is for. */
  readonly classification: Classification;
  readonly label: Label;
  /** What this request raised it by; to be recorded when it is sealed. */
  readonly raises: readonly Raise[];
}

export interface Raise {
  readonly item: JsonObject;
  readonly from: Classification;
  readonly to: Classification;
  readonly causes: readonly Cause[];
}

/** Looks at what is new in the request. What was said before has had its say already, and counts on. */
export function label(parsed: Parsed): Labelled {
  const { session, turn, route } = parsed;
  const { standing, reading } = session;
  const raises: Raise[] = [];
  for (const item of reading.fresh(turn.given, route.door)) {
    const causes = causesOf(item, session);
    const [first, ...others] = causes.map(({ to }) => to);
    if (first === undefined) continue;
    const from = standing.classification;
    const to = standing.raise(others.reduce(joinClassifications, first));
    if (isWorthRecording(from, to)) raises.push({ item, from, to, causes });
  }
  const { classification } = standing;
  return { ...parsed, classification, label: classification.label, raises };
}

/** That a conversation comes to hold something of its own workspace is nothing to report. */
function isWorthRecording(from: Classification, to: Classification): boolean {
  return (
    from.label !== to.label ||
    from.compartments.length !== to.compartments.length ||
    (from.integrity !== to.integrity && to.integrity !== "workspace")
  );
}
