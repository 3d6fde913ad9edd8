import assert from "node:assert/strict";
import { test } from "node:test";
import { translateRe2 } from "./re2.ts";

function matches(source: string, text: string): string | undefined {
  const translated = translateRe2(source);
  assert.equal(translated.kind, "ok", `${source}: ${JSON.stringify(translated)}`);
  return translated.kind === "ok" ? new RegExp(translated.pattern).exec(text)?.[0] : undefined;
}

test("case is folded in words, classes and later alternatives, where V8's own flag fails", () => {
  assert.equal(matches("(?i:xx|[a-z])", "E"), "E");
  assert.equal(matches("(?i)key[k-m]=", "KEYL="), "KEYL=");
  assert.equal(matches("(?i)[^a-c]+", "ABCd"), "d");
  assert.equal(matches("a(?i)b", "aB"), "aB");
  assert.equal(matches("a(?i)b", "AB"), undefined);
  assert.equal(matches("(?i)a(?-i:b)c", "AbC"), "AbC");
  assert.equal(matches("(?i)a(?-i:b)c", "ABC"), undefined);
  assert.equal(matches("(a(?i)b)c", "aBC"), undefined, "a flag ends with its group");
  assert.equal(matches("(?i)\\x41\\Qb.c\\E", "aB.C"), "aB.C");
});

test("RE2's own forms have their meaning", () => {
  assert.equal(matches("\\Aab\\z", "ab"), "ab");
  assert.equal(matches("b\\z", "b\n"), undefined);
  assert.equal(matches("(?P<n>a)b", "ab"), "ab");
  assert.equal(matches("[[:alnum:]_]+", "-aZ9_-"), "aZ9_");
  assert.equal(matches("a.b", "a\rb"), "a\rb", "a dot takes all but the line feed");
  assert.equal(matches("a.b", "a\nb"), undefined);
  assert.equal(matches("(?s:a.)b", "a\nb"), "a\nb");
  assert.equal(matches("(?m)^b$", "a\nb\nc"), "b");
  assert.equal(matches("a\\sb", "a\u00a0b"), undefined, "blanks are ASCII");
  assert.equal(matches("[\\s\\S]b", "\nb"), "\nb");
  assert.equal(matches("a{2}{x}", "aa{x}"), "aa{x}");
  assert.equal(matches("[]a]+", "a]"), "a]");
  assert.equal(matches("\\x{263a}", "\u263a"), "\u263a");
  assert.equal(matches("[\\w.-]{3}", "a-."), "a-.");
  assert.equal(matches("['\"`=]{1,5}", '="`'), '="`');
});

test("what is not supported is said, and nothing is guessed", () => {
  for (const source of [
    "(?=a)",
    "(?<!a)b",
    "(a)\\1",
    "\\pL",
    "(?U)a+",
    "[[:x:]]",
    "[a",
    "(a",
    "\\C",
    "a**",
  ]) {
    assert.equal(translateRe2(source).kind, "unsupported", source);
  }
});
