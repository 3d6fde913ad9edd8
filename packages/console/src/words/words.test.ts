import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultBindings } from "../edit/bindings.ts";
import { en } from "./en.ts";
import { consoleWords } from "./words.ts";
import { zh } from "./zh.ts";

/** Every text with its place; functions are called with something. */
function textsOf(value: unknown, place = ""): (readonly [place: string, text: string])[] {
  if (typeof value === "string") return [[place, value]];
  if (typeof value === "function") {
    return [[place, String((value as (...args: unknown[]) => unknown)("1", "2"))]];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${place}.${key}`));
}

test("each text is there in both languages, and none is empty", () => {
  const places = textsOf(en).map(([place]) => place);
  assert.deepEqual(
    textsOf(zh).map(([place]) => place),
    places,
  );
  for (const [place, text] of [...textsOf(en), ...textsOf(zh)]) assert.notEqual(text.trim(), "", place);
});

test("what is said in Chinese is Chinese, but for names and keys", () => {
  const same = new Map(textsOf(en));
  const untranslated = textsOf(zh).filter(
    ([place, text]) => same.get(place) === text && !/^\.(?:keys|noModel)\./.test(place),
  );
  assert.deepEqual(
    untranslated.map(([place]) => place),
    [".status.cell", ".speed"].filter((place) => untranslated.some(([other]) => other === place)),
  );
});

test("the help names every key that does more than move and delete", () => {
  const help = en.keys.map(([keys]) => keys).join(" ");
  const moves =
    /^(?:ctrl\+)?(?:left|right|home|end|delete|backspace|up|down|[bfhnp])$|^alt\+(?:left|right|backspace|d|f)$|^shift\+backspace$|^ctrl\+(?:enter|delete|shift\+z)$/;
  const unnamed = Object.keys(defaultBindings).filter((key) => {
    const name = key.replaceAll("+", "-").replace("escape", "esc");
    return !moves.test(key) && !help.includes(name);
  });
  assert.deepEqual(unnamed, []);
});

test("the guide names every key and every command that the help names", () => {
  const guide = readFileSync(join(import.meta.dirname, "../../../../docs/guide/terminal.md"), "utf8");
  const plain = guide.replaceAll("\\_", "_");
  const keys = en.keys.flatMap(([text]) => text.split(/,? +/u)).filter((key) => /[-↑↓]|^[a-z]+$/u.test(key));
  assert.deepEqual(
    keys.filter((key) => !plain.includes(key)),
    [],
  );
  const commands = Object.keys(en.commands);
  assert.deepEqual(
    commands.filter((name) => !new RegExp(`\\| [^|\n]*/${name}\\b[^|\n]* \\|`, "u").test(plain)),
    [],
  );
});

test("the language is the locale's", () => {
  assert.equal(consoleWords("zh_CN.UTF-8"), zh);
  for (const lang of ["C", "en_US.UTF-8", "de_DE", ""]) assert.equal(consoleWords(lang), en);
});
