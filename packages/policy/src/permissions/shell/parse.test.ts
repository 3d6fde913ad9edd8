import assert from "node:assert/strict";
import { test } from "node:test";
import { parseShell } from "./parse.ts";

/** Commands as lists of words, `?` for what cannot be told, redirections with their operators. */
function read(text: string): readonly string[] | string {
  const script = parseShell(text);
  if (script.kind === "unreadable") return script.why;
  return script.commands.map(({ assignments, words, redirections }) =>
    [
      ...assignments.map(({ name, value }) => `${name}=${value ?? "?"}`),
      ...words.map(({ literal }) => literal ?? "?"),
      ...redirections.map(({ operator, target }) => `${operator}${target.literal ?? "?"}`),
    ].join("|"),
  );
}

test("words are what the program is given", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`a 'b c' "d e" f\\ g h'i'"j"`, ["a|b c|d e|f g|hij"]],
    [`a "\\$x \\a \\"" '\\'`, [String.raw`a|$x \a "|` + "\\"]],
    ["a $'\\t\\x41\\101\\u0042'", ["a|\tAAB"]],
    ['a $x "$x" ${x} $(b) `c` $((1)) * [ab] {c,d} ~x', ["b", "c", `a${"|?".repeat(10)}`]],
    ["a {} a[ ] { }x ~ '*' \\* $ a$", ["a|{}|a[|]|{|}x|~|*|*|$|a$"]],
    ["a\\\nb c \\\n d", ["ab|c|d"]],
    ["a # b\nc#d", ["a", "c#d"]],
    ["A=1 B='x y' C=$c d E=f", ["A=1|B=x y|C=?|d|E=f"]],
    ["a=(b $(c) 'd e')", ["c", "a=?"]],
    ["a > b 2>> c <d <<<e 2>&1 >& f", ["a|>b|>>c|<d|<<<e|>&1|>&f"]],
    ["a <<E b\nc $x\nE\nd", ["a|b|<<?", "d"]],
    ["a <<'E'; b\n$(c)\nE\nd", ["a|<<$(c)\n", "b", "d"]],
    ["a <<-E\n\tb\n\tE\n", ["a|<<-b\n"]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(read(text), expected, text);
});

test("commands are found wherever they stand", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["a&&b||c;d|e|&f&g\nh", ["a", "b", "c", "d", "e", "f", "g", "h"]],
    ["if a; then b; elif c; then d; else e; fi > f", ["a", "b", "c", "d", "e", ">f"]],
    ["while a; do b; done; until c; do d; done", ["a", "b", "c", "d"]],
    ["for i in $(a) b; do c; done", ["a", "i=?", "c"]],
    ["for ((i = 0; i < 3; i++)); do a; done", ["a"]],
    ["case $(a) in b | c) d ;; (*) e ;& esac", ["a", "d", "e"]],
    ["(a; (b)) | { c; }", ["a", "b", "c"]],
    ["! time -p a", ["a"]],
    ['echo "$(a "$(b)")" `c \\`d\\``', ["b", "a|?", "d", "c|?", "echo|?|?"]],
    ["a <(b) > >(c)", ["b", "c", "a|?|>?"]],
    ["[[ -n $(a) && ! -f b ]] && c", ["a", "c"]],
    ["echo ${x:-$(a)} $((1 + 2))", ["a", "echo|?|?"]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(read(text), expected, text);
});

test("what shells read differently is unreadable or doubtful", () => {
  const unclear = [
    ...[
      "a &>b c",
      "a >! b",
      "$\\\n(a)",
      "echo $'\\'; a #'",
      "[[ a && b ]]",
      "[[ a > b ]]",
      "((a))",
      "a() { b; }",
      "function a { b; }",
      "coproc a",
    ],
    ...[
      "select a in b; do c; done",
      "${x@P}",
      "${!x}",
      "${x:=y}",
      "$[1]",
      "a*(b)",
      "a <<E\nb",
      'a <<E "\n"\nE',
      "'",
      '"',
      "`",
      "$(",
      "(",
      "{ a",
      "a )",
      "}",
      "fi",
    ],
    ...["a\u0000b", "a\rb", "a\u001Bb", "a\u00A0b", "x=a; echo $((x))", "a[b]=c", "echo ${x:-<(a)}"],
  ];
  for (const text of unclear) {
    const script = parseShell(text);
    assert.ok(script.kind === "unreadable" || script.doubts.length > 0, text);
  }
});
