import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { hiddenPaths, openHidden, openHiddenRule, type HideOptions } from "./hide.ts";

let base: string;
let count = 0;

before(() => void (base = realpathSync(mkdtempSync(join(tmpdir(), "hide-")))));
after(() => rmSync(base, { recursive: true }));

// In pieces, so that no scanner takes these for real.
const keyText = ["-----BEGIN", "PRIVATE", "KEY-----"].join(" ");
const token = ["//registry.test/:_auth", "Token="].join("");

test("environment files are hidden, and the examples that come with them are not", () => {
  const secret = [".env", ".env.local", ".envrc", "app/.env.production"];
  const root = make([
    ...secret,
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.local.example",
    "env.ts",
  ]);
  assert.deepEqual(hidden(root), secret);
});

test("keys are hidden by what they are, certificates and public keys are not", () => {
  const root = make({
    ...{ "server.pem": keyText, "tls.key": keyText, id_ed25519: "x", "id_rsa.bak": "x", "store.p12": "x" },
    ...{
      "cert.pem": "-----BEGIN CERTIFICATE-----",
      "id_rsa.pub": "x",
      "primary.key": "id",
      "id_rsa_test.go.pub": "x",
    },
  });
  assert.deepEqual(hidden(root), ["id_ed25519", "id_rsa.bak", "server.pem", "store.p12", "tls.key"]);
});

test("package settings are hidden only when they hold a token, not where they name a variable", () => {
  const root = make({
    ...{
      ".npmrc": `${token}abc`,
      "a/.npmrc": `${token}\${NPM_TOKEN}`,
      "b/.npmrc": "registry=https://r.test/",
    },
    ...{
      ".netrc": "",
      "key-file.json": '{"type": "service_account"}',
      "package.json": '{"type": "service_account"}',
    },
  });
  assert.deepEqual(hidden(root), [".netrc", ".npmrc", "key-file.json"]);
});

test("what an ignore file for AI tools names is hidden, whole folders as one; what a build needs is not", () => {
  const root = make({
    ".cursorignore": "private/\nnode_modules/\ndist\n*.lock\nnotes.txt",
    ".aiexclude": "legal",
    ...Object.fromEntries(
      ["private/a/b", "node_modules/x", "dist/y", "yarn.lock", "notes.txt", "legal/z"].map((name) => [
        name,
        "",
      ]),
    ),
  });
  assert.deepEqual(hidden(root), ["legal", "notes.txt", "private"]);
  writeFileSync(join(root, ".cloisterignore"), "dist\n");
  assert.deepEqual(hidden(root), ["dist", "legal", "notes.txt", "private"], "in our own it is meant");
});

test("patterns hide more, exceptions less; a pattern goes before an exception", () => {
  const root = make([".env", ".env.test", "customers.csv"]);
  const options = { patterns: ["*.csv"], exceptions: [".env.test", "*.csv"] };
  assert.deepEqual(hidden(root, options), [".env", "customers.csv"]);
});

test("what a person shows goes before our own list too, and not before what they hide", () => {
  const root = make({ ".cloisterignore": "a.txt\nb.txt", "a.txt": "", "b.txt": "" });
  assert.deepEqual(hidden(root, { exceptions: ["a.txt"] }), ["b.txt"]);
  assert.deepEqual(hidden(root, { exceptions: ["a.txt"], patterns: ["a.txt"] }), ["a.txt", "b.txt"]);
});

test("of one path the rule is told without a walk, also where nothing is yet; a folder hides what is in it", () => {
  const root = make({ ".aiexclude": "legal/", "legal/a/b.txt": "", "src/x.ts": "" });
  const rule = openHiddenRule(root, { exceptions: [".env.test"] });
  const told = (path: string): unknown => rule(join(root, path));
  assert.deepEqual(told("legal/a/b.txt"), { path: join(root, "legal"), reason: ".aiexclude" });
  assert.deepEqual(told("app/.env"), { path: join(root, "app/.env"), reason: "environment file" });
  for (const path of [".env.test", ".env.example", "src/x.ts", "src", ".", "../.env"]) {
    assert.equal(told(path), undefined, path);
  }
});

test("an ignore file that is a link or a pipe says nothing and holds nobody up", () => {
  const root = make(["a.txt"]);
  writeFileSync(join(base, "list"), "a.txt");
  symlinkSync(join(base, "list"), join(root, ".cursorignore"));
  execFileSync("mkfifo", [join(root, ".aiexclude")]);
  assert.deepEqual(hidden(root), []);
});

test("a link with a secret's name hides what it leads to, as long as that is in the workspace", () => {
  const root = make({ "real.txt": "x" });
  symlinkSync("real.txt", join(root, ".env"));
  symlinkSync("/etc/hostname", join(root, ".env.local"));
  assert.deepEqual(hidden(root), ["real.txt"]);
});

test("a hard link is found under its other name, with the reason", () => {
  const root = make([".env", "deep/er/x.txt"]);
  linkSync(join(root, ".env"), join(root, "deep/er/y.txt"));
  const { paths } = hiddenPaths(root);
  assert.deepEqual(paths.at(-1), {
    path: join(root, "deep/er/y.txt"),
    reason: "another name of a hidden file",
  });
});

test("a later look finds what came meanwhile, rules included", () => {
  const root = make(["a/x.txt"]);
  const look = openHidden(root);
  assert.deepEqual(look().paths, []);
  writeFileSync(join(root, "a/.env"), "");
  assert.deepEqual(names(root, look()), ["a/.env"]);
  writeFileSync(join(root, ".cloisterignore"), "x.txt");
  assert.deepEqual(names(root, look()), ["a/.env", "a/x.txt"]);
});

test("what the limits left out is said", () => {
  const root = make(["a/b/c/.env"]);
  const { paths, cut } = hiddenPaths(root, { limits: { depthMax: 1 } });
  assert.deepEqual(paths, []);
  assert.match(cut ?? "", /not looked into/);
});

test("of a path below a file, or into a folder that is closed, the rules still answer", () => {
  const root = make({ ".git": "gitdir: elsewhere\n", "a/.env": "" });
  const rule = openHiddenRule(root);
  assert.equal(rule(join(root, ".git/hooks/pre-commit")), undefined);
  assert.equal(rule(join(root, ".git/.env"))?.path, join(root, ".git/.env"));
});

function make(files: readonly string[] | Readonly<Record<string, string>>): string {
  count += 1;
  const root = join(base, String(count));
  const all = Array.isArray(files) ? files.map((name: string) => [name, ""]) : Object.entries(files);
  for (const [name, content] of all as [string, string][]) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

function hidden(root: string, options?: HideOptions): string[] {
  return names(root, hiddenPaths(root, options));
}

function names(root: string, { paths }: ReturnType<typeof hiddenPaths>): string[] {
  return paths.map(({ path }) => path.slice(root.length + 1)).toSorted((a, b) => (a < b ? -1 : 1));
}

test("what others name is hidden whatever a person shows, but for what a build needs", () => {
  const root = make(["private/a.txt", "dist/a.js", "dist/b/c.js", "x/yarn.lock", "dist/own.txt", "b.txt"]);
  const named = (path: string): string | undefined =>
    /^(?:private|dist|x\/yarn\.lock)/u.test(relative(root, path)) ? "a rule" : undefined;
  assert.deepEqual(hidden(root, { named, exceptions: ["private"] }), ["private"]);
  const one = (path: string): string | undefined => (path.endsWith("own.txt") ? "a rule" : undefined);
  assert.deepEqual(hidden(root, { named: one }), ["dist/own.txt"]);
});
