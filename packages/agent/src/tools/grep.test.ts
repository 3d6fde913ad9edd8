import assert from "node:assert/strict";
import { test } from "node:test";
import type { Scratch } from "./scratch.ts";
import { openScratch } from "./scratch.ts";
import { matchingLines } from "./search.ts";

async function openProject(): Promise<Scratch> {
  const scratch = await openScratch();
  await scratch.put("src/a.ts", "alpha\nbeta\ngamma\ndelta\nBeta max\n");
  await scratch.put("src/b.md", "no\r\nbeta here\r\n");
  await scratch.put("dist/out.js", "beta\n");
  await scratch.put("dist/keep.js", "beta\n");
  await scratch.put(".gitignore", "# built\ndist/*\n!dist/keep.js\n*.log\n");
  await scratch.put("src/x.log", "beta\n");
  await scratch.put("src/bin", new Uint8Array([0x62, 0x65, 0x74, 0x61, 0]));
  await scratch.put("node_modules/m/i.js", "beta\n");
  await scratch.put(".git/config", "beta\n");
  return scratch;
}

test("files are listed without what .gitignore names, binaries, .git and node_modules", async () => {
  await using scratch = await openProject();
  assert.equal((await scratch.call("Grep", { pattern: "beta" })).text, "dist/keep.js\nsrc/a.ts\nsrc/b.md");
  assert.equal((await scratch.call("Grep", { pattern: "beta", path: "dist" })).text, "dist/keep.js");
  assert.equal(
    (await scratch.call("Grep", { pattern: "beta", glob: "*.{ts,js}" })).text,
    "dist/keep.js\nsrc/a.ts",
  );
  assert.equal(
    (await scratch.call("Grep", { pattern: "beta", glob: "!*.ts" })).text,
    "dist/keep.js\nsrc/b.md",
  );
  assert.equal((await scratch.call("Grep", { pattern: "beta", glob: "src/*.md" })).text, "src/b.md");
  assert.equal((await scratch.call("Grep", { pattern: "beta", path: "dist/out.js" })).text, "dist/out.js");
  assert.equal((await scratch.call("Grep", { pattern: "none" })).text, "No matches.");
});

test("content shows lines with context, and records exactly those", async () => {
  await using scratch = await openProject();
  const result = await scratch.call("Grep", {
    pattern: "beta",
    path: "src",
    output_mode: "content",
    "-i": true,
    "-A": 1,
  });
  assert.equal(
    result.text,
    "src/a.ts:2:beta\nsrc/a.ts-3-gamma\n--\nsrc/a.ts:5:Beta max\n--\nsrc/b.md:2:beta here",
  );
  assert.deepEqual(result.sources, [
    { path: "src/a.ts", from: 2, to: 3 },
    { path: "src/a.ts", from: 5, to: 5 },
    { path: "src/b.md", from: 2, to: 2 },
  ]);
  const cut = await scratch.call("Grep", {
    pattern: "a",
    path: "src/a.ts",
    output_mode: "content",
    head_limit: 2,
    "-n": false,
  });
  assert.match(cut.text, /^src\/a\.ts:alpha\nsrc\/a\.ts:beta\n\[3 more rows/);
  assert.deepEqual(cut.sources, [{ path: "src/a.ts", from: 1, to: 2 }]);
});

test("contexts that touch are joined", async () => {
  await using scratch = await openProject();
  const { text } = await scratch.call("Grep", {
    pattern: "beta|delta",
    path: "src/a.ts",
    output_mode: "content",
    "-C": 1,
  });
  assert.equal(
    text,
    "1-alpha 2:beta 3-gamma 4:delta 5-Beta max"
      .replaceAll(/(\d)/g, "src/a.ts$1")
      .replaceAll(/ (?=src)/g, "\n")
      .replaceAll(/ts(\d)([-:])/g, "ts$2$1$2"),
  );
});

test("counts count lines, and a multiline pattern spans them", async () => {
  await using scratch = await openProject();
  assert.equal(
    (await scratch.call("Grep", { pattern: "(?i)beta", output_mode: "count", path: "src" })).text,
    "src/a.ts:2\nsrc/b.md:1",
  );
  const spanning = await scratch.call("Grep", {
    pattern: "beta.*delta",
    multiline: true,
    output_mode: "content",
    path: "src",
  });
  assert.equal(spanning.text, "src/a.ts:2:beta\nsrc/a.ts:3:gamma\nsrc/a.ts:4:delta");
  assert.equal(
    (await scratch.call("Grep", { pattern: "beta.*delta", path: "src" })).text,
    "No matches in src.",
  );
});

test("a match across the last line end stays within the file", () => {
  assert.deepEqual(matchingLines(["a", "b"], /b\s*$/gms, true), [1]);
  assert.deepEqual(matchingLines(["a", "", "b"], /a\n/gms, true), [0]);
  assert.deepEqual(matchingLines(["a", "", "b", ""], /^/gms, true), [0, 1, 2, 3]);
});

test("a bad pattern and a missing path are told", async () => {
  await using scratch = await openProject();
  assert.match(
    (await scratch.call("Grep", { pattern: "a(" })).text,
    /cannot be used: Invalid regular expression/,
  );
  assert.match((await scratch.call("Grep", { pattern: "a", path: "nope" })).text, /does not exist/);
  assert.match((await scratch.call("Grep", { pattern: "a", path: "/etc" })).text, /outside the workspace/);
  assert.equal((await scratch.call("Grep", { pattern: "interface \\{\\-x", path: "src" })).ok, true);
});

test("no pattern can stop the process: it is searched in linear time or refused", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", `${"a".repeat(300)}B\n`.repeat(3));
  const hostile = [
    "(a+)+$",
    "(a|a)*$",
    "a*a*a*a*a*a*a*a*a*a*$",
    "(a+){2,5000}$",
    "(?=a)(a+)+$",
    "(a+)+\\1$",
    "(\\p{L}+)+$",
  ];
  for (const pattern of hostile) {
    for (const flags of [{}, { "-i": true }, { multiline: true }]) {
      const result = await scratch.call("Grep", { pattern, ...flags });
      assert.match(result.text, /^No matches\.$|^a$|cannot be used: look-around/, pattern);
    }
  }
});

test("ignoring case leaves classes alone", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "Alpha Beta\n");
  assert.equal((await scratch.call("Grep", { pattern: "^ALPHA\\Sbeta", "-i": true })).text, "No matches.");
  assert.equal((await scratch.call("Grep", { pattern: "^[A-Z]LPHA\\sbeta$", "-i": true })).text, "a");
  const shown = await scratch.call("Grep", { pattern: "(?i)BETA", output_mode: "content" });
  assert.equal(shown.text, "a:1:Alpha Beta");
});

test("ripgrep gets arguments, never a shell, and the pattern cannot be an option", async () => {
  await using scratch = await openScratch({ exitCode: 1 });
  const result = await scratch.call("Grep", {
    pattern: "--pre=sh",
    glob: "--pre=sh",
    "-C": 2,
    output_mode: "content",
  });
  assert.equal(result.text, "No matches.");
  const command = scratch.commands[0]?.command;
  assert.ok(command !== undefined && "argv" in command);
  assert.deepEqual(command.argv.slice(-3), ["--", "--pre=sh", "./"]);
  assert.ok(command.argv.includes("--no-config") && command.argv.includes("--glob=--pre=sh"));
  assert.equal(
    command.argv.slice(0, -3).some((arg) => arg.startsWith("--pre")),
    false,
  );
});

test("ripgrep's output becomes the same shape, whatever is in names and lines", async () => {
  const output =
    "./a-1-b:2:c.ts\0" + "12:x:1:y\r\n./a-1-b:2:c.ts\0" + "13-\n--\n./z\0" + "1:é\nWARNING: stopped\n./cut";
  await using scratch = await openScratch({ output, cutBytes: 9 });
  await scratch.put(".ignore", "left to ripgrep\n");
  const result = await scratch.call("Grep", { pattern: "x", output_mode: "content" });
  assert.equal(
    result.text,
    "a-1-b:2:c.ts:12:x:1:y\na-1-b:2:c.ts-13-\n--\nz:1:é\n[9 bytes of results left out; narrow the search]",
  );
  assert.deepEqual(result.sources, [
    { path: "a-1-b:2:c.ts", from: 12, to: 13 },
    { path: "z", from: 1, to: 1 },
  ]);
});

test("ripgrep's errors and refusals reach the model", async () => {
  await using scratch = await openScratch({ exitCode: 2, output: "regex parse error:\n  a(\n" });
  const result = await scratch.call("Grep", { pattern: "a(" });
  assert.deepEqual([result.ok, result.text], [false, "ripgrep: regex parse error:\n  a("]);
  await using other = await openScratch({ refused: "rule 7" });
  await other.put(".ignore", "left to ripgrep\n");
  assert.match((await other.call("Grep", { pattern: "a" })).text, /not run: rule 7/);
});
