/**
 * Calls as tags around values: Qwen's `<function=…><parameter=…>`, `<invoke name=…>` and its relatives. One reader for all of them;
 * a grammar says what the tags look like. Values are not escaped in these dialects, so a closing tag counts only where
 * what follows it can follow: a file body may talk about markup.
 */
import type { Json } from "@cloister/base";
import {
  endsInTag,
  isBlank,
  propertiesOf,
  skipBlanks,
  toolOf,
  type DialectContext,
  type DialectTool,
  type Draft,
  type Reading,
} from "./dialect.ts";
import { parseLoose, parseLooseWhole } from "./loose-json.ts";
import { isBodyKey, isTextKey, withoutLayout, type ValueLayout } from "./values.ts";

export interface Tag {
  readonly kind: "wrap-open" | "wrap-close" | "call-open" | "call-close" | "value-open" | "value-close";
  readonly start: number;
  readonly end: number;
  /** Of the tool or the argument. */
  readonly name: string;
  /** The tag itself says that the value is JSON: DSML's `string="false"`. */
  readonly isJson?: boolean;
}

export interface TagGrammar {
  readonly dialect: string;
  readonly layout: ValueLayout;
  /** Global; every match is a tag. */
  readonly pattern: RegExp;
  readonly toTag: (match: RegExpExecArray) => Omit<Tag, "start" | "end"> | undefined;
  /** A tag that is cut, for dialects whose tags hold what ends others'. */
  readonly partial?: RegExp;
  /** A structure of tags inside a value, for dialects whose tags say by themselves what they close; undefined for text. */
  readonly nested?: (raw: string) => Json | undefined;
}

/** More in one block is no answer of a model that works. */
const CALLS_MAX = 64;
/** Tags looked at for the end of one value: what holds more of them is not a call that anybody can read. */
const TAGS_PER_CALL_MAX = 2000;

export function readTagged(text: string, at: number, context: DialectContext, grammar: TagGrammar): Reading {
  const tags = createTags(text, at, grammar);
  const drafts: Draft[] = [];
  let index = 0;
  let end = at;
  const isNext = (kind: Tag["kind"]): boolean => {
    const tag = tags(index);
    return tag?.kind === kind && isBlank(text, end, tag.start);
  };
  const skip = (kind: Tag["kind"]): void => {
    while (isNext(kind)) end = tags(index++)?.end ?? end;
  };
  while (drafts.length < CALLS_MAX) {
    skip("wrap-open");
    if (!isNext("call-open")) break;
    const call = readCall(text, tags, index, context, grammar);
    // A broken call takes the whole block with it: half a list of actions is not what the model asked for.
    if (call.kind !== "call") return drafts.length > 0 && call.kind === "text" ? done() : call;
    drafts.push(call.draft);
    index = call.next;
    end = call.end;
    skip("call-close");
    skip("wrap-close");
  }
  return done();

  function done(): Reading {
    if (drafts.length > 0) return { kind: "calls", drafts, end };
    return end > at && endsInside(text, end, grammar) ? { kind: "cut", name: "" } : { kind: "text" };
  }
}

function endsInside(text: string, at: number, { partial }: TagGrammar): boolean {
  return endsInTag(text, at) || partial?.test(text.slice(at, at + PARTIAL_CHARS_MAX).trim()) === true;
}

/** No opening tag is longer. */
const PARTIAL_CHARS_MAX = 512;

type Tags = (index: number) => Tag | undefined;

/** The tags of the text, found as they are asked for. */
function createTags(text: string, at: number, { pattern, toTag }: TagGrammar): Tags {
  const found: Tag[] = [];
  const search = new RegExp(pattern.source, "g");
  search.lastIndex = at;
  let isOver = false;
  return (index) => {
    while (found.length <= index && !isOver) {
      const match = search.exec(text);
      isOver = match === null;
      const tag = match === null ? undefined : toTag(match);
      if (match !== null && tag !== undefined) {
        found.push({ ...tag, start: match.index, end: match.index + match[0].length });
      }
    }
    return found[index];
  };
}

type ReadCall =
  | { readonly kind: "call"; readonly draft: Draft; readonly next: number; readonly end: number }
  | Exclude<Reading, { readonly kind: "calls" }>;

function readCall(
  text: string,
  tags: Tags,
  openIndex: number,
  context: DialectContext,
  grammar: TagGrammar,
): ReadCall {
  const open = tags(openIndex);
  if (open === undefined) return { kind: "text" };
  const { name } = open;
  const tool = toolOf(name, context);
  const values = new Map<string, Json>();
  let index = openIndex + 1;
  let end = open.end;

  // Llama writes the arguments as JSON between the function's tags.
  const bodyAt = skipBlanks(text, end);
  if (text[bodyAt] === "{") {
    const body = parseLoose(text, bodyAt);
    if (body.kind === "cut") return { kind: "cut", name };
    while ((tags(index)?.start ?? Infinity) < (body.kind === "value" ? body.end : bodyAt)) index += 1;
    const close = tags(index);
    const isClosed = close?.kind === "call-close" || close?.kind === "wrap-close";
    if (close === undefined || !isClosed) return { kind: "cut", name };
    if (body.kind === "bad" || !isBlank(text, body.end, close.start)) {
      return { kind: "broken", name, detail: "the arguments are not one JSON object", end: close.end };
    }
    return finish(text.slice(bodyAt, body.end), close, index);
  }

  for (;;) {
    const tag = tags(index);
    const isAdjacent = tag !== undefined && isBlank(text, end, tag.start);
    if (!isAdjacent && values.size === 0 && !endsInside(text, end, grammar)) return notBegun();
    if (tag === undefined) return { kind: "cut", name };
    if (!isAdjacent) {
      return { kind: "broken", name, detail: "there is text between its arguments", end: tag.start };
    }
    if (tag.kind === "call-close" || tag.kind === "wrap-close") {
      return finish(JSON.stringify(Object.fromEntries(values)), tag, index);
    }
    if (tag.kind === "value-close") {
      index += 1; // doubled
      end = tag.end;
    } else if (tag.kind === "value-open") {
      const close = closeOf(text, tags, index, tool, values, grammar);
      if (close === undefined) return { kind: "cut", name };
      const raw = text.slice(tag.end, close.start);
      const value = grammar.nested?.(raw) ?? valueOf(raw, tag, text, tool, grammar.layout);
      if (endsAnotherLine(raw, tag.name, grammar)) {
        return { kind: "broken", name, detail: "there is text between its arguments", end: close.end };
      }
      if (values.has(tag.name) && values.get(tag.name) !== value) {
        const detail = `the argument "${tag.name}" is given twice, differently`;
        return { kind: "broken", name, detail, end: close.end };
      }
      values.set(tag.name, value);
      index = close.next;
      end = close.end;
    } else {
      return { kind: "broken", name, detail: "it is not closed before the next one begins", end: tag.start };
    }
  }

  /** A mention in prose goes on with prose; in a closed block that names a tool it is a call, and one that cannot be read. */
  function notBegun(): ReadCall {
    if (tags(openIndex - 1)?.kind !== "wrap-open" || tool === undefined) return { kind: "text" };
    for (let at = index; at - index < TAGS_PER_CALL_MAX; at += 1) {
      const tag = tags(at);
      if (tag === undefined || tag.kind === "wrap-open") break;
      if (tag.kind !== "wrap-close") continue;
      return {
        kind: "broken",
        name,
        detail: "its arguments do not begin with an argument's tag",
        end: tag.end,
      };
    }
    return { kind: "text" };
  }

  function finish(args: string, close: Tag, closeIndex: number): ReadCall {
    const isOwn = close.kind === "call-close";
    const draft = { dialect: grammar.dialect, id: "", name, arguments: args };
    return {
      kind: "call",
      draft,
      next: isOwn ? closeIndex + 1 : closeIndex,
      end: isOwn ? close.end : close.start,
    };
  }
}

function valueOf(
  raw: string,
  tag: Tag,
  text: string,
  tool: DialectTool | undefined,
  layout: ValueLayout,
): Json {
  const own = withoutForeignClose(raw, tag.name);
  const value = withoutLayout(own, tag.name, tool, layout, indentBefore(text, tag.start) ?? "");
  const isText = isTextKey(tag.name, tool) && Object.hasOwn(propertiesOf(tool), tag.name);
  return tag.isJson === true && !isText ? (parseLooseWhole(value) ?? value) : value;
}

/** `</path>` at the end of the value of `path` closes it in another dialect's way, unless the value opened it. */
function withoutForeignClose(raw: string, key: string): string {
  const body = raw.trimEnd();
  const isForeign = body.endsWith(`</${key}>`) && !raw.includes(`<${key}`);
  if (isForeign) return body.slice(0, body.length - key.length - 3);
  // The closing tag without its stroke.
  return body.endsWith("\n<parameter>") ? body.slice(0, body.length - "<parameter>".length) : raw;
}

/** A closing tag on a line of its own inside a value that is no body: what follows it was not meant as part of the value. */
function endsAnotherLine(raw: string, key: string, { layout, pattern, toTag }: TagGrammar): boolean {
  if (layout !== "lines" || isBodyKey(key) || !raw.includes("\n")) return false;
  for (const match of raw.matchAll(new RegExp(pattern.source, "g"))) {
    const isAlone = raw[match.index - 1] === "\n" && raw[match.index + match[0].length] === "\n";
    if (isAlone && toTag(match)?.kind === "value-close") return true;
  }
  return false;
}

const INDENT_CHARS_MAX = 128;

/** The blanks before a place on its line; undefined when something else stands there. */
function indentBefore(text: string, at: number): string | undefined {
  const before = text.slice(Math.max(0, at - INDENT_CHARS_MAX), at);
  return /(?:^|\n)([ \t]*)$/.exec(before)?.[1];
}

interface Close {
  /** Where the value ends. */
  readonly start: number;
  /** After the closing tag. */
  readonly end: number;
  readonly next: number;
}

/**
 * Where the value of the tag at `openIndex` ends. Whole calls quoted in the value are stepped over first; if that leads nowhere,
 * for a value may mention an opening tag alone, the first closing tag in a fitting place counts.
 */
function closeOf(
  text: string,
  tags: Tags,
  openIndex: number,
  tool: DialectTool | undefined,
  seen: ReadonlyMap<string, unknown>,
  grammar: TagGrammar,
): Close | undefined {
  return search(true) ?? search(false);

  function search(stepsOver: boolean): Close | undefined {
    let depth = 0;
    for (let index = openIndex + 1; index - openIndex < TAGS_PER_CALL_MAX; index += 1) {
      const tag = tags(index);
      if (tag === undefined) return undefined;
      if (stepsOver && tag.kind === "call-open") depth += 1;
      else if (depth > 0) depth -= tag.kind === "call-close" ? 1 : 0;
      else if (tag.kind === "value-close" && closesValue(index)) {
        return { start: tag.start, end: tag.end, next: index + 1 };
      } else if (isMissingClose(index)) return { start: tag.start, end: tag.start, next: index };
    }
    return undefined;
  }

  function closesValue(index: number): boolean {
    const key = tags(openIndex)?.name ?? "";
    const closing = tags(index)?.name ?? "";
    if (closing !== "" && closing !== key) return false;
    const next = tags(index + 1);
    if (next === undefined) return isBlank(text, tags(index)?.end ?? 0, text.length);
    if (!isAdjacent(index)) return false;
    switch (next.kind) {
      case "value-open":
        // A repeated key may be a body's own markup; anywhere else it is a contradiction, which the caller refuses.
        return !isBodyKey(key) || (next.name !== key && !seen.has(next.name));
      case "value-close":
        // Doubled; but a body may end with the mention of a closing tag.
        return !isBodyKey(key) && next.start === tags(index)?.end;
      case "call-close":
        return endsCall(index + 1);
      case "wrap-close":
        return endsBlock(index + 1);
      case "call-open":
      case "wrap-open":
        return false;
    }
  }

  /** A closing tag left over after the end shows that the end was inside the value. */
  function endsCall(index: number): boolean {
    const next = tags(index + 1);
    if (next?.kind === "wrap-close") return endsBlock(index + 1);
    if (next?.kind === "call-close") return isAdjacent(index) && endsBlock(index + 1);
    return isOpener(next);
  }

  function endsBlock(index: number): boolean {
    let at = index;
    while (tags(at + 1)?.kind === "wrap-close" && isAdjacent(at)) at += 1;
    return isOpener(tags(at + 1));
  }

  function isOpener(tag: Tag | undefined): boolean {
    return tag === undefined || tag.kind === "call-open" || tag.kind === "wrap-open";
  }

  function isAdjacent(index: number): boolean {
    const next = tags(index + 1);
    return next !== undefined && isBlank(text, tags(index)?.end ?? 0, next.start);
  }

  /** The closing tag was left out: the next argument of this tool begins on its own line, or the call ends. */
  function isMissingClose(index: number): boolean {
    const tag = tags(index);
    // Where tags nest, one that opens inside a value is a part of it.
    if (grammar.nested !== undefined && tag?.kind === "value-open") return false;
    if (tag?.kind === "value-open") {
      const key = tags(openIndex)?.name;
      const isNew = tag.name !== key && !seen.has(tag.name) && Object.hasOwn(propertiesOf(tool), tag.name);
      return isNew && indentBefore(text, tag.start) !== undefined && !comesAgain(index, tag.name);
    }
    if (tag?.kind !== "call-close" || !endsCall(index)) return false;
    for (let at = index + 1; ; at += 1) {
      const later = tags(at);
      if (later === undefined || later.kind === "call-open" || later.kind === "wrap-open") return true;
      if (later.kind === "value-close") return false;
    }
  }

  function comesAgain(index: number, key: string): boolean {
    for (let at = index + 1; at - index < TAGS_PER_CALL_MAX; at += 1) {
      const later = tags(at);
      if (later === undefined || later.kind === "call-open" || later.kind === "wrap-open") return false;
      if (later.kind === "value-open" && later.name === key) return true;
    }
    return true;
  }
}
