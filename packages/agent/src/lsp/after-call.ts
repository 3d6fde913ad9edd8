/** Tells language servers what calls changed and showed, and the model what they say to it. */
import type { ToolResult, ToolWorld } from "../tools/tool.ts";
import { rangesOf } from "./diagnostics.ts";

const SEEN_MAX = 5;

/** The result, with the problems that an edit brought. @throws the signal's reason */
export async function withProblems(
  result: ToolResult,
  { languages }: Pick<ToolWorld, "languages">,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (languages === undefined || !result.ok) return result;
  if (result.diff === undefined) {
    const shown = new Set(result.sources.map(({ path }) => path));
    // A search shows a line of each of many files: nobody is about to change them all.
    if (shown.size <= SEEN_MAX) for (const path of shown) languages.saw(path);
    return result;
  }
  const problems = await languages.afterChange(result.diff.path, signal);
  if (problems === undefined) return result;
  return {
    ...result,
    text: `${result.text}\n${problems.text}`,
    sources: [...result.sources, ...rangesOf(problems.about)],
    // Not the file's own text any more: a secret that a program quotes is not known to be of this file.
    source: "command",
  };
}
