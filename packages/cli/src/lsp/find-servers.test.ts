import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findLanguageServers } from "./find-servers.ts";
import { openLsp } from "./open-lsp.ts";

interface Machine extends Disposable {
  readonly root: string;
  put(path: string, text?: string, mode?: number): string;
}

function createMachine(): Machine {
  const root = mkdtempSync(join(tmpdir(), "cloister-servers-"));
  return {
    root,
    put: (path, text = "", mode = 0o755) => {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, mode);
      return dirname(file);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

test("for each language the first server of the table is taken, from the first folder that has it", () => {
  using machine = createMachine();
  const first = machine.put("first/pyright-langserver");
  const second = machine.put("second/pyright-langserver");
  machine.put("second/basedpyright-langserver");
  machine.put("second/gopls");
  const found = findLanguageServers([first, second, join(machine.root, "missing")]);
  const files = found.map(({ file, languages }) => [
    file.slice(machine.root.length),
    Object.keys(languages).join(),
  ]);
  assert.deepEqual(files, [
    ["/second/basedpyright-langserver", "py,pyi"],
    ["/second/gopls", "go,mod"],
  ]);
  assert.deepEqual(
    findLanguageServers([first]).map(({ file }) => file),
    [join(first, "pyright-langserver")],
  );
});

test("a file that cannot be run, and a folder of that name, are no servers", () => {
  using machine = createMachine();
  const folder = machine.put("bin/gopls", "", 0o644);
  machine.put("bin/clangd/x");
  assert.deepEqual(findLanguageServers([folder]), []);
});

test("the TypeScript compiler is a server from the version on that has one", () => {
  using machine = createMachine();
  for (const [name, version] of [
    ["old", "5.9.3"],
    ["new", "7.0.2"],
    ["odd", "none"],
  ] as const) {
    machine.put(`${name}/lib/bin/tsc`);
    machine.put(`${name}/lib/package.json`, JSON.stringify({ name: "typescript", version }));
    mkdirSync(join(machine.root, name, "bin"));
    symlinkSync("../lib/bin/tsc", join(machine.root, name, "bin/tsc"));
  }
  const found = (name: string): number => findLanguageServers([join(machine.root, name, "bin")]).length;
  assert.deepEqual([found("old"), found("new"), found("odd")], [0, 1, 0]);
});

test("what is in the project counts only where it is trusted, by whatever folder it is reached, and no server may write there", () => {
  using machine = createMachine();
  const workspace = join(machine.root, "project");
  machine.put("project/node_modules/.bin/gopls");
  const tools = machine.put("project/tools/clangd");
  const scratch = machine.put("scratch/x");
  const view = { workspace, home: "/home/x", readable: ["/opt"], sockets: [], system: "whole" } as const;
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const open = (isTrusted: boolean): ReturnType<typeof openLsp> =>
    openLsp({ view, environment: { PATH: "/bin" }, path: [tools], scratch, user, isTrusted });
  assert.deepEqual([...open(false).servers.keys()], []);
  const { servers, wishes } = open(true);
  assert.deepEqual([...servers.keys()], ["lsp:gopls", "lsp:clangd"]);
  assert.deepEqual(
    wishes.map(({ name }) => name),
    ["lsp:gopls", "lsp:clangd"],
  );
  const server = servers.get("lsp:gopls");
  assert.ok(server !== undefined && "view" in server);
  assert.notEqual(server.view.workspace, workspace);
  assert.deepEqual(server.view.readable, ["/opt", workspace]);
  assert.deepEqual(server.view.writable, []);
  assert.equal(server.directory, workspace);
});
