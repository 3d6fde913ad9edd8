/** What a person said "always" to, by hash: another argument, another folder or another content of a script asks again. */
import { canonicalJson, sha256, type Json } from "@cloister/base";
import { programOf } from "./carriers.ts";
import { layersOf } from "./matching.ts";
import { parseShell } from "./shell/parse.ts";
import type { Word } from "./shell/script.ts";

export interface ApprovedCall {
  readonly tool: string;
  readonly text: string;
  readonly parameters?: Readonly<Record<string, Json>>;
  readonly workspace: string;
  /** SHA-256 (hex) of the files that the call would run, by their paths: see `scriptsRunBy`. */
  readonly contents?: Readonly<Record<string, string>>;
}

/** SHA-256 (hex) over the canonical JSON of the whole call. */
export function approvalHash({
  tool,
  text,
  parameters = {},
  workspace,
  contents = {},
}: ApprovedCall): string {
  return sha256(canonicalJson({ v: 1, tool, text, parameters, workspace, contents })).toString("hex");
}

const SCRIPTS_MAX = 20;
const interpreters =
  /^(?:(?:ba|da|z|k|a)?sh|python[\d.]*|node|deno|bun|ruby|perl|php|lua|Rscript|source|\.)$/u;

/** The files that a command would run as programs or scripts, as they are named in it. */
export function scriptsRunBy(command: string): readonly string[] {
  const script = parseShell(command);
  if (script.kind === "unreadable") return [];
  const found = new Set<string>();
  for (const { words: outer } of script.commands) {
    const words = layersOf(outer).at(-1) ?? outer;
    const file = scriptOf(words);
    if (file !== undefined && found.size < SCRIPTS_MAX) found.add(file);
  }
  return [...found];
}

function scriptOf(words: readonly Word[]): string | undefined {
  const program = words[0]?.literal;
  if (program === undefined) return undefined;
  if (!interpreters.test(programOf(words))) return program.includes("/") ? program : undefined;
  return words.slice(1).find((word) => !word.start.startsWith("-"))?.literal;
}
