/**
 * A page's text as Markdown. One pass over what the parser meets, without a tree of the page and without recursion:
 * a hostile page may be nested deeper than any stack, and must not take time with the square of its length.
 */
import { Parser } from "htmlparser2";

export interface MarkdownOptions {
  /** Of the page, for relative links. */
  readonly url: string;
  /** What is more is left out; the text says so. */
  readonly charsMax: number;
}

/** Nothing in them is read by people. */
const unread = new Set([
  ...[
    "title",
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "math",
    "iframe",
    "object",
    "head",
    "canvas",
  ],
  ...["nav", "button", "select", "option", "textarea", "dialog"],
]);
const blocks = new Set([
  ...["p", "div", "section", "article", "main", "header", "footer", "aside", "figure", "figcaption", "form"],
  ...["ul", "ol", "dl", "dt", "dd", "table", "thead", "tbody", "address", "details", "summary", "fieldset"],
]);
const marks: Readonly<Record<string, string>> = {
  ...{ b: "**", strong: "**", em: "*", i: "*", code: "`", kbd: "`", samp: "`", del: "~~", s: "~~" },
};
const LINK_CHARS_MAX = 500;
/** Deeper lists are shown at this depth. */
const INDENT_MAX = 8;
/** The parser's own stack takes time with the square of the depth. */
const DEPTH_MAX = 2000;
/** A row is one line, whatever is in its cells. */
const CELLS_MAX = 50;

export function toMarkdown(
  html: string,
  { url, charsMax }: MarkdownOptions,
): { title: string; text: string } {
  const writer = new Writer(url, charsMax);
  const parser = new Parser(
    {
      onopentag: (name, attributes) => writer.open(name, attributes),
      ontext: (text) => writer.text(text),
      onclosetag: (name) => writer.close(name),
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  let at = 0;
  for (; at < html.length && !writer.isFull; at += PIECE_CHARS) {
    parser.write(html.slice(at, at + PIECE_CHARS));
  }
  parser.end();
  return writer.finish(at < html.length);
}

/** Between two of them the limits are looked at. */
const PIECE_CHARS = 16 * 1024;

interface List {
  readonly isOrdered: boolean;
  count: number;
}

class Writer {
  readonly #url: string;
  readonly #charsMax: number;
  readonly #parts: string[] = [];
  readonly #lists: List[] = [];
  readonly #links: string[] = [];
  #chars = 0;
  #depth = 0;
  /** Line feeds that are due before the next text. */
  #feeds = 0;
  /** White space that is due before the next text. */
  #space = false;
  /** What begins the line: marks of lists and headings. */
  #prefix = "";
  #unread = 0;
  #pre = 0;
  #cells = 0;
  #rows = 0;
  #isTitle = false;
  #title = "";

  constructor(url: string, charsMax: number) {
    this.#url = url;
    this.#charsMax = charsMax;
  }

  /** There is text enough, or more elements are open than the parser can bear. */
  get isFull(): boolean {
    return this.#chars > this.#charsMax || this.#depth > DEPTH_MAX;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#depth += 1;
    if (name === "title") this.#isTitle = this.#title === "";
    // Of an element that is not read, only its own end counts, and those of its like in it.
    if (this.#unread > 0 || unread.has(name)) {
      if (unread.has(name)) this.#unread += 1;
      return;
    }
    const level = /^h([1-6])$/.exec(name)?.[1];
    if (level !== undefined) this.#begin(2, `${"#".repeat(Number(level))} `);
    else if (blocks.has(name)) this.#openBlock(name);
    else if (name === "li") this.#item();
    else if (name === "pre") this.#openPre(attributes);
    else if (name === "br") this.#feed(1);
    else if (name === "hr") this.#rule();
    else if (name === "tr") this.#row();
    else if (name === "td" || name === "th") this.#cell();
    else if (name === "blockquote") this.#begin(2, "> ");
    else if (name === "a") this.#openLink(attributes["href"]);
    else if (name === "img") this.#image(attributes["alt"]);
    else this.#mark(name);
  }

  close(name: string): void {
    this.#depth -= 1;
    if (name === "title") this.#isTitle = false;
    if (this.#unread > 0) {
      if (unread.has(name)) this.#unread -= 1;
      return;
    }
    if (blocks.has(name)) this.#closeBlock(name);
    else if (/^h[1-6]$/.test(name) || name === "blockquote") this.#feed(2);
    else if (name === "pre") this.#closePre();
    else if (name === "tr") this.#closeRow();
    else if (name === "a") this.#closeLink();
    else if (name !== "li") this.#mark(name);
  }

  text(text: string): void {
    if (this.#isTitle && this.#title.length < LINK_CHARS_MAX) this.#title += text;
    if (this.#unread > 0) return;
    if (this.#pre > 0) {
      this.#write(text);
      return;
    }
    const words = text.replace(/[ \t\r\n\f]+/g, " ");
    if (words.startsWith(" ")) this.#space = true;
    const trimmed = words.trim();
    if (trimmed === "") return;
    this.#write(trimmed);
    if (words.endsWith(" ")) this.#space = true;
  }

  /** `isEnded`: not all of the page was read. */
  finish(isEnded: boolean): { title: string; text: string } {
    const whole = this.#parts.join("").trim();
    const isCut = isEnded || whole.length > this.#charsMax;
    const text = isCut
      ? `${whole.slice(0, this.#charsMax).toWellFormed()}\n[the rest of the page is left out]`
      : whole;
    return { title: this.#title.replace(/\s+/g, " ").trim(), text };
  }

  #write(text: string): void {
    if (text === "" || this.isFull) return;
    if (this.#feeds > 0) {
      if (this.#parts.length > 0) this.#push("\n".repeat(this.#feeds));
      this.#feeds = 0;
    } else if (this.#space && this.#parts.length > 0) this.#push(" ");
    this.#space = false;
    if (this.#prefix !== "") this.#push(this.#prefix);
    this.#prefix = "";
    this.#push(text);
  }

  #push(text: string): void {
    this.#parts.push(text);
    this.#chars += text.length;
  }

  /** In a row of a table nothing ends the line but the row. */
  #feed(count: number): void {
    if (this.#cells > 0) {
      this.#space = true;
      return;
    }
    if (this.#pre > 0) this.#write("\n");
    else if (this.#parts.length > 0) this.#feeds = Math.max(this.#feeds, count);
  }

  #begin(feeds: number, prefix: string): void {
    this.#feed(feeds);
    if (this.#cells === 0) this.#prefix = prefix;
  }

  #openBlock(name: string): void {
    const isList = name === "ul" || name === "ol";
    if (isList) this.#lists.push({ isOrdered: name === "ol", count: 0 });
    if (name === "table") this.#rows = 0;
    // What stands first in an item of a list stands on the item's line.
    if (this.#prefix === "") this.#feed(isList && this.#lists.length > 1 ? 1 : 2);
  }

  #closeBlock(name: string): void {
    if (name === "ul" || name === "ol") this.#lists.pop();
    if (name === "table") this.#cells = 0;
    this.#feed(this.#lists.length > 0 ? 1 : 2);
  }

  #item(): void {
    const list = this.#lists.at(-1) ?? { isOrdered: false, count: 0 };
    list.count += 1;
    const indent = "  ".repeat(Math.min(INDENT_MAX, Math.max(0, this.#lists.length - 1)));
    this.#begin(1, `${indent}${list.isOrdered ? `${list.count}.` : "-"} `);
  }

  #openPre({ class: names = "" }: Readonly<Record<string, string>>): void {
    const language = /(?:^|\s)(?:language|lang|highlight-source)-([\w+#-]{1,20})/.exec(names)?.[1] ?? "";
    this.#begin(2, "");
    this.#write(`\`\`\`${language}\n`);
    this.#pre += 1;
  }

  #closePre(): void {
    if (this.#pre === 0) return;
    this.#pre -= 1;
    if (this.#parts.at(-1)?.endsWith("\n") !== true) this.#write("\n");
    this.#write("```");
    this.#feed(2);
  }

  #rule(): void {
    this.#begin(2, "");
    this.#write("---");
    this.#feed(2);
  }

  #row(): void {
    this.#cells = 0;
    this.#feed(1);
  }

  #cell(): void {
    if (this.#cells >= CELLS_MAX) return;
    this.#space = this.#cells > 0;
    this.#cells += 1;
    this.#write("|");
    this.#space = true;
  }

  #closeRow(): void {
    const cells = this.#cells;
    if (cells === 0) return;
    this.#space = true;
    this.#write("|");
    this.#cells = 0;
    this.#rows += 1;
    this.#feed(1);
    if (this.#rows > 1) return;
    this.#write(`|${" --- |".repeat(cells)}`);
    this.#feed(1);
  }

  #openLink(href: string | undefined): void {
    const target = href === undefined || href.startsWith("#") ? "" : this.#resolve(href);
    this.#links.push(target);
    if (target !== "") this.#write("[");
  }

  #closeLink(): void {
    const target = this.#links.pop() ?? "";
    if (target === "") return;
    // A link around a picture without words, or around nothing.
    if (this.#parts.at(-1) === "[") this.#parts[this.#parts.length - 1] = "[link";
    this.#space = false;
    this.#push(`](${target})`);
  }

  #resolve(href: string): string {
    if (href.length > LINK_CHARS_MAX || !URL.canParse(href, this.#url)) return "";
    const { protocol, href: full } = new URL(href, this.#url);
    return protocol === "http:" || protocol === "https:" ? full : "";
  }

  #image(alt: string | undefined): void {
    const words = (alt ?? "").replace(/\s+/g, " ").trim();
    if (words !== "") this.#write(`[picture: ${words.slice(0, LINK_CHARS_MAX)}]`);
  }

  /** The same at both ends. In preformatted text a mark would be text. */
  #mark(name: string): void {
    const mark = this.#pre > 0 ? undefined : marks[name];
    if (mark !== undefined) this.#write(mark);
  }
}
