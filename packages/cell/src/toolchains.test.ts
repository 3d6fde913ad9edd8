import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findToolchains } from "./toolchains.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
let base: string;

before(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "toolchains-")));
  const folders = [
    "home/.nvm/versions/node/v24/bin",
    "home/.cargo/bin",
    "home/.rustup",
    "home/.local/bin",
    "home/.local/share/uv/python",
    "home/.local/share/uv/credentials",
    "home/.dotnet/sdk",
    "home/.dotnet/corefx",
    "opt/go/bin",
  ];
  for (const folder of [...folders, "project/node_modules/.bin", "other/node_modules/.bin"]) {
    mkdirSync(join(base, folder), { recursive: true });
  }
});

after(() => rmSync(base, { recursive: true }));

test("a toolchain outside the home is shown whole; inside it, only a known version tool is", () => {
  const found = find("opt/go/bin", "home/.nvm/versions/node/v24/bin", "home/.local/bin");
  assert.deepEqual(found.readable.toSorted(), [
    inside("home/.local/bin"),
    inside("home/.local/share/uv/python"),
    inside("home/.nvm"),
    inside("opt/go"),
  ]);
});

test("cargo's programs are shown with their compilers, and never the folder with the registry's token", () => {
  assert.deepEqual(find("home/.cargo/bin").readable.toSorted(), [
    inside("home/.cargo/bin"),
    inside("home/.rustup"),
  ]);
});

test("of a folder with keys in it only the programs are shown", () => {
  assert.deepEqual(find("home/.dotnet").readable, [inside("home/.dotnet/sdk")]);
});

test("a home on the path, or a folder around it, is not shown; nor is a relative folder", () => {
  const options = { home: inside("home"), workspace: inside("project"), user: me };
  assert.deepEqual(findToolchains([inside("home"), base, ".", ""], options), { path: [], readable: [] });
});

test("programs of the project's own packages are on the path, another project's are not", () => {
  const found = find("project/node_modules/.bin", "other/node_modules/.bin", "nowhere/bin");
  assert.deepEqual(found, { path: [inside("project/node_modules/.bin")], readable: [] });
});

test("what the commands' user cannot reach is left out, so that the cell can still be made", () => {
  chmodSync(inside("opt"), 0o700);
  const stranger = { uid: me.uid + 1, gid: me.gid + 1 };
  assert.deepEqual(find("opt/go/bin", stranger).path, []);
  chmodSync(inside("opt"), 0o755);
});

function find(...parts: (string | typeof me)[]): ReturnType<typeof findToolchains> {
  const user = parts.find((part) => typeof part !== "string") ?? me;
  const path = parts.filter((part) => typeof part === "string").map(inside);
  return findToolchains(path, { home: inside("home"), workspace: inside("project"), user });
}

function inside(path: string): string {
  return join(base, path);
}
