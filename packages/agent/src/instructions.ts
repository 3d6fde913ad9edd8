/** The project's own words to agents, read as text and sent as the first user message. They are never run. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";

export interface Instructions {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
}

/** In this order; a second file is left out when it says the same. */
const names = ["AGENTS.md", "CLAUDE.md"];
const INSTRUCTION_BYTES_MAX = 32 * 1024;

export async function readInstructions(workspace: string): Promise<Instructions[]> {
  const found: Instructions[] = [];
  for (const path of names) {
    const text = await readStart(join(workspace, path));
    if (text === undefined || text.trim() === "" || found.some((other) => other.text === text)) continue;
    found.push({ path, text, lines: text.trimEnd().split("\n").length });
  }
  return found;
}

export function formatInstructions(instructions: readonly Instructions[]): string {
  const parts = instructions.map(
    ({ path, text }) => `Instructions of this project, from ${path}:\n\n${text.trimEnd()}`,
  );
  return parts.join("\n\n");
}

async function readStart(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, "r");
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(INSTRUCTION_BYTES_MAX),
      0,
      INSTRUCTION_BYTES_MAX,
      0,
    );
    return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    // No such file, or a link to something outside the cell: then the project has no instructions.
    if (systemCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}
