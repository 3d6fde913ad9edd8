/** Gets the commands and files that a skill's or command's text asks for, and makes one text of it. */
import { messageOf } from "@cloister/base";
import type { Piece } from "./extension/template.ts";
import { readTool } from "./tools/read.ts";
import type { FileRange, ToolWorld } from "./tools/tool.ts";

export type Expanded =
  | {
      readonly kind: "text";
      readonly text: string;
      readonly files: readonly FileRange[];
      readonly hasOutput: boolean;
    }
  /** A command in it failed; then nothing of it is told, as half of it would mislead. */
  | { readonly kind: "failed"; readonly why: string };

const COMMAND_MS_MAX = 120_000;
const TEXT_CHARS_MAX = 100_000;

/** Commands go the way of every command: the keeper looks at them, and starts them in a cell of their own. */
export async function expandPieces(
  pieces: readonly Piece[],
  world: ToolWorld,
  signal: AbortSignal,
): Promise<Expanded> {
  const parts: string[] = [];
  const files: FileRange[] = [];
  for (const piece of pieces) {
    switch (piece.kind) {
      case "text":
        parts.push(piece.text);
        break;
      case "command": {
        const ran = await runInsert(piece.shell, world, signal);
        if (ran.why !== undefined) return { kind: "failed", why: `${piece.written}: ${ran.why}` };
        parts.push(ran.output);
        break;
      }
      case "file": {
        const read = await readTool.run({ file_path: piece.path }, world, signal);
        parts.push(read.ok ? `\n${piece.path}:\n${read.text}\n` : `@${piece.path}`);
        if (read.ok) files.push(...read.sources);
      }
    }
  }
  const text = parts.join("");
  const whole =
    text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX).toWellFormed()}\n(cut here)`;
  return { kind: "text", text: whole, files, hasOutput: pieces.some(({ kind }) => kind === "command") };
}

async function runInsert(
  shell: string,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<{ readonly output: string; readonly why: string | undefined }> {
  try {
    const ran = await world.run({ shell }, { timeoutMs: COMMAND_MS_MAX, signal });
    const why =
      ran.refused ??
      (ran.timedOut
        ? `it took longer than ${COMMAND_MS_MAX / 1000} s`
        : ran.exitCode === 0
          ? undefined
          : `it ended with ${ran.exitCode ?? ran.signal ?? "nothing"}: ${ran.output.trim().slice(0, 500)}`);
    return { output: ran.output.trimEnd(), why };
  } catch (error) {
    signal.throwIfAborted();
    return { output: "", why: messageOf(error) };
  }
}
