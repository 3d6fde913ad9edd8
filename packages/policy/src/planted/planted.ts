/**
 * Looks at an edit for what a poisoned model would plant in it. Only what the edit brings counts: what stood in the
 * file before is its owner's. Patterns find what is careless or brazen, not what is clever: a finding asks a person to
 * look, and none is no proof.
 */
import { addedLines, type CodeFinding, type FileEdit } from "./edit.ts";
import { findNewHosts } from "./hosts.ts";
import { findInManifest } from "./manifests.ts";
import { checkLine } from "./text-checks.ts";
import { findWeakenedTests } from "./weakened-tests.ts";

const ADDED_LINES_MAX = 50_000;
const FINDINGS_MAX = 50;

export interface PlantedOptions {
  /** Hosts that the code of the workspace talks to anyway, or that a person endorsed. Lower case. */
  readonly knownHosts?: ReadonlySet<string>;
}

/** In the order of the lines; at most 50. Hard-coded credentials are found by the detector of secrets, not here. */
export function findPlanted(edit: FileEdit, options: PlantedOptions = {}): CodeFinding[] {
  const added = addedLines(edit).slice(0, ADDED_LINES_MAX);
  const found = [
    ...added.flatMap((line) => checkLine(edit.path, line)),
    ...findNewHosts(edit, added, options.knownHosts ?? new Set()),
    ...findInManifest(edit, added),
    ...findWeakenedTests(edit, added),
  ];
  return found
    .toSorted((first, second) => (first.line ?? Infinity) - (second.line ?? Infinity))
    .slice(0, FINDINGS_MAX);
}
