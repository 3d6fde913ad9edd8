/** Which libraries the agent's own cell shows, beside our code, when that runs as a checkout; a bundle has them in it. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** What `packages/agent` depends on, with what that depends on. */
const libraries = [
  "unpdf",
  "@vscode/tree-sitter-wasm",
  "htmlparser2",
  "domelementtype",
  "domhandler",
  "domutils",
  "dom-serializer",
  "entities",
];

export function agentLibraries(nodeModules: string): string[] {
  return libraries.map((name) => join(nodeModules, name)).filter((folder) => existsSync(folder));
}

/** Where the grammars of the repository map are: a folder of the bundle, or of the library. Undefined: nowhere. */
export function findGrammars(entry: string): string | undefined {
  const folder = dirname(realpathSync(entry));
  const places = [
    join(folder, "grammars"),
    join(folder, "../../../node_modules/@vscode/tree-sitter-wasm/wasm"),
  ];
  return places.find((place) => existsSync(join(place, "tree-sitter.wasm")));
}
