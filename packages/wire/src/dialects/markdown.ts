/** Where in a Markdown text we are, piece by piece: markup in code and in quotations is talked about, not meant. */

interface Run {
  readonly char: string;
  count: number;
  /** Only blanks stood before it on its line. */
  readonly opensLine: boolean;
}

/** Follows CommonMark 0.31 (4.4, 4.5, 5.1, 6.1) as far as streams allow: a code span ends with its line at the latest. */
export class MarkdownPlace {
  #run: Run | undefined;
  #fence: { readonly char: string; readonly count: number; isFirstLine: boolean } | undefined;
  #fenceMayClose = false;
  #spanCount = 0;
  #isLineStart = true;
  #isQuoted = false;
  #indent = 0;
  #hasTextBefore = false;
  #isPreviousBlank = false;
  #last = "\n";

  /** Takes in the next stretch of text. Linear, and near to nothing for lines without code marks. */
  advance(text: string): void {
    if (text === "") return;
    const marks = /[\n`~]/g;
    let at = 0;
    for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
      if (match.index > at) this.#words(text.slice(at, match.index));
      this.#mark(match[0]);
      at = match.index + 1;
    }
    if (at < text.length) this.#words(text.slice(at));
    this.#last = text.at(-1) ?? this.#last;
  }

  /** In a fence, a code span, a quotation or an indented code block. */
  get isCode(): boolean {
    this.#endRun();
    const isIndentedCode =
      this.#isLineStart && this.#indent >= 4 && this.#isPreviousBlank && this.#hasTextBefore;
    return this.#fence !== undefined || this.#spanCount > 0 || this.#isQuoted || isIndentedCode;
  }

  get isFenced(): boolean {
    return this.#fence !== undefined;
  }

  /** Nothing but blanks on this line yet. */
  get isLineStart(): boolean {
    return this.#isLineStart && this.#run === undefined;
  }

  /** The last character; a line break at the beginning. */
  get last(): string {
    return this.#last;
  }

  #words(text: string): void {
    this.#endRun();
    const blanks = /^[ \t]*/.exec(text)?.[0] ?? "";
    if (this.#isLineStart) {
      for (const blank of blanks) this.#indent += blank === "\t" ? 4 : 1;
    }
    if (blanks.length === text.length) return;
    if (this.#isLineStart && text[blanks.length] === ">") this.#isQuoted = true;
    this.#isLineStart = false;
    this.#fenceMayClose = false;
  }

  #mark(char: string): void {
    if (char === "\n") this.#newLine();
    else if (this.#run?.char === char) this.#run.count += 1;
    else {
      this.#endRun();
      this.#run = { char, count: 1, opensLine: this.#isLineStart };
    }
  }

  #newLine(): void {
    this.#endRun();
    if (this.#fenceMayClose) this.#fence = undefined;
    else if (this.#fence !== undefined) this.#fence.isFirstLine = false;
    this.#hasTextBefore ||= !this.#isLineStart;
    this.#isPreviousBlank = this.#isLineStart;
    this.#fenceMayClose = false;
    this.#spanCount = 0;
    this.#isLineStart = true;
    this.#isQuoted = false;
    this.#indent = 0;
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#isLineStart = false;
    const fence = this.#fence;
    if (fence !== undefined) {
      if (run.opensLine && run.char === fence.char && run.count >= fence.count) this.#fenceMayClose = true;
      else if (fence.isFirstLine && run.char === "`" && fence.char === "`") {
        // Backticks after the opening ones on the same line: it was a code span.
        this.#fence = undefined;
        this.#spanCount = run.count === fence.count ? 0 : fence.count;
      }
    } else if (run.opensLine && run.count >= 3) {
      this.#fence = { char: run.char, count: run.count, isFirstLine: true };
    } else if (run.char === "`") {
      if (this.#spanCount === 0) this.#spanCount = run.count;
      else if (this.#spanCount === run.count) this.#spanCount = 0;
    }
  }
}
