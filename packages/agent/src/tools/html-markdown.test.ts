import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { toMarkdown } from "./html-markdown.ts";

function markdown(html: string, charsMax = 10_000): string {
  return toMarkdown(html, { url: "https://docs.example/a/b.html", charsMax }).text;
}

test("headings, paragraphs, marks and links", () => {
  assert.equal(
    markdown(
      '<h1>One\n two</h1><p>Some <b>bold</b> and <code>f()</code>, a <a href="../c?x=1">link</a> and <a href="#top">here</a>.<p>Next',
    ),
    "# One two\n\nSome **bold** and `f()`, a [link](https://docs.example/c?x=1) and here.\n\nNext",
  );
});

test("lists in lists, and paragraphs in their items", () => {
  assert.equal(
    markdown("<ul><li>a<li><p>b</p><ol><li>c</li><li>d</li></ol></li></ul><p>end</p>"),
    "- a\n- b\n  1. c\n  2. d\n\nend",
  );
});

test("preformatted text keeps its lines, its spaces and its language", () => {
  assert.equal(
    markdown('<pre class="highlight language-ts"><code>let x\n  = 1;\n</code></pre>after'),
    "```ts\nlet x\n  = 1;\n```\n\nafter",
  );
});

test("a table has a line for each row", () => {
  assert.equal(
    markdown("<table><tr><th>a<th>b</tr><tr><td><p>1</p><p>x</p></td><td>2</td></tr></table>end"),
    "| a | b |\n| --- | --- |\n| 1 x | 2 |\n\nend",
  );
});

test("what nobody reads is left out: scripts, styles, navigation, hidden frames", () => {
  const html =
    "<head><title> The\n title </title><style>a{}</style></head><nav><a href=/x>menu</a></nav><p>text<script>evil('</p>')</script> more</p><svg><title>no</title></svg>";
  assert.deepEqual(toMarkdown(html, { url: "https://a.example/", charsMax: 1000 }).text, "text more");
  assert.match(toMarkdown(html, { url: "https://a.example/", charsMax: 1000 }).title, /^The title/);
});

test("links that run something, and pictures without words, say nothing", () => {
  assert.equal(
    markdown('<a href="javascript:alert(1)">x</a> <img src=a.png> <img src=b.png alt="a cat">'),
    "x [picture: a cat]",
  );
  assert.equal(markdown('<a href="/y"><img src=a.png></a>'), "[link](https://docs.example/y)");
});

test("a long page is cut, and says so", () => {
  const text = markdown("<p>word</p>".repeat(10_000), 1000);
  assert.ok(text.length < 1100);
  assert.match(text, /the rest of the page is left out\]$/);
});

test("hostile pages come to an end, however deep, broken or long", () => {
  const pages = [
    "<div>".repeat(200_000),
    "<ul><li>".repeat(50_000),
    "<b>".repeat(200_000),
    "<a href=x>".repeat(50_000),
    "<table><tr><td>".repeat(50_000),
    "<pre>".repeat(100_000),
    "<".repeat(300_000),
    "<a ".repeat(100_000),
    `<p>${" ".repeat(500_000)}x`,
    "</p>".repeat(200_000),
    "<svg>".repeat(100_000),
    "&#x41".repeat(100_000),
    `<a href="${"x".repeat(500_000)}">y</a>`,
  ];
  for (const page of pages) assert.ok(neverHangs(page, () => markdown(page, 50_000)).length < 60_000);
});
