/** The TypeScript of this repository is a language server too: what the tools make of a real one. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { systemClock, type JsonObject } from "@cloister/base";
import { withProblems } from "../src/lsp/after-call.ts";
import { openLanguages, type Languages } from "../src/lsp/languages.ts";
import type { StartServer } from "../src/mcp/link.ts";
import { deferredTools } from "../src/tools/deferred.ts";
import { tools } from "../src/tools/toolset.ts";
import type { ToolResult, ToolWorld } from "../src/tools/tool.ts";

const server = join(import.meta.dirname, "../../../node_modules/typescript/bin/tsc");

const startServer: StartServer = (_name, signal) => {
  const child = spawn(process.execPath, [server, "--lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "ignore"],
    signal,
  });
  child.on("error", () => {
    /* it was ended by the signal */
  });
  async function* output(): AsyncGenerator<{ stream: "out"; bytes: Uint8Array }> {
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) yield { stream: "out", bytes };
  }
  return Promise.resolve({
    output: output(),
    write: (bytes) => void child.stdin.write(bytes),
    kill: () => void child.kill("SIGKILL"),
    ended: new Promise((resolve) => child.on("close", (code) => resolve({ exitCode: code ?? undefined }))),
  });
};

interface Project extends AsyncDisposable {
  readonly languages: Languages;
  call(name: string, args: JsonObject): Promise<ToolResult>;
  textOf(path: string): Promise<string>;
}

const files: Readonly<Record<string, string>> = {
  "tsconfig.json":
    '{ "compilerOptions": { "strict": true, "noEmit": true, "module": "nodenext", "types": [] } }',
  "a.ts": "/** Adds. */\nexport function add(a: number, b: number): number {\n  return a + b;\n}\n",
  "b.ts": 'import { add } from "./a.ts";\nexport const three = add(1, 2);\n',
  "secret/c.ts": 'import { add } from "../a.ts";\nexport const key = add(4, 5);\n',
};

async function openProject(more: Partial<ToolWorld> = {}): Promise<Project> {
  const top = await realpath(await mkdtemp(join(tmpdir(), "cloister-lsp-")));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(top, path)), { recursive: true });
    await writeFile(join(top, path), text);
  }
  const wish = { name: "lsp:ts", title: "TypeScript", languages: { ts: "typescript" } };
  const languages = openLanguages([wish], { workspace: top, clock: systemClock, startServer, ...more });
  const world: ToolWorld = {
    workspace: top,
    run: () => Promise.reject(new Error("no commands here")),
    reads: new Map(),
    hasRipgrep: false,
    languages,
    ...more,
  };
  return {
    languages,
    call: async (name, args) => {
      const tool = [...tools, ...deferredTools].find((one) => one.name === name);
      assert.ok(tool !== undefined);
      const { signal } = new AbortController();
      return withProblems(await tool.run(args, world, signal), world, signal);
    },
    textOf: (path) => readFile(join(top, path), "utf8"),
    [Symbol.asyncDispose]: async () => {
      languages.close();
      await rm(top, { recursive: true, force: true });
    },
  };
}

test("definition, references, hover and symbols of a real server, as lines of files with their exposure", async () => {
  await using project = await openProject();
  const at = { path: "b.ts", line: 2, symbol: "add" };
  const definition = await project.call("Lsp", { action: "definition", ...at });
  assert.equal(definition.text, "a.ts:2:export function add(a: number, b: number): number {");
  assert.deepEqual(definition.sources, [{ path: "a.ts", from: 2, to: 2 }]);
  const references = await project.call("Lsp", {
    action: "references",
    path: "a.ts",
    symbol: "add",
    line: 2,
  });
  assert.match(references.text, /^a\.ts:2:.*\n?[^]*b\.ts:1:import[^]*b\.ts:2:export const three/m);
  const hover = await project.call("Lsp", { action: "hover", ...at });
  assert.match(hover.text, /add\(a: number, b: number\): number[^]*Adds\./);
  const symbols = await project.call("Lsp", { action: "symbols", path: "a.ts" });
  assert.equal(symbols.text, "2: function add");
  const found = await project.call("Lsp", { action: "symbols", path: "a.ts", symbol: "three" });
  assert.match(found.text, /^b\.ts:2:/);
});

test("what an edit breaks stands in its result, once, in whichever file it is", async () => {
  await using project = await openProject();
  await project.call("Lsp", { action: "diagnostics", path: "b.ts" });
  await project.call("Read", { file_path: "a.ts" });
  await project.languages.afterChange("b.ts", new AbortController().signal);
  const args = { file_path: "a.ts", old_string: "b: number)", new_string: "b: string)" };
  const broken = await project.call("Edit", args);
  assert.match(broken.text, /^Edited a\.ts.*\nNew problems, says TypeScript:\n/);
  assert.match(broken.text, /a\.ts:3:\d+ error .*2322/);
  assert.match(broken.text, /b\.ts:2:29 error .*2345/);
  assert.ok(broken.sources.some(({ path }) => path === "b.ts"));
  const again = await project.call("Edit", {
    file_path: "a.ts",
    old_string: "Adds.",
    new_string: "Adds up.",
  });
  assert.doesNotMatch(again.text, /New problems/, "what was told is not told again");
});

test("a rename is shown first, and made only where each file is named", async () => {
  await using project = await openProject();
  const rename = { action: "rename", path: "a.ts", line: 2, symbol: "add", new_name: "sum" };
  const shown = await project.call("Lsp", rename);
  assert.match(shown.text, /^Not changed yet[^]*"a\.ts"[^]*--- b\.ts\n@@[^]*\+import \{ sum \}/);
  assert.equal(await project.textOf("a.ts"), files["a.ts"]);
  const part = await project.call("Lsp", { ...rename, files: ["a.ts"] });
  assert.ok(!part.ok);
  assert.match(part.text, /Nothing was changed: it touches .*b\.ts.* too/);
  assert.equal(await project.textOf("a.ts"), files["a.ts"]);
  const done = await project.call("Lsp", { ...rename, files: ["a.ts", "./b.ts", "secret/c.ts"] });
  assert.ok(done.ok, done.text);
  assert.match(await project.textOf("a.ts"), /function sum\(/);
  assert.equal(
    await project.textOf("b.ts"),
    'import { sum } from "./a.ts";\nexport const three = sum(1, 2);\n',
  );
});

test("a code action is listed by its title, shown, and made", async () => {
  await using project = await openProject();
  await project.call("Edit", {
    file_path: "b.ts",
    old_string: files["b.ts"]?.split("\n")[0] ?? "",
    new_string: "",
  });
  const at = { action: "code_actions", path: "b.ts", line: 2, symbol: "add" };
  const listed = await project.call("Lsp", at);
  const title = /^- (Add import .*)$/m.exec(listed.text)?.[1];
  assert.ok(title !== undefined, listed.text);
  const shown = await project.call("Lsp", { ...at, title });
  assert.match(shown.text, /\+import \{ add \} from/);
  const done = await project.call("Lsp", { ...at, title, files: ["b.ts"] });
  assert.ok(done.ok, done.text);
  assert.match(await project.textOf("b.ts"), /^import \{ add \} from "\.\/a(?:\.\w+)?";/m);
});

test("a hidden file shows through neither a place, nor a problem, nor an edit", async () => {
  const hidden = (path: string): { path: string; reason: string } | undefined =>
    path.startsWith("secret") ? { path: "secret", reason: "test" } : undefined;
  await using project = await openProject({ hidden });
  const references = await project.call("Lsp", {
    action: "references",
    path: "a.ts",
    line: 2,
    symbol: "add",
  });
  assert.match(references.text, /b\.ts:2/);
  assert.doesNotMatch(references.text, /secret|key/);
  const asked = await project.call("Lsp", { action: "hover", path: "secret/c.ts", line: 2, symbol: "key" });
  assert.match(asked.text, /hidden by a rule/);
  const rename = { action: "rename", path: "a.ts", line: 2, symbol: "add", new_name: "sum" };
  const all = ["a.ts", "b.ts", "secret/c.ts"];
  const renamed = await project.call("Lsp", { ...rename, files: all });
  assert.match(renamed.text, /hidden by a rule/);
  assert.equal(await project.textOf("a.ts"), files["a.ts"], "all or nothing");
});
