export type LineEnd = "\n" | "\r\n";

/** The more frequent line end, or undefined where there is none. */
export function lineEndOf(text: string): LineEnd | undefined {
  let feeds = 0;
  let pairs = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    feeds++;
    if (text[at - 1] === "\r") pairs++;
  }
  if (feeds === 0) return undefined;
  return pairs * 2 > feeds ? "\r\n" : "\n";
}

export function withLineEnd(text: string, lineEnd: LineEnd): string {
  return text.replace(/\r?\n/g, lineEnd);
}
