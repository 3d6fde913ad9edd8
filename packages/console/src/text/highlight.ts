/**
 * Colours for code, line by line with what is still open carried over: a line can be printed for good before the next
 * one has arrived, which no highlighter of whole texts allows.
 */
import { span, type Line, type Span, type StyleName } from "./line.ts";

export interface Highlighter {
  /** Lines in order; each without its line end. */
  next(text: string): Line;
}

interface Grammar {
  readonly lineComment: string;
  readonly block?: readonly [open: string, close: string];
  /** Strings that go on over lines, by their mark. */
  readonly longStrings: readonly string[];
  readonly keywords: ReadonlySet<string>;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const none: ReadonlySet<string> = new Set();
const constants = "true false null nil None True False undefined self this super";

const cLike: Grammar = {
  lineComment: "\\/\\/",
  block: ["/*", "*/"],
  longStrings: ["`"],
  keywords: words(
    `${constants} abstract as async await bool boolean break byte case catch chan char class const constexpr continue crate default defer delete do double dyn else enum export extends extern final finally float fn for foreach from func function go goto if impl implements import in instanceof int interface internal is let long loop map match mod mut namespace new of operator out override package private protected pub public range readonly ref return satisfies select short signed sizeof static string struct switch template throw throws trait try type typedef typeof union unsafe unsigned use using val var virtual void volatile when where while with yield`,
  ),
};
const hashLike: Grammar = {
  lineComment: "#",
  longStrings: ['"""', "'''"],
  keywords: words(
    `${constants} and as assert async await begin break case class continue def del do done elif else elsif end ensure esac except export fi finally for from function global if import in is lambda local match module nonlocal not or pass raise require rescue return set source then try unless until when while with yield`,
  ),
};
const dashLike: Grammar = {
  lineComment: "--",
  block: ["/*", "*/"],
  longStrings: [],
  keywords: words(
    "select from where insert into update delete set values create table index view drop alter add column join left right inner outer on group by order having limit offset union all distinct as and or not null primary key foreign references begin commit rollback case when then else end is in exists between like local function return if for while do nil true false",
  ),
};
const data: Grammar = { lineComment: "#", longStrings: [], keywords: words("true false null yes no on off") };
const markup: Grammar = { lineComment: "$.", block: ["<!--", "-->"], longStrings: [], keywords: none };

const grammars: readonly (readonly [Grammar, string])[] = [
  [
    cLike,
    "js javascript jsx mjs cjs ts typescript tsx java c h cpp c++ cc hpp cs csharp go golang rust rs kotlin kt swift scala dart php css scss less proto zig groovy jsonc json5",
  ],
  [
    hashLike,
    "py python rb ruby sh bash zsh shell console fish perl pl r elixir ex julia jl make makefile cmake nix ps1",
  ],
  [dashLike, "sql lua haskell hs elm ada"],
  [data, "json yaml yml toml ini conf properties dockerfile docker env hcl terraform"],
  [markup, "html xml svg vue svelte"],
];
const byName: ReadonlyMap<string, Grammar> = new Map(
  grammars.flatMap(([grammar, names]) => names.split(" ").map((name) => [name, grammar] as const)),
);

/** Lines longer than this are data, not code to be read. */
const LINE_CHARS_MAX = 2000;

/** By the name after a fence, or the end of a file's name. Of what is not known, everything is plain. */
export function createHighlighter(language: string): Highlighter {
  const name = language.toLowerCase();
  if (name === "diff" || name === "patch") return { next: (text) => [span(text, diffStyle(text))] };
  const grammar = byName.get(name);
  if (grammar === undefined) return { next: (text) => [span(text)] };
  const pattern = patternOf(grammar);
  let open: { readonly close: string; readonly style: StyleName } | undefined;
  const next = (text: string): Line => {
    if (text.length > LINE_CHARS_MAX) return [span(text)];
    const spans: Span[] = [];
    let at = 0;
    while (at < text.length) {
      if (open !== undefined) {
        const end = text.indexOf(open.close, at);
        const to = end < 0 ? text.length : end + open.close.length;
        spans.push(span(text.slice(at, to), open.style));
        if (end >= 0) open = undefined;
        at = to;
        continue;
      }
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (found === null) {
        spans.push(span(text.slice(at)));
        break;
      }
      if (found.index > at) spans.push(span(text.slice(at, found.index)));
      const groups = found.groups ?? {};
      at = found.index + found[0].length;
      if (groups["open"] !== undefined) {
        open = {
          close: closeOf(grammar, found[0]),
          style: grammar.block?.[0] === found[0] ? "comment" : "string",
        };
        spans.push(span(found[0], open.style));
        continue;
      }
      spans.push(span(found[0], styleOf(groups, found[0], grammar)));
    }
    return spans;
  };
  return { next };
}

function styleOf(
  groups: Readonly<Record<string, string | undefined>>,
  text: string,
  grammar: Grammar,
): StyleName {
  if (groups["comment"] !== undefined) return "comment";
  if (groups["string"] !== undefined) return "string";
  if (groups["number"] !== undefined) return "number";
  const isKeyword = grammar.keywords.has(text) || grammar.keywords.has(text.toLowerCase());
  if (isKeyword || groups["tag"] !== undefined) return "keyword";
  return groups["called"] === undefined ? "text" : "function";
}

function patternOf(grammar: Grammar): RegExp {
  const opens = [...(grammar.block === undefined ? [] : [grammar.block[0]]), ...grammar.longStrings];
  const open = opens.length === 0 ? "(?!)" : opens.map((each) => RegExp.escape(each)).join("|");
  const hash = grammar.lineComment === "#" ? "(?<![\\w$])" : "";
  return new RegExp(
    `(?<open>${open})|(?<comment>${hash}${grammar.lineComment}.*)|` +
      `(?<string>"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*')|` +
      `(?<number>\\b(?:0[xob][\\da-f_]+|\\d[\\d_]*(?:\\.\\d+)?(?:e[+-]?\\d+)?)\\b)|` +
      `(?<tag>${grammar === markup ? "<\\/?[\\w:-]+|\\/?>" : "(?!)"})|(?<called>[\\p{L}_$][\\w$]*(?=\\())|(?<word>[\\p{L}_$][\\w$]*)`,
    "giu",
  );
}

function closeOf({ block }: Grammar, open: string): string {
  return block?.[0] === open ? block[1] : open;
}

export function diffStyle(text: string): StyleName {
  if (text.startsWith("+")) return "added";
  if (text.startsWith("-")) return "removed";
  return text.startsWith("@@") ? "accent" : "text";
}
