import { ordinary, type Family } from "./family.ts";

/**
 * For a model that no family claims: what no template refuses. All reasoning goes back, for a template drops what it
 * does not want, and dropping it here would only void the prefix. Dialects are all tried.
 */
export const unknownFamily: Family = {
  ...ordinary,
  name: "unknown",
  matches: [],
  reasoning: { tags: ["<think>", "</think>"], echo: "always", field: "reasoning_content" },
  systemRule: "first-only",
  // Those of every family are neutralised for it.
  specialTokens: [],
};
