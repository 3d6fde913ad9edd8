/** Keeps the two ends of a text that is too long, whole lines where it has lines: the start says what ran, the end how it went. */
export function cutMiddle(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const head = text.slice(0, charsMax / 2);
  const tail = text.slice(-charsMax / 2);
  const headEnd = head.lastIndexOf("\n") + 1;
  const tailStart = tail.indexOf("\n") + 1;
  const first = (headEnd > 0 ? head.slice(0, headEnd) : `${head}\n`).toWellFormed();
  const last = (tailStart > 0 && tailStart < tail.length ? tail.slice(tailStart) : tail).toWellFormed();
  return `${first}[${text.length - first.length - last.length} characters left out]\n${last}`;
}
