// The small search in our own process, against the ripgrep that is installed: the same trees, the same patterns.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { GrepArgs, GrepFound } from "../src/tools/hits.ts";
import { ripgrepArgv, searchWithRipgrep } from "../src/tools/ripgrep.ts";
import { searchHere } from "../src/tools/search-here.ts";
import type { ToolWorld } from "../src/tools/tool.ts";

/** A small generator of numbers (Park and Miller's), so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

type Pick = <T>(from: readonly T[]) => T;

function makeTree(root: string, pick: Pick, next: (below: number) => number): void {
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const words = ["alpha", "Beta", "foo(1)", "a.b", "x-y", "[k]", "end", "$var", "_9", "a\\b", "", " "];
  const names = ["a.ts", "B.js", ".env", "z", "a-b.c", "out.log", "Makefile", "a"];
  const folders = ["", "src/", "src/deep/", "dist/", ".hidden/", "node_modules/m/", "a.d/"];
  for (let file = 0; file < 14; file++) {
    const lines = Array.from({ length: next(9) }, () =>
      [pick(words), pick(words)].join(pick([" ", "", ","])),
    );
    put(`${pick(folders)}${pick(names)}${file}`, lines.join("\n") + pick(["", "\n"]));
  }
  if (next(3) > 0) put(".gitignore", pick(["dist/\n", "*.log*\n!B*\n", "/src/deep\n# x\n", "a*\n!a.ts*\n"]));
  if (next(3) === 0) put("src/.gitignore", pick(["*.ts*\n", "deep/\n", "!*\n"]));
  put("bin", new Uint8Array([97, 108, 0, 112]));
  const odd = next(12);
  if (odd === 0) put("odd", "alphä end\r\nBeta\r\n");
  if (odd === 1) put("odd", new Uint8Array([0xff, 0xfe, 97, 0, 10, 0]));
  if (odd === 2) put(".ignore", "src\n");
}

const patterns = [
  ...[
    "alpha",
    "a",
    "Beta$",
    "^foo\\(1\\)",
    "a.b",
    "a\\.b",
    "x-y",
    "\\[k\\]",
    "\\$var",
    "(alpha|end)",
    "\\bend\\b",
  ],
  ...[
    "[a-z]+ [A-Z]",
    "[^a-z ]",
    "e{1,2}n",
    "\\d",
    "\\w+\\W\\w",
    "^\\s",
    "^$",
    "b?e",
    "(?:a|b)+x?",
    "\\S$",
    "al.*ha",
    "a*?b",
  ],
];

function byRipgrep(root: string, args: GrepArgs, path: string): Promise<GrepFound> {
  const run: ToolWorld["run"] = () => {
    const [program = "", ...rest] = ripgrepArgv(args, path);
    const { stdout, stderr, status } = spawnSync(program, rest, { cwd: root, encoding: "utf8" });
    const output = `${stdout}${stderr}`;
    return Promise.resolve({
      ...{ exitCode: status ?? 2, signal: undefined },
      timedOut: false,
      output,
      cutBytes: 0,
    });
  };
  const world: ToolWorld = { workspace: root, run, reads: new Map(), hasRipgrep: true };
  return searchWithRipgrep(args, path, world, new AbortController().signal);
}

test("what is searched without a process is what ripgrep finds, in its order", async () => {
  assert.match(execFileSync("rg", ["--version"], { encoding: "utf8" }), /^ripgrep/);
  let compared = 0;
  for (let seed = 1; seed <= 90; seed++) {
    const next = numbers(seed * 7919);
    const pick: Pick = (from) => from[next(from.length)] as (typeof from)[number];
    const root = mkdtempSync(join(tmpdir(), "cloister-here-"));
    try {
      makeTree(root, pick, next);
      for (let turn = 0; turn < 4; turn++) {
        const mode = pick(["content", "count", "files_with_matches"] as const);
        const context = mode === "content" ? next(3) : 0;
        const args: GrepArgs = {
          pattern: pick(patterns),
          output_mode: mode,
          ...(next(4) === 0 ? { "-i": true } : {}),
          ...(context === 0 ? {} : { "-C": context }),
        };
        const here = searchHere(args, ".", root);
        if (here === undefined) continue;
        compared += 1;
        assert.deepEqual(here, await byRipgrep(root, args, "."), `seed ${seed}: ${JSON.stringify(args)}`);
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  assert.ok(compared > 220, `only ${compared} were compared`);
});
