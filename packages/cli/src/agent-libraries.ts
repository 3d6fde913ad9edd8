/** Which libraries the agent's own cell shows, beside our code, when that runs as a checkout; a bundle has them in it. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What `packages/agent` depends on, with what that depends on. */
const libraries = [
  "unpdf",
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
