/**
 * Sets one value in a JSON text and leaves every other byte as it is: a person's file keeps its order, its indent and
 * its numbers as they wrote them.
 */
import { isDeepStrictEqual } from "node:util";
import { CloisterError, isRecord, type Json } from "@cloister/base";

/**
 * `at`: the names that lead to the value; objects that are missing on the way are made.
 * @throws CloisterError `bad-settings` where something on the way is no object
 */
export function setInJson(text: string, at: readonly string[], value: Json): string {
  const before = JSON.parse(text) as unknown;
  const edited = setIn(text, at, value);
  // What a scanner of this size cannot be wrong about in silence.
  if (isDeepStrictEqual(JSON.parse(edited), placed(before, at, value))) return edited;
  throw new Error("an edit of a JSON text changed something else");
}

function setIn(text: string, at: readonly string[], value: Json): string {
  let start = skipBlank(text, 0);
  for (const [depth, name] of at.entries()) {
    if (text[start] !== "{") throw noObject(at.slice(0, depth));
    const { members, end } = readObject(text, start);
    // Of a name that stands twice a parser takes the last.
    const found = members.findLast((member) => member.name === name);
    if (found === undefined) return insert(text, { start, end, members }, at.slice(depth), value);
    if (depth === at.length - 1) {
      return text.slice(0, found.start) + JSON.stringify(value) + text.slice(found.end);
    }
    start = found.start;
  }
  return text;
}

interface Member {
  readonly name: string;
  /** Where its name begins, and where its value does. */
  readonly nameAt: number;
  readonly start: number;
  readonly end: number;
}

interface ObjectText {
  readonly start: number;
  /** Of its closing brace. */
  readonly end: number;
  readonly members: readonly Member[];
}

/** The text is known to be JSON: only where things begin and end is asked. */
function readObject(text: string, start: number): ObjectText {
  const members: Member[] = [];
  let at = skipBlank(text, start + 1);
  while (text[at] !== "}") {
    const nameEnd = endOfValue(text, at);
    const valueAt = skipBlank(text, skipBlank(text, nameEnd) + 1);
    const end = endOfValue(text, valueAt);
    members.push({ name: JSON.parse(text.slice(at, nameEnd)) as string, nameAt: at, start: valueAt, end });
    at = skipBlank(text, end);
    if (text[at] === ",") at = skipBlank(text, at + 1);
  }
  return { start, end: at, members };
}

/** As its neighbours stand: on a line of its own, or beside them. */
function insert(text: string, object: ObjectText, names: readonly string[], value: Json): string {
  const [name = "", ...inner] = names;
  const whole = inner.reduceRight<Json>((held, each) => ({ [each]: held }), value);
  const member = `${JSON.stringify(name)}: ${spaced(whole)}`;
  const first = object.members[0];
  const last = object.members.at(-1);
  if (first === undefined || last === undefined) {
    const indent = /[^\n]*$/u.exec(text.slice(0, object.start))?.[0].match(/^[ \t]*/u)?.[0] ?? "";
    const line = `{\n${indent}  ${member}\n${indent}}`;
    return text.slice(0, object.start) + line + text.slice(object.end + 1);
  }
  const gap = text.slice(object.start + 1, first.nameAt);
  const between = gap.includes("\n") ? gap : " ";
  return `${text.slice(0, last.end)},${between}${member}${text.slice(last.end)}`;
}

function spaced(value: Json): string {
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, held]) => `${JSON.stringify(name)}: ${spaced(held)}`);
  return `{ ${members.join(", ")} }`;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^"{}[\]]+/gsu;

function endOfValue(text: string, start: number): number {
  const opens = text[start] === "{" || text[start] === "[";
  if (!opens && text[start] !== '"') return start + (/^[^\s,\]}]+/u.exec(text.slice(start))?.[0].length ?? 0);
  let depth = 0;
  token.lastIndex = start;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [piece] = found;
    if (piece === "{" || piece === "[") depth += 1;
    if (piece === "}" || piece === "]") depth -= 1;
    if (depth === 0) return found.index + piece.length;
  }
  return text.length;
}

function skipBlank(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  return at;
}

function placed(whole: unknown, [name, ...rest]: readonly string[], value: Json): unknown {
  if (name === undefined) return value;
  const held: Readonly<Record<string, unknown>> = isRecord(whole) ? whole : {};
  // As a parser makes it: `__proto__` is a name like any other.
  const own = Object.hasOwn(held, name) ? held[name] : undefined;
  return Object.fromEntries([...Object.entries(held), [name, placed(own, rest, value)]]);
}

function noObject(way: readonly string[]): CloisterError {
  const what = way.length === 0 ? "the file" : `"${way.join(".")}"`;
  return new CloisterError(`${what} must be an object`, { code: "bad-settings" });
}
