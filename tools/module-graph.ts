// Cycles between files, type-only ones included, and files that nothing leads to.
import { resolveImport } from "./repository.ts";
import type { Repository, Violation } from "./repository.ts";

/** Files that are started by path rather than imported. */
const ENTRIES: readonly string[] = [
  "packages/cli/src/main.ts",
  "packages/cli/src/agent-main.ts",
  "packages/cli/src/published/first.ts",
  "packages/cli/src/published/agent-first.ts",
];

type Graph = ReadonlyMap<string, readonly string[]>;

export function graphViolations(repository: Repository): Violation[] {
  const graph = toGraph(repository);
  return [...cycles(graph), ...deadFiles(repository, graph)];
}

function toGraph(repository: Repository): Graph {
  const graph = new Map<string, string[]>();
  for (const module of repository.modules.values()) {
    const edges: string[] = [];
    for (const { specifier } of module.source.imports) {
      if (specifier === undefined) continue;
      const target = resolveImport(repository, module, specifier);
      const path = target.kind === "file" || target.kind === "workspace" ? target.path : undefined;
      if (path !== undefined && repository.modules.has(path)) edges.push(path);
    }
    graph.set(module.path, edges);
  }
  return graph;
}

/** A cycle is named once, at the file where a walk in the order of paths first meets it. */
function cycles(graph: Graph): Violation[] {
  const found: Violation[] = [];
  const done = new Set<string>();
  const walk = (path: string, above: readonly string[]): void => {
    const from = above.indexOf(path);
    if (from >= 0) {
      const message = `${[...above.slice(from), path].join(" -> ")} (type-only imports count)`;
      found.push({ path, line: 1, rule: "cycle", message });
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...above, path]);
    done.add(path);
  };
  for (const path of [...graph.keys()].sort()) walk(path, []);
  return found;
}

function deadFiles(repository: Repository, graph: Graph): Violation[] {
  const open = [...ENTRIES];
  for (const manifest of repository.manifests.values()) {
    open.push(...manifest.exports.values(), ...manifest.bin);
  }
  for (const module of repository.modules.values()) if (module.isTest) open.push(module.path);
  const reached = new Set<string>();
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(...(graph.get(path) ?? []));
  }
  // Declarations are about modules of others, and nothing imports them.
  const dead = [...repository.modules.keys()].filter((path) => !reached.has(path) && !path.endsWith(".d.ts"));
  return dead.map((path) => ({
    path,
    line: 1,
    rule: "dead-file",
    message: "no export, command or test leads here",
  }));
}
