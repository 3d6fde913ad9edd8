/** Everything that is said to a person, in both languages: the commands', the screen's and its commands'. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { consoleWords } from "@cloister/console";
import { screenWords } from "../screen/words/words.ts";
import { wordsFor } from "./words.ts";

const all = [
  ["commands", wordsFor("en"), wordsFor("zh_CN.UTF-8")],
  ["screen", consoleWords("en"), consoleWords("zh_CN.UTF-8")],
  ["screen's commands", screenWords("en"), screenWords("zh_CN.UTF-8")],
] as const;

type Text = (...given: readonly unknown[]) => unknown;
type Leaf = readonly [place: string, leaf: string | Text];

function leavesOf(value: unknown, place: string): Leaf[] {
  if (typeof value === "string") return [[place, value]];
  if (typeof value === "function") return [[place, value as Text]];
  assert.ok(typeof value === "object" && value !== null, `${place} is no text`);
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${place}.${key}`));
}

/** Of each kind that some text takes; one that is used changes what is said for two of them. */
const givens: readonly unknown[] = [
  ...["7001", "7002", "requirements", "tasks", "skill", "hook", 0, 1, 2, 100, 7000, true, false],
  { written: 1, removed: 2, pages: 3 },
  { written: 4, removed: 5, pages: 6 },
];

function spoken(leaf: string | Text): string {
  return typeof leaf === "string" ? leaf : String(leaf(...Array.from({ length: leaf.length }, () => "7001")));
}

/** The numbers of those parameters that change nothing. */
function unusedBy(text: Text): readonly number[] {
  const positions = Array.from({ length: text.length }, (_, at) => at);
  return positions.filter((at) => {
    const said = givens.map((given) => text(...positions.map((each) => (each === at ? given : "7000"))));
    return new Set(said).size < 2;
  });
}

for (const [name, en, zh] of all) {
  const english = leavesOf(en, name);
  const chinese = new Map(leavesOf(zh, name));

  test(`the words of the ${name}: each text is there in both languages, of the same kind`, () => {
    assert.deepEqual(
      [...chinese.keys()],
      english.map(([place]) => place),
    );
    for (const [place, leaf] of english) {
      assert.equal(typeof chinese.get(place), typeof leaf, place);
      assert.notEqual(spoken(leaf).trim(), "", place);
      assert.notEqual(spoken(chinese.get(place) ?? "").trim(), "", place);
    }
  });

  test(`the words of the ${name}: what a text is given it says, in both languages`, () => {
    for (const [place, leaf] of [...english, ...chinese]) {
      if (typeof leaf === "function") assert.deepEqual(unusedBy(leaf), [], place);
    }
  });

  test(`the words of the ${name}: what is said in Chinese is Chinese, and English is not`, () => {
    // Keys, commands and units are the same words everywhere.
    const isNoWord = (text: string): boolean =>
      !/[a-z]{3}/iu.test(text.replaceAll(/7001|`[^`]*`|\b(?:ctrl|alt|esc|cell|tok|tests?|mode)\b/giu, ""));
    const isShared = (place: string): boolean => /\.(?:keys\.\d+\.0|noModel\.\d+|places\..*)$/u.test(place);
    for (const [place, leaf] of english) {
      assert.doesNotMatch(spoken(leaf), /\p{Script=Han}/u, place);
      const said = spoken(chinese.get(place) ?? "");
      const isSame = said === spoken(leaf);
      assert.ok(!isSame || isNoWord(said) || isShared(place), `${place}: ${said}`);
    }
  });
}

const guide = readFileSync(join(import.meta.dirname, "../../../../docs/guide/terminal.md"), "utf8");

/** The first cells of a table below a heading. */
function tableBelow(heading: string): readonly string[] {
  const [, section = ""] = guide.split(`\n## ${heading}\n`);
  const [body = ""] = section.split("\n## ");
  const rows = body.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  return rows.slice(1).map((row) => row.split(" | ")[0]?.slice(2).replaceAll("\\", "") ?? "");
}

test("the guide's table of commands names every command of the screen, and no other", () => {
  const known = [...Object.keys(consoleWords("en").commands), ...Object.keys(screenWords("en").commands)];
  const named = tableBelow("Commands").flatMap((cell) =>
    [...cell.matchAll(/(?<![\w(])\/([a-z]+)/gu)].map(([, name = ""]) => name),
  );
  assert.deepEqual(
    known.filter((name) => !named.includes(name)),
    [],
    "not in docs/guide/terminal.md",
  );
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
    "in docs/guide/terminal.md, and unknown",
  );
});

test("the guide's table of keys names every key of /help, and no other; both languages name the same", () => {
  const keysIn = (texts: readonly string[]): string[] => {
    const words = texts.flatMap((text) => text.replaceAll("`", "").split(/[\s,/]+/u));
    return [
      ...new Set(
        words.filter((word) => /^(?:[a-z]+-.+|[↑↓@!]|enter|tab|esc|home|end|pgup|pgdn)$/u.test(word)),
      ),
    ].sort();
  };
  const helped = keysIn(consoleWords("en").keys.map(([keys]) => keys));
  // `@` and `!` have a paragraph of their own.
  assert.deepEqual(keysIn([...tableBelow("Keys"), "@ !"]), helped);
  assert.match(guide, /`@` [^]*`!` /u);
  const chinese = consoleWords("zh").keys.map(([keys]) => keys.replaceAll("回车", "enter"));
  assert.deepEqual(keysIn(chinese), helped);
});
