/** Where the values of a JSON text stand, so that one of them can be replaced and all others keep their bytes. */

/** Offsets in the text: the first character, and the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const WHITE = /[ \t\r\n]*/y;
const PLAIN = /[^,\]}\s]*/y;

/** Of the whole value in a text. All functions here want a text that `JSON.parse` has taken. */
export function rootOf(text: string): Span {
  const start = afterWhite(text, 0);
  return { start, end: endOfValue(text, start) };
}

/** The values of an object by their names; of a name that stands twice the last one, as `JSON.parse` has it. */
export function membersOf(text: string, object: Span): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>();
  for (let at = afterWhite(text, object.start + 1); text[at] === '"';) {
    const nameEnd = endOfString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const start = afterWhite(text, afterWhite(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    members.set(name, { start, end });
    const next = afterWhite(text, end);
    at = text[next] === "," ? afterWhite(text, next + 1) : next;
  }
  return members;
}

export function elementsOf(text: string, array: Span): readonly Span[] {
  const elements: Span[] = [];
  for (let at = afterWhite(text, array.start + 1); at < array.end - 1;) {
    const end = endOfValue(text, at);
    elements.push({ start: at, end });
    const next = afterWhite(text, end);
    at = text[next] === "," ? afterWhite(text, next + 1) : next;
  }
  return elements;
}

function afterWhite(text: string, at: number): number {
  WHITE.lastIndex = at;
  WHITE.test(text);
  return WHITE.lastIndex;
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== "{" && first !== "[") {
    PLAIN.lastIndex = start;
    PLAIN.test(text);
    return PLAIN.lastIndex;
  }
  // A count and no recursion: a hostile file may be nested deeper than the stack is.
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
