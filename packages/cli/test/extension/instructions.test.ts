import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createPathRules,
  formatInstructionFiles,
  readExtensions,
  readNestedInstructions,
} from "@cloister/agent/extensions";
import { neverHangsAsync } from "@cloister/fakes/hangs";
import { createWorld } from "./memory-world.ts";

type Files = Readonly<Record<string, string>>;

async function textsOf(files: Files, options: Parameters<typeof createWorld>[1] = {}): Promise<string[]> {
  return (await readExtensions(createWorld(files, options))).instructions.map(({ text }) => text);
}

const cases: readonly [string, Files, readonly string[]][] = [
  [
    "wide before narrow",
    {
      "CLAUDE.local.md": "6",
      "CLAUDE.md": "5",
      "AGENTS.md": "4",
      "/proj/AGENTS.md": "3",
      "~/.claude/CLAUDE.md": "2",
      "/etc/cloister/AGENTS.md": "1",
    },
    ["1", "2", "3", "4", "5", "6"],
  ],
  ["an override stands in for its file", { "AGENTS.override.md": "mine", "AGENTS.md": "theirs" }, ["mine"]],
  ["CLAUDE.md or the one in .claude", { ".claude/CLAUDE.md": "inner" }, ["inner"]],
  [
    "Qwen's and Gemini's files",
    { "QWEN.md": "q", ".qwen/QWEN.local.md": "l", "GEMINI.md": "g" },
    ["q", "l", "g"],
  ],
  [
    "names from settings",
    { "RULES.md": "r", ".gemini/settings.json": '{"context": {"fileName": ["RULES.md", "../x.md"]}}' },
    ["r"],
  ],
  ["the same text is told once", { "AGENTS.md": "same\n", "CLAUDE.md": "same" }, ["same"]],
  [
    "an import follows its file",
    { "CLAUDE.md": "See @docs/a.md.", "docs/a.md": "A" },
    ["See @docs/a.md.\n\nFrom @docs/a.md:\n\nA"],
  ],
  [
    "what was imported is not told again",
    { "AGENTS.md": "all", "CLAUDE.md": "@AGENTS.md" },
    ["all", "@AGENTS.md"],
  ],
  [
    "code imports nothing",
    { "CLAUDE.md": "`@a.md`\n\n```\n@a.md\n```\n\nx@a.md", "a.md": "A" },
    ["`@a.md`\n\n```\n@a.md\n```\n\nx@a.md"],
  ],
  [
    "a circle ends",
    { "CLAUDE.md": "@a.md", "a.md": "@CLAUDE.md a" },
    ["@a.md\n\nFrom @a.md:\n\n@CLAUDE.md a"],
  ],
  [
    "comments go, those in code stay",
    { "CLAUDE.md": "a\n<!-- x\n``` -->\nb <!-- y --> c\n`<!-- z -->`\n<!-- open" },
    ["a\nb  c\n`<!-- z -->`\n<!-- open"],
  ],
  [
    "files that the person leaves out",
    {
      "CLAUDE.md": "a",
      "/proj/CLAUDE.md": "b",
      "~/.claude/settings.json": '{"claudeMdExcludes": ["/proj/CLAUDE.md"]}',
    },
    ["a"],
  ],
];

for (const [claim, files, expected] of cases) {
  test(`instructions: ${claim}`, async () => {
    assert.deepEqual(await textsOf(files), expected);
  });
}

test("imports go four hops deep and no further", async () => {
  const chain = Object.fromEntries(
    Array.from({ length: 7 }, (_, index) => [`${index}.md`, `@${index + 1}.md text ${index}`]),
  );
  const [text = ""] = await textsOf({ ...chain, "CLAUDE.md": "@0.md" });
  assert.match(text, /text 3/u);
  assert.doesNotMatch(text, /text 4/u);
});

test("an import out of the project waits for a person's word, by any path and through links", async () => {
  const files = {
    "CLAUDE.md": "@~/notes.md @../up.md @link.md",
    "~/notes.md": "N",
    "/proj/up.md": "U",
    "~/l.md": "L",
  };
  const world = createWorld(files, { links: { "link.md": "~/l.md" } });
  const without = await readExtensions(world);
  assert.deepEqual(
    without.outside.map(({ path }) => path),
    ["/home/u/notes.md", "/proj/up.md", "/home/u/l.md"],
  );
  assert.doesNotMatch(without.instructions[0]?.text ?? "", /From/u);
  const granted = await readExtensions(world, { trustedImports: ["/home/u/notes.md"] });
  assert.match(granted.instructions[0]?.text ?? "", /From @~\/notes.md:\n\nN/u);
  assert.equal(granted.outside.length, 3, "what was granted is still listed, so that it can be compared");
  const [mine] = await textsOf({ "~/.claude/CLAUDE.md": "@~/notes.md", "~/notes.md": "N" });
  assert.match(mine ?? "", /N$/u, "the person's own file needs nobody's word");
});

test("files of folders below count when something there is read; a rule when one of its files is", async () => {
  const world = createWorld({
    "CLAUDE.md": "root",
    "api/AGENTS.md": "api",
    "api/v1/CLAUDE.md": "v1",
    ".claude/rules/ts.md": '---\npaths: "src/**/*.{ts,tsx}, /lib/"\n---\nNo any.',
    ".claude/rules/deep/all.md": "Always.",
  });
  const nested = await readNestedInstructions(world, "/proj/app/api/v1/x.ts", {
    seen: ["/proj/app/CLAUDE.md"],
  });
  assert.deepEqual(
    nested.instructions.map(({ text }) => text),
    ["api", "v1"],
  );
  assert.deepEqual((await readNestedInstructions(world, "/proj/other/x.ts", {})).instructions, []);
  const rules = createPathRules((await readExtensions(world)).rules, "/proj/app");
  assert.deepEqual(
    rules.always.map(({ text }) => text),
    ["Always."],
  );
  assert.deepEqual(rules.onRead("/proj/app/src/a.js"), []);
  assert.deepEqual(
    rules.onRead("/proj/app/src/deep/a.tsx").map(({ text }) => text),
    ["No any."],
  );
  assert.deepEqual(rules.onRead("/proj/app/src/b.ts"), [], "once");
});

test("paths are shown as the person knows them", async () => {
  const world = createWorld({ "AGENTS.md": "a", "~/.claude/CLAUDE.md": "b" });
  const { instructions } = await readExtensions(world);
  assert.equal(
    formatInstructionFiles(instructions, world.places),
    "Instructions of the user, from ~/.claude/CLAUDE.md:\n\nb\n\nInstructions of this project, from AGENTS.md:\n\na",
  );
});

test("hostile sizes come to an end: comments, backticks and imports by the thousand", async () => {
  const texts = [
    "<!---->".repeat(50_000),
    "<!-- ` -->`".repeat(30_000),
    "` ``".repeat(80_000),
    "@a.md ".repeat(50_000),
  ];
  for (const text of texts) {
    await neverHangsAsync(text, () => textsOf({ "CLAUDE.md": text, "a.md": text }));
  }
});
