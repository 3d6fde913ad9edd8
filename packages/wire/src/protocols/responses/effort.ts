import type { ReasoningEffort } from "../../turn.ts";
import type { LossList } from "./losses.ts";

const EFFORTS: ReadonlySet<string> = new Set(["none", "minimal", "low", "medium", "high"]);

/** Efforts above `high` are vendors' own. */
export function readEffort(value: unknown, path: string, losses: LossList): ReasoningEffort | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && EFFORTS.has(value)) return value as ReasoningEffort;
  const isAbove = value === "xhigh" || value === "max" || value === "ultra";
  losses.cosmetic(path, isAbove ? "carried as high" : "this effort is not known");
  return isAbove ? "high" : undefined;
}
