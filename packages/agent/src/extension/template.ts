/** Texts with places for arguments, commands and files: skills and commands. One pass: what is put in is never read as a template. */

/** `claude`: `$ARGUMENTS`, `$1`, `` !`cmd` ``, `@file`. `gemini`: `{{args}}`, `!{cmd}`, `@{file}`. */
export type TemplateStyle = "claude" | "gemini";

export interface Template {
  readonly text: string;
  readonly style: TemplateStyle;
  /** What the first of `$N` is: 0 in skills, 1 in commands. `$ARGUMENTS[N]` counts from 0 in both. */
  readonly firstNumber: 0 | 1;
  /** Names of the arguments in their order, for `$name`. */
  readonly names: readonly string[];
}

export interface TemplateValues {
  /** What stands behind the command's name. */
  readonly args: string;
  /** `CLAUDE_SKILL_DIR` and the like; a name that is not there stays as it is. */
  readonly variables: Readonly<Record<string, string>>;
}

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  /** `written`: what the author wrote, and a person trusted. `shell`: what to run; arguments are variables of the shell in it. */
  | { readonly kind: "command"; readonly written: string; readonly shell: string }
  /** As it is written; the reader of files decides where it may lead. */
  | { readonly kind: "file"; readonly path: string };

const INSERTS_MAX = 50;
const ARGUMENTS_MAX = 50;
const ARGUMENTS_CHARS_MAX = 5000;

interface Insert {
  readonly from: number;
  readonly to: number;
  readonly piece: Piece;
}

/** The commands of a template as they are written: what a person has to see before it may run. */
export function commandsIn(template: Template): string[] {
  return insertsOf(template, { args: "", variables: {} }).flatMap(({ piece }) =>
    piece.kind === "command" ? [piece.written] : [],
  );
}

export function expandTemplate(template: Template, values: TemplateValues): Piece[] {
  const { text, style } = template;
  const pieces: Piece[] = [];
  let hasArguments = false;
  const addText = (part: string): void => {
    const filled = style === "claude" ? fillClaude(part, template, values) : fillGemini(part, values);
    hasArguments ||= filled.hasArguments;
    if (filled.text !== "") pieces.push({ kind: "text", text: filled.text });
  };
  let at = 0;
  for (const { from, to, piece } of insertsOf(template, values)) {
    addText(text.slice(at, from));
    if (piece.kind === "command" && piece.shell !== piece.written) hasArguments = true;
    pieces.push(piece);
    at = to;
  }
  addText(text.slice(at));
  // What was said must not be lost on a text that has no place for it.
  if (!hasArguments && values.args.trim() !== "") {
    pieces.push({ kind: "text", text: `\n\nARGUMENTS: ${values.args.trim()}` });
  }
  return pieces;
}

function insertsOf(template: Template, values: TemplateValues): Insert[] {
  const found =
    template.style === "claude" ? claudeInserts(template, values) : geminiInserts(template, values);
  return found.slice(0, INSERTS_MAX);
}

/** A command block or span, or a file; at the start of a line or after a blank, so that `Hi!` and `a@b` are text. */
const claudeInsert =
  /^```!([^\n]*)\n((?:(?!```)[^])*)\n```[ \t]*$|(?<![^\s])!`([^`\n]+)`|(?<![^\s])@((?:\.{0,2}\/|~\/)?[\w][\w./-]*[\w])/gmu;

function claudeInserts(template: Template, values: TemplateValues): Insert[] {
  return [...template.text.matchAll(claudeInsert)].flatMap((match): Insert[] => {
    const [all, , block, span, path] = match;
    const from = match.index;
    const written = block ?? span;
    if (written !== undefined) {
      const piece = { kind: "command", written, shell: toShell(written, template, values) } as const;
      return [{ from, to: from + all.length, piece }];
    }
    // `@mention` without a dot or a slash is a name, not a file.
    if (path === undefined || !/[./]/u.test(path)) return [];
    return [{ from, to: from + all.length, piece: { kind: "file", path } }];
  });
}

function geminiInserts({ text }: Template, values: TemplateValues): Insert[] {
  const found: Insert[] = [];
  for (let at = 0; found.length < INSERTS_MAX;) {
    const start = text.slice(at).search(/[!@]\{/u);
    if (start < 0) break;
    const from = at + start;
    const to = closingBrace(text, from + 1);
    if (to === undefined) break;
    const written = text.slice(from + 2, to - 1).trim();
    const piece: Piece =
      text[from] === "@"
        ? { kind: "file", path: written }
        : { kind: "command", written, shell: geminiShell(written, values.args) };
    found.push({ from, to, piece });
    at = to;
  }
  return found;
}

/** Behind the brace that closes the one at `open`; braces inside must be balanced. */
function closingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i + 1;
  }
  return undefined;
}

const placeholder =
  /(\\)?\$(?:ARGUMENTS(?:\[(\d{1,3})\])?(?!\w)|(\d{1,2})(?!\w)|\{([A-Z][A-Z0-9_]*)\}|([A-Za-z_][\w-]*))/gu;

interface Filled {
  readonly text: string;
  readonly hasArguments: boolean;
}

function fillClaude(part: string, template: Template, { args, variables }: TemplateValues): Filled {
  const words = splitArguments(args);
  let hasArguments = false;
  const text = part.replaceAll(placeholder, (all: string, ...groups: (string | undefined)[]) => {
    const [escape, index, number, variable, name] = groups;
    if (variable !== undefined) return Object.hasOwn(variables, variable) ? (variables[variable] ?? "") : all;
    const at = placeOf({ index, number, name }, template);
    if (at === undefined) return all;
    if (escape !== undefined) return all.slice(1);
    hasArguments = true;
    return at === "all" ? args.trim() : (words[at] ?? "");
  });
  return { text, hasArguments };
}

interface Placeholder {
  readonly index: string | undefined;
  readonly number: string | undefined;
  readonly name: string | undefined;
}

/** Which argument is meant; undefined for what is no placeholder, such as `$HOME`. */
function placeOf({ index, number, name }: Placeholder, template: Template): number | "all" | undefined {
  if (index !== undefined) return Number(index);
  if (number !== undefined) {
    const at = Number(number) - template.firstNumber;
    return at < 0 ? undefined : at;
  }
  if (name === undefined) return "all";
  const at = template.names.indexOf(name);
  return at < 0 ? undefined : at;
}

/**
 * Arguments reach a command as variables of its shell, never as text of the command: a model that calls a skill with
 * `; curl …` must not have written a command that nobody saw.
 */
function toShell(written: string, template: Template, { args, variables }: TemplateValues): string {
  const words = splitArguments(args);
  const used = new Map<string, string>();
  const fill = (all: string, ...groups: (string | undefined)[]): string => {
    const [escape, index, number, variable, name] = groups;
    if (escape !== undefined) return all;
    if (variable !== undefined) {
      const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
      if (value !== undefined) used.set(variable, value);
      return all;
    }
    const at = placeOf({ index, number, name }, template);
    if (at === undefined) return all;
    const own = at === "all" ? "arguments_all" : `arguments_${at}`;
    used.set(own, at === "all" ? args.trim() : (words[at] ?? ""));
    return `\${${own}}`;
  };
  // Between single quotes nothing is put in: `awk '{print $1}'` means its own.
  const shell = written.replaceAll(/"(?:\\[^]|[^"\\])*"?|'[^']*'?|[^"']+/gu, (part) =>
    part.startsWith("'") ? part : part.replaceAll(placeholder, fill),
  );
  return withVariables(used, shell);
}

function geminiShell(written: string, args: string): string {
  if (!written.includes("{{args}}")) return written;
  const shell = written.replaceAll(/(["']?)\{\{args\}\}\1/gu, '"${arguments_all}"');
  return withVariables(new Map([["arguments_all", args.trim()]]), shell);
}

function withVariables(used: ReadonlyMap<string, string>, shell: string): string {
  const lines = [...used].map(([name, value]) => `${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`);
  return lines.join("") + shell;
}

function fillGemini(part: string, { args }: TemplateValues): Filled {
  return { text: part.replaceAll("{{args}}", () => args.trim()), hasArguments: part.includes("{{args}}") };
}

/** Words as a shell would divide them: blanks divide, quotes hold together. */
export function splitArguments(args: string): string[] {
  const words =
    args.slice(0, ARGUMENTS_CHARS_MAX).match(/(?:"(?:\\[^]|[^"\\])*"|'[^']*'|\\[^]|[^\s"'\\]|["'\\])+/gu) ??
    [];
  return words
    .slice(0, ARGUMENTS_MAX)
    .map((word) =>
      word.replaceAll(
        /"((?:\\[^]|[^"\\])*)"|'([^']*)'|\\([^])/gu,
        (_all: string, double?: string, single?: string, plain?: string) =>
          double?.replaceAll(/\\(["\\$`])/gu, "$1") ?? single ?? plain ?? "",
      ),
    );
}
