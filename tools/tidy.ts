// The repository's own rules, checked as a test: layering, hygiene, and nothing dead or circular.
import { importViolations, manifestViolations } from "./import-rules.ts";
import { graphViolations } from "./module-graph.ts";
import { readRepository } from "./repository.ts";
import type { Tree, Violation } from "./repository.ts";
import { codeViolations, lengthViolations, textViolations } from "./text-rules.ts";

/** All that breaks a rule in this tree, in the order of paths and lines. */
export function findViolations(tree: Tree): Violation[] {
  const repository = readRepository(tree);
  const rules = [
    importViolations,
    manifestViolations,
    graphViolations,
    codeViolations,
    lengthViolations,
    textViolations,
  ];
  const found = rules.flatMap((rule) => rule(repository));
  return found.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

export function formatViolation({ path, line, rule, message }: Violation): string {
  return `${path}:${line} ${rule}: ${message}`;
}
