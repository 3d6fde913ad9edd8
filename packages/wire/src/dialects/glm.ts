/**
 * GLM 4.5 to 5: `<tool_call>N<arg_key>K</arg_key><arg_value>V</arg_value></tool_call>`. Each of the inner tags has been
 * seen missing and doubled; what is left still says where key and value are.
 */
import {
  isBlank,
  matchAt,
  propertiesOf,
  skipBlanks,
  toolOf,
  type BlockReader,
  type DialectContext,
  type DialectTool,
  type Draft,
  type Reading,
} from "./dialect.ts";
import { parseLoose } from "./loose-json.ts";
import { withoutLayout } from "./values.ts";

interface Mark {
  readonly name: string;
  readonly isClose: boolean;
  readonly start: number;
  readonly end: number;
}

const MARKS_MAX = 10_000;

export const readGlm: BlockReader = (text, at, context) => {
  const marks = readMarks(text, at);
  let index = 0;
  while (is(marks[index], "tool_call", false) && isBlankTo(index)) index += 1;
  const opener = marks[index - 1];
  if (opener === undefined) return { kind: "text" };
  // Hunyuan writes a tag of its own behind the name.
  const head = text
    .slice(opener.end, marks[index]?.start ?? text.length)
    .replace("<tool_sep>", "")
    .trim();
  const name = /^["']?([\w.:/-]{1,128})/.exec(head)?.[1] ?? "";
  if (name === "") return { kind: "text" };
  const json = head.slice(name.length).trimStart();
  if (/^(?:```\w{0,8}\s*)?\{/.test(json)) return readNamedJson(text, opener.end, name);
  const mark = marks[index];
  if (mark === undefined) {
    const isCut = /^\s*(?:<[^>\n]*)?$/.test(head.slice(name.length)) && toolOf(name, context) !== undefined;
    return isCut ? { kind: "cut", name } : { kind: "text" };
  }

  const glued = is(mark, "arg_key", true) ? splitGlued(head, context) : { name: head, key: "" };
  if (glued === undefined || (glued.key === "" && /\s/.test(head))) return { kind: "text" };
  const tool = toolOf(glued.name, context);
  // The evidence of a bare word between two tags is thin: it must be a tool.
  if (is(mark, "tool_call", true) && tool === undefined) return { kind: "text" };
  return readPairs(text, marks, index, glued, tool);

  function isBlankTo(to: number): boolean {
    return to === 0 || isBlank(text, marks[to - 1]?.end ?? 0, marks[to]?.start ?? 0);
  }
};

/** Pairs without the opening tag and the name before them: what was to be called is a guess, so nothing is. */
export const readHeadlessGlm: BlockReader = (text, at) => {
  const close = text.lastIndexOf("</");
  const end = close < at ? text.length : text.indexOf(">", close) + 1 || text.length;
  return { kind: "broken", name: "", detail: "its opening tag <tool_call> is missing", end };
};

function readPairs(
  text: string,
  marks: readonly Mark[],
  from: number,
  head: { readonly name: string; readonly key: string },
  tool: DialectTool | undefined,
): Reading {
  const { name } = head;
  const values = new Map<string, string>();
  let index = from;
  let pendingKey = head.key;
  for (;;) {
    const mark = marks[index];
    if (mark === undefined) return { kind: "cut", name };
    if (is(mark, "tool_call", true) && pendingKey === "") return finish(mark.end);
    if (is(mark, "arg_key", false)) {
      const next = marks[index + 1];
      // Doubled opening tag, or the key up to whichever of the two tags came.
      if (next !== undefined && is(next, "arg_key", false)) {
        index += 1;
        continue;
      }
      if (next === undefined) return { kind: "cut", name };
      pendingKey = text.slice(mark.end, next.start).trim();
      index += 1;
      if (!is(next, "arg_key", true) && !is(next, "arg_value", false)) return broken(next.end);
      continue;
    }
    if (pendingKey === "" || is(mark, "tool_call", false)) return broken(mark.end);
    // At the end of the key, or at the beginning of the value when the key's end is missing.
    let start = mark.end;
    while (isTag(marks[index + 1]) && isBlank(text, start, marks[index + 1]?.start ?? 0)) {
      index += 1;
      start = marks[index]?.end ?? start;
    }
    const close = closeOf(text, marks, index, start, tool);
    if (close === undefined) return { kind: "cut", name };
    const value = withoutLayout(text.slice(start, close.start), pendingKey, tool, "exact");
    if (values.has(pendingKey) && values.get(pendingKey) !== value) return broken(close.start);
    values.set(pendingKey, value);
    pendingKey = close.key;
    index = close.next;
  }

  function finish(end: number): Reading {
    const draft: Draft = {
      dialect: "glm",
      id: "",
      name,
      arguments: JSON.stringify(Object.fromEntries(values)),
    };
    return { kind: "calls", drafts: [draft], end };
  }
  function broken(end: number): Reading {
    return { kind: "broken", name, detail: "its keys and values do not stand in pairs", end };
  }
  /** A repeated tag at the beginning of a value: the end of the key, then one or two openings of the value. */
  function isTag(mark: Mark | undefined): boolean {
    return mark !== undefined && (is(mark, "arg_value", false) || is(mark, "arg_key", true));
  }
}

interface Close {
  readonly start: number;
  readonly next: number;
  /** The next key, when its opening tag is missing. */
  readonly key: string;
}

/** Where the value ends: a closing tag counts only where what follows it can follow. Quoted calls are stepped over first. */
function closeOf(
  text: string,
  marks: readonly Mark[],
  from: number,
  start: number,
  tool: DialectTool | undefined,
): Close | undefined {
  return search(true) ?? search(false);

  function search(stepsOver: boolean): Close | undefined {
    let depth = 0;
    for (let index = from + 1; index < marks.length; index += 1) {
      const mark = marks[index];
      if (mark === undefined || mark.start < start) continue;
      if (stepsOver && is(mark, "tool_call", false)) depth += 1;
      else if (depth > 0) depth -= is(mark, "tool_call", true) ? 1 : 0;
      else if (is(mark, "arg_value", true)) {
        const close = closing(index);
        if (close !== undefined) return close;
      } else if (endsWithoutClose(index)) return { start: mark.start, next: index, key: "" };
    }
    return undefined;
  }

  function closing(index: number): Close | undefined {
    const mark = marks[index];
    let last = index;
    while (is(marks[last + 1], "arg_value", true) && isAdjacent(last)) last += 1; // doubled
    const next = marks[last + 1];
    if (mark === undefined || next === undefined) return undefined;
    if (isAdjacent(last)) {
      const fits = is(next, "arg_key", false) || (is(next, "tool_call", true) && endsBlock(last + 1));
      return fits ? { start: mark.start, next: last + 1, key: "" } : undefined;
    }
    const key = text.slice(marks[last]?.end ?? 0, next.start).trim();
    const isKey = is(next, "arg_key", true) && Object.hasOwn(propertiesOf(tool), key);
    return isKey ? { start: mark.start, next: last + 1, key } : undefined;
  }

  /** The value's own closing tag was left out before the next key or the end. */
  function endsWithoutClose(index: number): boolean {
    const mark = marks[index];
    if (is(mark, "tool_call", true)) return endsBlock(index);
    if (!is(mark, "arg_key", false)) return false;
    const next = marks[index + 1];
    const key = text.slice(mark?.end ?? 0, next?.start ?? 0).trim();
    return is(next, "arg_key", true) && Object.hasOwn(propertiesOf(tool), key);
  }

  /** A closing tag left over after the end shows that the end was inside the value. */
  function endsBlock(index: number): boolean {
    const next = marks[index + 1];
    return next === undefined || (next.name === "tool_call" && (!next.isClose || isAdjacent(index)));
  }

  function isAdjacent(index: number): boolean {
    return isBlank(text, marks[index]?.end ?? 0, marks[index + 1]?.start ?? text.length);
  }
}

/** `run_commandcommand</arg_key>`: the opening tag of the first key is missing, and the key stuck to the name. */
function splitGlued(
  head: string,
  { tools }: DialectContext,
): { readonly name: string; readonly key: string } | undefined {
  const splits = tools.flatMap((tool) => {
    if (!head.startsWith(tool.name)) return [];
    const key = head.slice(tool.name.length).trim();
    return Object.hasOwn(propertiesOf(tool), key) ? [{ name: tool.name, key }] : [];
  });
  return splits.length === 1 ? splits[0] : undefined;
}

/** `<tool_call>name {…}</tool_call>` */
function readNamedJson(text: string, at: number, name: string): Reading {
  const body = text.indexOf("{", at);
  const read = parseLoose(text, body);
  if (read.kind === "cut") return { kind: "cut", name };
  const close = text.indexOf("</tool_call>", read.kind === "value" ? read.end : body);
  if (close < 0) return { kind: "cut", name };
  const end = close + "</tool_call>".length;
  if (read.kind === "bad") return { kind: "broken", name, detail: read.detail, end };
  const fenceEnd = read.end + (matchAt(/\s*```/y, text, read.end)?.[0].length ?? 0);
  if (skipBlanks(text, fenceEnd) !== close) {
    return { kind: "broken", name, detail: "there is text after its arguments", end };
  }
  const draft = { dialect: "glm", id: "", name, arguments: text.slice(body, read.end) };
  return { kind: "calls", drafts: [draft], end };
}

function readMarks(text: string, at: number): Mark[] {
  const marks: Mark[] = [];
  const pattern = /<(\/?)(tool_call|arg_key|arg_value)>/g;
  pattern.lastIndex = at;
  for (
    let match = pattern.exec(text);
    match !== null && marks.length < MARKS_MAX;
    match = pattern.exec(text)
  ) {
    marks.push({
      name: match[2] ?? "",
      isClose: match[1] === "/",
      start: match.index,
      end: pattern.lastIndex,
    });
  }
  return marks;
}

function is(mark: Mark | undefined, name: string, isClose: boolean): boolean {
  return mark !== undefined && mark.name === name && mark.isClose === isClose;
}
