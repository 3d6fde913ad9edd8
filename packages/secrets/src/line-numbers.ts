/** How a file reader shows a line: `12<tab>text`, in some clients `   12→text`. */
const NUMBERED = /^ {0,8}\d{1,7}[\t→]/;

/**
 * A value cut out of a listing with line numbers, as it stands in the file. A listing is known by every line after
 * the first having a number; anything else is returned unchanged. The first line has none, because the value
 * begins after it.
 */
export function withoutLineNumbers(value: string): string {
  const lines = value.split("\n");
  if (lines.length === 1 || !lines.slice(1).every((line) => NUMBERED.test(line))) return value;
  return lines.map((line, index) => (index === 0 ? line : line.replace(NUMBERED, ""))).join("\n");
}
