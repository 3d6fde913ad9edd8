/** What a conversation has come to hold. It rises with what is added, and nothing that happens to it lets it fall. */
import { joinClassifications, type Classification, type RuleSource } from "@cloister/policy";

/** Where a request goes instead of the endpoint that was asked for, and the rule that sent it there. */
export interface Detour {
  /** The endpoint's name. */
  readonly to: string;
  readonly source: RuleSource;
  readonly why: string;
}

/** Shared by all that belongs to a conversation: what stands beside it, and what it is compacted to. */
export interface Standing {
  readonly classification: Classification;
  /** Of requests that asked for this endpoint and model: what could not go there once does not go there again. */
  readonly detours: Map<string, Detour>;
  /** The join with what it was. */
  raise(by: Classification): Classification;
}

export function createStanding(start: Classification): Standing {
  let classification = start;
  return {
    get classification() {
      return classification;
    },
    detours: new Map(),
    raise(by) {
      classification = joinClassifications(classification, by);
      return classification;
    },
  };
}
