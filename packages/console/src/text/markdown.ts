/** Markdown as lines for a terminal. The lexer is marked's; what is drawn is ours. */
import { Lexer, type Token, type Tokens } from "marked";
import { createHighlighter } from "./highlight.ts";
import { hang, lineWidth, linesOf, span, wrapLine, type Line, type Span, type StyleName } from "./line.ts";
import { displayWidth } from "./width.ts";

export function lexMarkdown(text: string): Token[] {
  return new Lexer({ gfm: true }).lex(text);
}

/** One block, wrapped to the columns; no blank line around it. */
export function renderBlock(token: Token, columns: number): Line[] {
  switch (token.type) {
    case "heading":
      return wrapInline([...inline(token.tokens ?? [], "heading")], columns);
    case "paragraph":
    case "text":
      return wrapInline(inlineOf(token, "text"), columns);
    case "code":
      return renderCode(token.text as string, (token.lang as string | undefined) ?? "", columns);
    case "blockquote":
      return hang(
        renderBlocks((token as Tokens.Blockquote).tokens, columns - 2).map((each) => restyle(each, "quote")),
        span("▏ ", "quote"),
        span("▏ ", "quote"),
      );
    case "list":
      return (token as Tokens.List).items.flatMap((item, index) =>
        renderItem(token as Tokens.List, item, index, columns),
      );
    case "table":
      return renderTable(token as Tokens.Table, columns);
    case "hr":
      return [[span("─".repeat(Math.min(columns, 40)), "dim")]];
    case "space":
    case "def":
      return [];
    // HTML and whatever a later lexer brings: shown as it was written.
    default:
      return linesOf(token.raw.trimEnd()).flatMap((each) => wrapLine(each, { columns }));
  }
}

/** Blocks with a blank line between them. */
export function renderBlocks(tokens: readonly Token[], columns: number): Line[] {
  const lines: Line[] = [];
  for (const token of tokens) {
    const block = renderBlock(token, columns);
    if (block.length === 0) continue;
    if (lines.length > 0) lines.push([]);
    lines.push(...block);
  }
  return lines;
}

/** Code is wrapped, not cut: what cannot be seen cannot be trusted. */
export function renderCode(text: string, language: string, columns: number): Line[] {
  const highlighter = createHighlighter(languageOf(language));
  return text.split("\n").flatMap((each) => renderCodeLine(highlighter.next(each), columns));
}

export function renderCodeLine(code: Line, columns: number): Line[] {
  const gutter = [span("│ ", "dim")];
  return wrapLine(code, { columns, first: gutter, isExact: true });
}

export function languageOf(info: string): string {
  return info.trim().split(/[\s{,:]/, 1)[0] ?? "";
}

function renderItem(list: Tokens.List, item: Tokens.ListItem, index: number, columns: number): Line[] {
  const start = typeof list.start === "number" ? list.start : 1;
  const box = item.task ? (item.checked === true ? "☑ " : "☐ ") : "";
  const sign = list.ordered ? `${start + index}. ` : box === "" ? "• " : box;
  const indent = " ".repeat(displayWidth(sign));
  const inner = item.tokens
    .filter(({ type }) => type !== "checkbox")
    .flatMap((token) => renderBlock(token, columns - indent.length));
  const lines = hang(inner.length === 0 ? [[]] : inner, span(sign, "accent"));
  if (list.loose && index > 0) lines.unshift([]);
  return lines;
}

function renderTable({ header, rows }: Tokens.Table, columns: number): Line[] {
  const all = [header, ...rows].map((row) => row.map(({ tokens }) => inline(tokens, "text")));
  const widths = header.map((_, column) => Math.max(1, ...all.map((row) => lineWidth(row[column] ?? []))));
  const room = columns - 3 * (widths.length - 1);
  // Wide columns give way first, each down to what is fair.
  const fair = Math.max(3, Math.floor(room / Math.max(1, widths.length)));
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= fair) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return all.flatMap((row, index) => {
    const cells = widths.map((width, column) =>
      wrapLine(index === 0 ? restyle(row[column] ?? [], "strong") : (row[column] ?? []), { columns: width }),
    );
    const height = Math.max(...cells.map(({ length }) => length));
    const lines: Line[] = Array.from({ length: height }, (_, line) =>
      cells.flatMap((cell, column) => {
        const spans = cell[line] ?? [];
        const isLast = column === cells.length - 1;
        const pad = isLast ? "" : " ".repeat(Math.max(0, (widths[column] ?? 0) - lineWidth(spans)));
        return spans.concat(span(pad), isLast ? [] : span(" │ ", "dim"));
      }),
    );
    const rule = widths.map((width) => "─".repeat(width)).join("─┼─");
    if (index === 0) lines.push([span(rule, "dim")]);
    return lines;
  });
}

/** What has no style of its own gets this one. */
function restyle(spans: Line, plain: StyleName): Line {
  return spans.map(({ text, style }) => ({ text, style: style === "text" ? plain : style }));
}

/** Spans that may hold line breaks, as lines, each wrapped. */
function wrapInline(spans: readonly Span[], columns: number): Line[] {
  const lines: Span[][] = [[]];
  for (const each of spans) {
    if (each.text === HARD_BREAK) lines.push([]);
    else lines.at(-1)?.push(each);
  }
  return lines.flatMap((each) => wrapLine(each, { columns }));
}

/** A line feed passes no gate into a line, so it cannot come from a text. */
const HARD_BREAK = "\n";
const lineBreak: Span = { text: HARD_BREAK, style: "text" };

function inlineOf(token: Token, style: StyleName): Span[] {
  const { tokens } = token as Tokens.Text;
  return tokens === undefined ? textSpans((token as Tokens.Text).text, style) : inline(tokens, style);
}

function inline(tokens: readonly Token[], style: StyleName): Span[] {
  return tokens.flatMap((token): readonly Span[] => {
    switch (token.type) {
      case "strong":
        return inlineOf(token, style === "text" ? "strong" : style);
      case "em":
        return inlineOf(token, style === "text" ? "emphasis" : style);
      case "del":
        return inlineOf(token, "struck");
      case "codespan":
        return [span(token.text as string, "code")];
      case "br":
        return [lineBreak];
      case "link":
      case "image": {
        const { text, href } = token as Tokens.Link;
        // The address is always shown: a link whose text is another address is a trap.
        const isSame = text === href || `mailto:${text}` === href;
        return [span(text, "link"), ...(isSame || href === "" ? [] : [span(` (${href})`, "dim")])];
      }
      case "text":
      case "escape":
        return inlineOf(token, style);
      default:
        return textSpans(token.raw, style);
    }
  });
}

/** Models break their lines where they mean it. */
function textSpans(text: string, style: StyleName): Span[] {
  return text
    .split("\n")
    .flatMap((each, index) => (index === 0 ? [span(each, style)] : [lineBreak, span(each, style)]));
}
