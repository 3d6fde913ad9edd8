/** `*` stands for any text, blanks included; `\*` for a star. */
export interface TextPattern {
  readonly isExact: boolean;
  /** All that stands between the stars. */
  readonly literals: readonly string[];
  matches(text: string): boolean;
}

export function compileTextPattern(pattern: string): TextPattern {
  const literals = pattern.split(/(?<!\\)\*+/u).map((piece) => piece.replaceAll(String.raw`\*`, "*"));
  return { isExact: literals.length === 1, literals, matches: (text) => isMatch(literals, text) };
}

// Each literal at its first place: linear in the text, where an expression with many stars would take for ever.
function isMatch(literals: readonly string[], text: string): boolean {
  const [first = "", ...rest] = literals;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const literal of rest) {
    const found = text.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
