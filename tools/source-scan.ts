// Reads TypeScript just well enough for the repository's own checks: which modules a file names, and its code
// without comments and string contents, so that a rule never trips over prose or over a test's planted example.

export interface ImportRef {
  /** Undefined when the specifier is computed at run time. */
  readonly specifier: string | undefined;
  /** 1-based. */
  readonly line: number;
}

export interface Source {
  /** The text with comments, string contents, template texts and regular expressions blanked; same length. */
  readonly code: string;
  readonly imports: readonly ImportRef[];
}

export function scanSource(text: string): Source {
  const code = maskSource(text);
  return { code, imports: findImports(text, code) };
}

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

// A string in masked code is a pair of quotes around blanks; the text itself is read from the original.
const LITERAL = /(["'`]) *\1(?!\s*\+)/y;
const OPENERS =
  /(?<![.\w$])(?:from|import)\s*(?=["'])|(?<![.\w$])(?:import|require)\s*\(\s*|\brequire\s*\.\s*resolve\s*\(\s*|\bgetBuiltinModule\s*\(\s*/g;

function findImports(text: string, code: string): ImportRef[] {
  const found: ImportRef[] = [];
  for (const match of code.matchAll(OPENERS)) {
    const at = match.index + match[0].length;
    LITERAL.lastIndex = at;
    const literal = LITERAL.exec(code);
    const specifier = literal === null ? undefined : text.slice(at + 1, at + literal[0].length - 1);
    found.push({ specifier, line: lineAt(text, match.index) });
  }
  return found;
}

/**
 * A lexer for comments, strings, templates and regular expressions. Whether a slash divides or opens a regular
 * expression is told by the token before it, which is right for formatted code.
 */
function maskSource(text: string): string {
  let out = "";
  let at = 0;
  // For each open template placeholder, the number of braces open inside it.
  const placeholders: number[] = [];
  const keep = (end: number): void => {
    out += text.slice(at, end);
    at = end;
  };
  const blank = (end: number): void => {
    out += text.slice(at, end).replace(/[^\n]/g, " ");
    at = end;
  };
  const templateText = (): void => {
    blank(endOfTemplateText(text, at));
    if (text.startsWith("${", at)) placeholders.push(0);
    keep(Math.min(at + (text[at] === "`" ? 1 : 2), text.length));
  };
  if (text.startsWith("#!")) blank(endOfLine(text, 0));
  while (at < text.length) {
    const char = text[at];
    if (text.startsWith("//", at)) blank(endOfLine(text, at));
    else if (text.startsWith("/*", at)) blank(endAfter(text, "*/", at + 2));
    else if (char === '"' || char === "'") {
      const end = endOfQuoted(text, at);
      keep(at + 1);
      blank(Math.max(at, end - 1));
      keep(end);
    } else if (char === "`") {
      keep(at + 1);
      templateText();
    } else if (char === "/" && opensRegExp(out)) blank(endOfRegExp(text, at));
    else {
      const open = placeholders.length - 1;
      const depth = placeholders[open];
      if (depth !== undefined && char === "{") placeholders[open] = depth + 1;
      if (depth !== undefined && char === "}") placeholders[open] = depth - 1;
      keep(at + 1);
      if (depth === 0 && char === "}") {
        placeholders.pop();
        templateText();
      }
    }
  }
  return out;
}

const BEFORE_REG_EXP =
  /(?:^|[-(,=:[!&|?{};+*%~^<>]|\b(?:return|typeof|case|in|of|void|throw|else|do|await|yield))$/;

function opensRegExp(before: string): boolean {
  return BEFORE_REG_EXP.test(before.slice(-400).trimEnd());
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function endAfter(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end + mark.length;
}

function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[from]) return at + 1;
    else if (text[at] === "\n") return at;
  }
  return text.length;
}

function endOfTemplateText(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`" || text.startsWith("${", at)) return at;
  }
  return text.length;
}

function endOfRegExp(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "\n") return at;
    else if (char === "/" && !inClass) return at + 1;
  }
  return text.length;
}
