/**
 * Markdown that is still being written. A block is finished once another one has begun behind it, an item of a list
 * once the next one has, and a line of code at its end; what is finished is given out once and forgotten.
 */
import type { Token, Tokens } from "marked";
import { createHighlighter, type Highlighter } from "./highlight.ts";
import type { Line } from "./line.ts";
import { languageOf, lexMarkdown, renderBlock, renderCodeLine } from "./markdown.ts";

export interface MarkdownStream {
  push(text: string): void;
  /** What was finished since the last time. */
  take(columns: number): Line[];
  /** What may still change. */
  live(columns: number): Line[];
  /** The rest; then it is empty, for the next text. */
  end(columns: number): Line[];
}

/** A block that grows beyond this is given out as it is: a frame costs what the open block costs. */
const OPEN_CHARS_MAX = 4000;
const fenceOpen = /^ {0,3}(`{3,}|~{3,})([^\n]*)\n/;

interface Fence {
  readonly close: RegExp;
  readonly highlighter: Highlighter;
}

export function createMarkdownStream(): MarkdownStream {
  let open = "";
  let fence: Fence | undefined;
  let hasAny = false;
  /** In the middle of a list: the next item needs no blank line before it. */
  let isInList = false;
  /** The open block as it was read when those before it were taken: it is drawn with the same frame. */
  let read: { readonly text: string; readonly tokens: readonly Token[] } | undefined;

  const give = (block: readonly Line[], into: Line[], isNextItem = false): void => {
    if (block.length === 0) return;
    if (hasAny && !isNextItem) into.push([]);
    into.push(...block);
    hasAny = true;
  };

  /** Whole lines of the open code block. */
  const takeCode = (columns: number, into: Line[]): void => {
    for (let end = open.indexOf("\n"); end >= 0 && fence !== undefined; end = open.indexOf("\n")) {
      const text = open.slice(0, end);
      open = open.slice(end + 1);
      if (fence.close.test(text)) fence = undefined;
      else into.push(...renderCodeLine(fence.highlighter.next(text), columns));
    }
  };

  const takeOnce = (columns: number, into: Line[]): boolean => {
    if (fence !== undefined) {
      takeCode(columns, into);
      return fence === undefined && open !== "";
    }
    const tokens = lexMarkdown(open);
    const last = tokens.findLastIndex(({ type }) => type !== "space");
    let used = 0;
    for (const token of tokens.slice(0, Math.max(0, last))) {
      give(renderBlock(token, columns), into, isInList && token.type === "list");
      if (token.type !== "space") isInList = false;
      used += token.raw.length;
    }
    open = open.slice(used);
    const token = tokens[last];
    if (token === undefined) return false;
    // A definition before it may have made a link of its text, which is none when it is read alone.
    const isAlone = last === 0 || !tokens.some(({ type }) => type === "def");
    read = isAlone ? { text: open, tokens: tokens.slice(last) } : undefined;
    const opened = token.type === "code" ? fenceOpen.exec(open) : null;
    if (opened !== null) {
      if (hasAny) into.push([]);
      hasAny = true;
      fence = {
        close: new RegExp(`^ {0,3}${opened[1]}${opened[1]?.charAt(0)}*\\s*$`),
        highlighter: createHighlighter(languageOf(opened[2] ?? "")),
      };
      open = open.slice(opened[0].length);
      return true;
    }
    if (token.type === "list") open = takeItems(token as Tokens.List, columns, into);
    if (open.length > OPEN_CHARS_MAX) {
      const cut = Math.max(open.lastIndexOf("\n"), open.lastIndexOf(" ")) + 1 || open.length;
      for (const each of lexMarkdown(open.slice(0, cut))) give(renderBlock(each, columns), into, isInList);
      isInList = true;
      open = open.slice(cut);
    }
    return false;
  };

  /** All items but the last. What is left begins with a number or a sign, so it is a list again. */
  const takeItems = (list: Tokens.List, columns: number, into: Line[]): string => {
    const whole = list.items.slice(0, -1);
    if (whole.length === 0) return open;
    give(renderBlock({ ...list, items: whole }, columns), into, isInList);
    isInList = true;
    return open.slice(whole.reduce((sum, { raw }) => sum + raw.length, 0)).replace(/^\n+/, "");
  };

  const take = (columns: number): Line[] => {
    const lines: Line[] = [];
    for (let isMore = open !== ""; isMore;) isMore = takeOnce(columns, lines);
    return lines;
  };

  const liveLines = (columns: number): Line[] => {
    if (open.trim() === "") return [];
    if (fence !== undefined) {
      // The closing fence, as far as it has come, is not shown as code.
      return /^ {0,3}[`~]{1,2}$/.test(open) || fence.close.test(open)
        ? []
        : renderCodeLine([{ text: "", style: "text" }, ...fenceTail(open)], columns);
    }
    const lines: Line[] = [];
    const wasAny = hasAny;
    const tokens = read?.text === open ? read.tokens : lexMarkdown(open);
    for (const token of tokens) give(renderBlock(token, columns), lines, isInList);
    hasAny = wasAny;
    return lines;
  };

  return {
    push: (text) => {
      open += text.replaceAll("\r", "");
    },
    take,
    live: liveLines,
    end: (columns) => {
      const lines = take(columns);
      lines.push(...liveLines(columns));
      open = "";
      read = undefined;
      fence = undefined;
      hasAny = false;
      isInList = false;
      return lines;
    },
  };
}

/** Without colours until its line is whole: what is open would otherwise be carried over twice. */
function fenceTail(text: string): Line {
  return createHighlighter("").next(text);
}
