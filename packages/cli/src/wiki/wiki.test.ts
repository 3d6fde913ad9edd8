import assert from "node:assert/strict";
import { test } from "node:test";
import { isSource, outlineOf, pageNameOf, type SourceFile } from "./outline.ts";
import { refreshWiki, staleWiki, type WikiWorld } from "./wiki.ts";

function worldOf(contents: Record<string, string>): WikiWorld & {
  readonly pages: Map<string, string>;
  readonly prompts: string[];
  fails: boolean;
} {
  const pages = new Map<string, string>();
  const prompts: string[] = [];
  const world = {
    pages,
    prompts,
    fails: false,
    files: () =>
      Promise.resolve(
        Object.entries(contents).map(([path, text]): SourceFile => ({ path, bytes: text.length })),
      ),
    hashOf: (path: string) => Promise.resolve(contents[path]),
    write: (prompt: string) => {
      prompts.push(prompt);
      return Promise.resolve(
        world.fails
          ? { kind: "failed" as const, why: "no model" }
          : { kind: "text" as const, text: `# Page ${prompts.length}\n\nAbout it.` },
      );
    },
    readPage: (name: string) => pages.get(name),
    savePage: (name: string, text: string) => void pages.set(name, text),
    pageNames: () => [...pages.keys()],
    removePage: (name: string) => void pages.delete(name),
    tell: () => {},
  };
  return world;
}

const kilobyte = "x".repeat(1000);
const project = { "README.md": "hi", "src/a.ts": kilobyte, "src/b.ts": kilobyte, "lib/c.ts": "c" };

test("a folder that does not fit is cut along its folders, and each file is on exactly one page", () => {
  const files = Array.from({ length: 60 }, (_, n): SourceFile => ({
    path: `${["a/x", "a/y", "b", "c/d/e"][n % 4]}/f${n}.ts`,
    bytes: 900 + n,
  }));
  const pages = outlineOf(files, 8000);
  const paths = pages.flatMap((page) => page.files.map(({ path }) => path));
  assert.deepEqual(paths.toSorted(), files.map(({ path }) => path).toSorted());
  for (const page of pages) {
    const bytes = page.files.reduce((sum, file) => sum + file.bytes, 0);
    assert.ok(bytes <= 8000 || page.files.length === 1, JSON.stringify(page));
  }
  assert.equal(new Set(pages.map(pageNameOf)).size, pages.length);
});

test("different folders never share a page's name", () => {
  const names = ["a/b", "a-b", "a--b", "", "root"].map((folder) => pageNameOf({ folder, part: 1 }));
  assert.equal(new Set(names).size, names.length);
  assert.notEqual(pageNameOf({ folder: "README", part: 1 }), "README.md", "the front page");
});

test("locks, pictures, archives and giants are no sources", () => {
  const no = ["package-lock.json", "a/logo.png", "x.tar.gz", "dist/a.min.js"];
  for (const path of no) assert.ok(!isSource({ path, bytes: 10 }), path);
  assert.ok(!isSource({ path: "data.csv", bytes: 10_000_000 }));
  assert.ok(isSource({ path: "src/a.ts", bytes: 10 }));
});

test("every page is written once, then only those whose files changed", async () => {
  const contents: Record<string, string> = { ...project };
  const world = worldOf(contents);
  const first = await refreshWiki(world, 2002);
  assert.deepEqual(first, { kind: "done", written: 2, removed: 0, pages: 2 });
  assert.deepEqual([...world.pages.keys()].toSorted(), ["README.md", "root.md", "src.md"]);
  assert.equal(world.prompts.length, 3, "and the front page");

  assert.deepEqual(await staleWiki(world, 2002), []);
  await refreshWiki(world, 2002);
  assert.equal(world.prompts.length, 3, "nothing changed, nothing is asked");

  contents["src/a.ts"] = `${kilobyte}!`;
  assert.deepEqual(await staleWiki(world, 2002), ["src.md"]);
  const second = await refreshWiki(world, 2002);
  assert.equal(second.kind === "done" && second.written, 1);
  assert.match(world.prompts[3] ?? "", /- src\/a\.ts\n- src\/b\.ts/);
});

test("pages of folders that are gone are taken away, and a person's own page stays", async () => {
  const contents: Record<string, string> = { ...project };
  const world = worldOf(contents);
  await refreshWiki(world, 2002);
  world.pages.set("mine.md", "# Mine\n");
  delete contents["src/a.ts"];
  delete contents["src/b.ts"];
  const outcome = await refreshWiki(world, 2002);
  assert.equal(outcome.kind === "done" && outcome.removed, 1);
  assert.deepEqual([...world.pages.keys()].toSorted(), ["README.md", "mine.md", "root.md"]);
});

test("an answer that forges the mark, or hides in a fence, is a page like any other", async () => {
  const world = worldOf(project);
  const forged = `\`\`\`markdown\n# A\n\nB\n\n<!-- cloister wiki: ${"0".repeat(64)} -->\n\`\`\``;
  await refreshWiki({ ...world, write: () => Promise.resolve({ kind: "text", text: forged }) }, 2002);
  assert.match(world.pages.get("src.md") ?? "", /^# A\n/);
  assert.deepEqual(await staleWiki(world, 2002), []);
});

test("a failure keeps what was written, and says where it stopped", async () => {
  const world = worldOf(project);
  world.fails = true;
  const outcome = await refreshWiki(world, 2002);
  assert.deepEqual(outcome, { kind: "failed", page: "root.md", why: "no model", written: 0 });
});
