/**
 * Text in the Markdown that editors show, as it is. Outside of a fence `<!-- … -->` is not seen at all, and a picture's
 * address is fetched. The fence is longer than any run of backticks within: a text must not end itself.
 */
export function fenced(text: string): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
