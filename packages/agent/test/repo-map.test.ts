/** The map of a real folder, by the real grammars. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openDefinitions, type FindDefinitions } from "../src/map/definitions.ts";
import { createRepoIndex } from "../src/map/index-files.ts";
import { allGrammars, grammarFor } from "../src/map/languages.ts";
import { deferredTools } from "../src/tools/deferred.ts";
import { openScratch } from "../src/tools/scratch.ts";
import type { ToolResult, ToolWorld } from "../src/tools/tool.ts";

const folder = join(import.meta.dirname, "../../../node_modules/@vscode/tree-sitter-wasm/wasm");
const find = openDefinitions(folder);

const samples: Readonly<Record<string, readonly [string, string]>> = {
  "a.js": [
    "function one() {}\nclass Two { three() {} }\nexport const four = 1;\nfunction* five() {}",
    "one Two three four five",
  ],
  "a.ts": [
    "interface One {}\ntype Two = 1;\nenum Three {}\nabstract class Four {}\nexport class Five { six() {} }",
    "One Two Three Four Five six",
  ],
  "a.tsx": ["export function One() { return <b/>; }\nconst two = 1;", "One two"],
  "a.py": ["one = 1\nclass Two:\n    def three(self):\n        local = 1\n", "one Two three"],
  "a.go": [
    "package a\nconst One = 1\nvar Two = 2\ntype Three struct{}\nfunc (t Three) Four() {}\nfunc Five() {}",
    "One Two Three Four Five",
  ],
  "a.rs": [
    "struct One;\nimpl One { fn two() {} }\ntrait Three { fn four(); }\nmod five {}\nconst SIX: u8 = 1;\nmacro_rules! seven { () => {} }",
    "One two Three four five SIX seven",
  ],
  "A.java": [
    "class One { void two() {} }\ninterface Three {}\nenum Four {}\nrecord Five() {}",
    "One two Three Four Five",
  ],
  "a.c": [
    "int *one(int a) { return 0; }\nstruct two { int b; };\ntypedef int three;\nstatic void four(void);\n#define five(x) x\n",
    "one two three four five",
  ],
  "a.cpp": [
    "namespace one { class Two { void three(); }; }\nvoid one::Two::three() {}\nenum class Four { A };",
    "one Two three three Four",
  ],
  "a.cs": [
    "class One { void Two() {} int Three { get; } }\nstruct Four {}\ninterface Five {}",
    "One Two Three Four Five",
  ],
  "a.php": [
    "<?php\nfunction one() {}\nclass Two { function three() {} }\ninterface Four {}\ntrait Five {}",
    "one Two three Four Five",
  ],
  "a.rb": [
    "module One\n  class Two\n    def three; end\n    def self.four; end\n  end\nend",
    "One Two three four",
  ],
  "a.sh": ["one() { :; }\nfunction two { :; }", "one two"],
};

for (const [path, [text, names]] of Object.entries(samples)) {
  test(`definitions of ${path} are found`, async () => {
    const grammar = grammarFor(path);
    assert.ok(grammar !== undefined);
    const found = await find(text, grammar);
    assert.deepEqual(
      found?.map(({ name }) => name),
      names.split(" "),
    );
  });
}

test("a text that is no program, or cut off in the middle, has the definitions that it has", async () => {
  for (const grammar of allGrammars) {
    assert.ok(Array.isArray(await find("\u0000}{ function ((( \ud83d\ude00 class", grammar)), grammar.name);
    assert.deepEqual(await find("", grammar), []);
  }
});

async function map(world: ToolWorld, args = {}): Promise<ToolResult> {
  const tool = deferredTools.find(({ name }) => name === "RepoMap");
  assert.ok(tool !== undefined);
  return tool.run(args, world, new AbortController().signal);
}

const files = {
  "src/core.ts": "export function total(n: number): number {\n  return n;\n}\nfunction unused(): void {}\n",
  "src/a.ts": 'import { total } from "./core.ts";\nexport const x = total(1) + total(2);\n',
  "src/b.ts": 'import { total } from "./core.ts";\nexport const y = total(3);\n',
  "secret/keys.ts": "export function hiddenThing(): void {}\n",
  "out/made.ts": "export function madeThing(): void {}\n",
  ".gitignore": "out\n",
};

test("a folder's map shows what is used most, with its exposure, and nothing hidden or ignored", async () => {
  await using scratch = await openScratch();
  for (const [path, text] of Object.entries(files)) await scratch.put(path, text);
  let finds = 0;
  const counted: FindDefinitions = (...asked) => {
    finds += 1;
    return find(...asked);
  };
  const code = createRepoIndex({ workspace: scratch.root, find: counted, now: () => Date.now() });
  const hidden = (path: string): { path: string; reason: string } | undefined =>
    path.startsWith("secret") ? { path: "secret", reason: "test" } : undefined;
  const world = { ...scratch.world, code, hidden };
  const first = await map(world);
  assert.match(first.text, /^src\/core\.ts:\n1\texport function total\(n: number\): number \{\n/);
  assert.doesNotMatch(first.text, /hiddenThing|madeThing/);
  assert.deepEqual(first.sources[0], { path: "src/core.ts", from: 1, to: 1 });
  assert.equal(finds, 3);
  await scratch.put("src/b.ts", `${files["src/b.ts"]}export function added(): void {}\n`);
  assert.match((await map(world, { query: "added" })).text, /^src\/b\.ts:\n[^]*3\texport function added/);
  assert.equal(finds, 4, "only what changed is read again");
  assert.match((await map(world, { path: "secret" })).text, /hidden by a rule/);
});

test("without grammars the model is told what to use instead", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.ts", "const a = 1;\n");
  assert.match((await map(scratch.world)).text, /Use Grep/);
  const bare: FindDefinitions = () => Promise.resolve(undefined);
  const code = createRepoIndex({ workspace: scratch.root, find: bare, now: () => 0 });
  assert.match((await map({ ...scratch.world, code })).text, /no grammar for typescript/);
});

test("time that is over leaves files for the next call, which goes on", async () => {
  await using scratch = await openScratch();
  for (let n = 0; n < 10; n++) await scratch.put(`${n}.ts`, `export function f${n}(): void {}\n`);
  let time = 0;
  const code = createRepoIndex({ workspace: scratch.root, find, now: () => (time += 2500) });
  const paths = Array.from({ length: 10 }, (_, n) => `${n}.ts`);
  const { signal } = new AbortController();
  const first = await code.look(paths, signal);
  assert.ok(first.left > 0 && first.files.length > 0);
  const second = await code.look(paths, signal);
  assert.ok(second.files.length > first.files.length);
});
