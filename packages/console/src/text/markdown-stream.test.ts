import assert from "node:assert/strict";
import { test } from "node:test";
import { plainText, type Line } from "./line.ts";
import { createMarkdownStream } from "./markdown-stream.ts";

const COLUMNS = 60;

/** In pieces; what was given out, and what was shown as alive at each step. */
function stream(text: string, size: number): { readonly lines: string; readonly live: string[] } {
  const markdown = createMarkdownStream();
  const lines: Line[] = [];
  const live: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    markdown.push(text.slice(at, at + size));
    lines.push(...markdown.take(COLUMNS));
    live.push(markdown.live(COLUMNS).map(plainText).join("\n"));
  }
  lines.push(...markdown.end(COLUMNS));
  return { lines: lines.map((each) => plainText(each).trimEnd()).join("\n"), live };
}

const text = `# Title

A paragraph with **strong**, *slanted* and \`code\`, long enough to be wrapped somewhere.

- one
- two
  - inner
- three

1. first
2. second
3. third

\`\`\`ts
const a = 1; // a comment
/* open

still */ const b = "x";
\`\`\`

| a | b |
|---|---|
| 1 | 中文 |

> quoted
> twice

Last words.
`;

const expected = `Title

A paragraph with strong, slanted and code, long enough to be
wrapped somewhere.

• one
• two
  • inner
• three

1. first
2. second
3. third

│ const a = 1; // a comment
│ /* open
│
│ still */ const b = "x";

a │ b
──┼─────
1 │ 中文

▏ quoted
▏ twice

Last words.`;

test("however it is cut into pieces, the same lines come out", () => {
  for (const size of [1, 2, 3, 7, 40, 100, 1000]) {
    assert.equal(stream(text, size).lines, expected, `pieces of ${size}`);
  }
});

test("a line of code is given out when it is whole, before the block is", () => {
  const markdown = createMarkdownStream();
  markdown.push("```js\nconst a = 1;\nconst b");
  assert.deepEqual(markdown.take(COLUMNS).map(plainText), ["│ const a = 1;"]);
  assert.deepEqual(markdown.live(COLUMNS).map(plainText), ["│ const b"]);
});

test("the words of a code block have the colours of their language, over lines", () => {
  const markdown = createMarkdownStream();
  markdown.push('```ts\nconst a = "x"; /* open\nclose */ return 12;\n');
  const [first = [], second = []] = markdown.take(COLUMNS);
  const styles = (line: Line): string[] =>
    line
      .filter(({ text: each }) => each.trim() !== "")
      .map(({ text: each, style }) => `${each.trim()}:${style}`);
  assert.ok(styles(first).includes("const:keyword") && styles(first).includes('"x":string'));
  assert.ok(styles(second).includes("close */:comment") && styles(second).includes("12:number"));
});

test("what is open stays small, however long a paragraph or a list gets", () => {
  for (const piece of ["word ", "- item\n", "a\nb\n"]) {
    const { live } = stream(piece.repeat(4000), 500);
    assert.ok(Math.max(...live.map(({ length }) => length)) < 6000, piece);
  }
});

test("the address of a link is always shown", () => {
  assert.equal(
    stream("[https://good.example](https://bad.example/x)", 5).lines,
    "https://good.example (https://bad.example/x)",
  );
});

test("HTML and escapes are shown as they were written", () => {
  assert.equal(stream("<b>x</b> & &amp; <script>", 4).lines, "<b>x</b> & &amp; <script>");
});

test("what is shown as alive is what is given out in the end, also after a definition in the same piece", () => {
  for (const written of [
    "[a]: https://x.example\n\nsee [a] now",
    "first\n\n**second** `one`",
    "- a\n- b *c*",
  ]) {
    const markdown = createMarkdownStream();
    markdown.push(written);
    markdown.take(COLUMNS);
    const live = markdown.live(COLUMNS);
    assert.deepEqual(markdown.end(COLUMNS), live, written);
  }
});
