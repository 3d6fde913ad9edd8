/** Instruction files of folders below the workspace, read in the agent's own cell when a file there is first seen. */
import { readNestedInstructions, type InstructionSet } from "@cloister/agent/extensions";
import { createExtensionWorld } from "./reader.ts";

export function createNestedReader(
  workspace: string,
  show: readonly string[],
): (path: string, seen: readonly string[]) => Promise<InstructionSet> {
  return (path, seen) => {
    // Anew each time: what was not there a moment ago may be there now.
    const world = createExtensionWorld({
      places: { workspace },
      managed: { directory: "/etc/cloister", owner: 0 },
      // Nothing outside the workspace is read.
      ...{ owners: new Set<number>(), show },
    });
    return readNestedInstructions(world, path, { seen });
  };
}
