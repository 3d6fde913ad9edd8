/** What was said in an earlier session, as it looked when it was said; without times, and without what calls gave. */
import { callLine, indented, INDENT, userBlock } from "../blocks/blocks.ts";
import { escapeUntrusted } from "../text/escape.ts";
import { line, span, type Line } from "../text/line.ts";
import { lexMarkdown, renderBlocks } from "../text/markdown.ts";

export type ReplayPart =
  | { readonly kind: "user" | "model" | "note"; readonly text: string }
  /** `about`: what the call was about, in one line. */
  | { readonly kind: "call"; readonly name: string; readonly about: string; readonly isError: boolean };

/** Blocks with a blank line between them; calls stand together. */
export function replayLines(parts: readonly ReplayPart[], columns: number): Line[] {
  return parts.flatMap((part, index) => {
    const isApart = index > 0 && !(part.kind === "call" && parts[index - 1]?.kind === "call");
    return [...(isApart ? [[]] : []), ...linesOfPart(part, columns)];
  });
}

function linesOfPart(part: ReplayPart, columns: number): Line[] {
  switch (part.kind) {
    case "user":
      return userBlock(part.text, columns);
    case "model":
      return indented(renderBlocks(lexMarkdown(escapeUntrusted(part.text)), columns - INDENT));
    case "note":
      return [line(span(part.text, "dim"))];
    case "call": {
      const style = part.isError ? "bad" : "good";
      return [callLine({ name: part.name, args: { about: part.about }, sign: "●", style }, columns)];
    }
  }
}
