import assert from "node:assert/strict";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { test } from "node:test";
import { readTree } from "./read-tree.ts";
import { findViolations, formatViolation } from "./tidy.ts";

test("this repository keeps its own rules", () => {
  const root = resolve(import.meta.dirname, "..");
  const tree = { root, home: homedir(), files: readTree(root) };
  assert.ok(tree.files.size > 10, "the repository was read");
  assert.deepEqual(findViolations(tree).map(formatViolation), []);
});

test("the made-up tree that the other tests start from breaks no rule", () => {
  assert.deepEqual(violationsWith({}), []);
});

test("a package imports lower floors only, types included", () => {
  const imports = [
    'import { x } from "@cloister/backend";',
    'import type { x } from "@cloister/backend";',
    'export { x } from "@cloister/backend";',
    'export * from "@cloister/backend";',
    'const x = await import("@cloister/backend");',
    'const x = require("@cloister/backend");',
    'export type X = import("@cloister/backend").X;',
    'import {\n  x,\n} from "@cloister/backend";',
  ];
  for (const text of imports) {
    assertViolation({ "packages/agent/src/index.ts": text }, "packages/agent/src/index.ts", "layering");
  }
});

test("a manifest cannot declare what the floors forbid", () => {
  assertViolation(
    { "packages/wire/package.json": manifest({ name: "wire", dependencies: ["secrets"] }) },
    "packages/wire/package.json",
    "layering",
  );
});

test("a package that nobody gave a floor is named", () => {
  assertViolation(
    { "packages/extra/package.json": manifest({ name: "extra", dependencies: [], exports: {} }) },
    "packages/extra/package.json",
    "unknown-package",
  );
});

test("an import must be declared, though hoisting would find it", () => {
  const path = "packages/secrets/src/index.ts";
  assertViolation({ [path]: 'import { x } from "@cloister/base";' }, path, "undeclared-import");
  assertViolation({ [path]: 'import { x } from "undici/types";' }, path, "undeclared-import");
  assertViolation({ [path]: 'import { x } from "typescript";' }, path, "undeclared-import");
});

test("tests may use the root's development tools and the fakes", () => {
  const text = 'import "typescript"; import "@cloister/fakes"; import "node:http"; import "node:fs";';
  assert.deepEqual(violationsWith({ "packages/wire/src/x.test.ts": text }), []);
});

test("the fakes stay out of the product", () => {
  const path = "packages/wire/src/index.ts";
  assertViolation({ [path]: 'import { x } from "@cloister/fakes";' }, path, "fakes-outside-tests");
});

test("only exported subpaths of another package can be imported", () => {
  const path = "packages/wire/src/index.ts";
  assertViolation({ [path]: 'import "@cloister/base/src/index.ts";' }, path, "deep-import");
  assertViolation({ "e2e/x.test.ts": 'import "@cloister/base/json";' }, "e2e/x.test.ts", "deep-import");
  assert.deepEqual(
    violationsWith({ "packages/cli/src/main.ts": 'import "@cloister/backend/rehearsal";' }),
    [],
  );
});

test("a package does not import itself by name", () => {
  const path = "packages/base/src/index.ts";
  assertViolation({ [path]: 'import "@cloister/base";' }, path, "self-import");
});

test("a relative import stays in its package", () => {
  const path = "packages/wire/src/index.ts";
  assertViolation({ [path]: 'import "../../base/src/index.ts";' }, path, "escaping-import");
  assertViolation({ "e2e/x.test.ts": `import "../${path}";` }, "e2e/x.test.ts", "escaping-import");
});

test("a relative import names an existing file with its extension", () => {
  const path = "packages/wire/src/index.ts";
  assertViolation({ [path]: 'import "./turn.js";' }, path, "import-extension");
  assertViolation({ [path]: 'import "./turn";' }, path, "import-extension");
  assertViolation({ [path]: 'import "./gone.ts";' }, path, "missing-file");
});

test("Node's modules are written with their prefix", () => {
  assertViolation({ "e2e/x.test.ts": 'import "fs";' }, "e2e/x.test.ts", "node-prefix");
});

test("modules that reach out of the process are for the packages named", () => {
  const forbidden = [
    ["agent", "node:child_process"],
    ["agent", "node:net"],
    ["agent", "node:https"],
    ["agent", "node:worker_threads"],
    ["agent", "node:vm"],
    ["agent", "node:dns/promises"],
    ["cell", "node:net"],
    ["cell", "undici"],
    ["cell", "node:process"],
    ["cli", "node:http"],
    ["ledger", "node:tls"],
    ["ledger", "node:child_process"],
    ["base", "node:fs"],
    ["base", "node:fs/promises"],
    ["wire", "node:http"],
    ["policy", "node:os"],
    ["airlock", "node:https"],
  ] as const;
  for (const [name, module] of forbidden) {
    const path = `packages/${name}/src/index.ts`;
    assertViolation({ [path]: `import "${module}";` }, path, "restricted-module");
    assertViolation({ [path]: `process.getBuiltinModule("${module}");` }, path, "restricted-module");
  }
  const allowed = [
    ["backend", "undici"],
    ["airlock", "node:net"],
    ["agent", "node:fs/promises"],
    ["cell", "node:child_process"],
    ["secrets", "node:crypto"],
    ["base", "node:assert/strict"],
  ] as const;
  for (const [name, module] of allowed) {
    const path = `packages/${name}/src/index.ts`;
    assert.deepEqual(violationsWith({ [path]: `import "${module}";` }), [], `${name} ${module}`);
  }
});

test("an import whose target is computed is refused in the product", () => {
  const path = "packages/agent/src/index.ts";
  for (const argument of ["name", '"node:" + name', "`node:${name}`"]) {
    assertViolation({ [path]: `await import(${argument});` }, path, "computed-import");
  }
});

test("only cli reads the environment and ends the process", () => {
  const path = "packages/cell/src/index.ts";
  for (const text of [
    "process.env.HOME;",
    'process?.env["X"];',
    "process.exit(1);",
    "const { env } = process;",
  ]) {
    assertViolation({ [path]: text }, path, "process-global");
    assert.deepEqual(violationsWith({ "packages/cli/src/main.ts": text }), []);
    assert.deepEqual(violationsWith({ "packages/cell/src/x.test.ts": text }), []);
  }
});

test("no package calls the global fetch", () => {
  const path = "packages/backend/src/index.ts";
  assertViolation({ [path]: "await fetch(url);" }, path, "global-network");
  assertViolation({ [path]: "new WebSocket(url);" }, path, "global-network");
  assert.deepEqual(violationsWith({ [path]: "await store.fetch(1); prefetch(2);" }), []);
});

test("a cycle is found through type-only imports", () => {
  const files = {
    "packages/wire/src/index.ts": 'export { a } from "./a.ts";',
    "packages/wire/src/a.ts": 'import type { B } from "./b.ts";',
    "packages/wire/src/b.ts": 'import { a } from "./a.ts";',
  };
  assertViolation(files, "packages/wire/src/a.ts", "cycle");
});

test("a cycle is found across packages", () => {
  const files = {
    "packages/base/src/index.ts": 'import "@cloister/wire";',
    "packages/wire/src/index.ts": 'import "@cloister/base";',
  };
  assertViolation(files, "packages/base/src/index.ts", "cycle");
});

test("a file that nothing leads to is dead", () => {
  const path = "packages/wire/src/forgotten.ts";
  assertViolation({ [path]: "" }, path, "dead-file");
  assert.deepEqual(
    violationsWith({ [path]: "", "packages/wire/src/forgotten.test.ts": 'import "./forgotten.ts";' }),
    [],
  );
});

test("no test is focused or left out", () => {
  const path = "packages/wire/src/x.test.ts";
  const options = '", { ski' + "p: true }, () => {});";
  for (const text of ["test.only();", "describe.skip(1);", "it.todo();", `test("x${options}`]) {
    assertViolation({ [path]: text }, path, "focused-test");
  }
});

test("a long file needs a reason, and the reason goes when the length does", () => {
  const path = "packages/wire/src/index.ts";
  const long = "// line\n".repeat(401);
  assertViolation({ [path]: long }, path, "long-file");
  assertViolation({ [path]: long, "tools/long-files.json": `{ "${path}": " " }` }, path, "long-file");
  const list = { "tools/long-files.json": `{ "${path}": "a table of the standard" }` };
  assert.deepEqual(violationsWith({ [path]: long, ...list }), []);
  assertViolation(list, "tools/long-files.json", "stale-entry");
});

test("places of one machine are found in any text", () => {
  const outside = ["..", "shared"].join("/");
  const cases = [
    ["docs/x.md", "see /srv/checkout/packages", "machine-path"],
    ["docs/x.md", "cd /srv/checkout", "machine-path"],
    ["docs/x.md", "in /home/ann/notes", "machine-path"],
    ["docs/x.md", `see ${outside}/x`, "outside-path"],
    ["package-lock.json", '"resolved": "https://registry.test/x.tgz"', "registry-host"],
    ["e2e/engine/package-lock.json", '"resolved": "http://registry.test/x.tgz"', "registry-host"],
  ] as const;
  for (const [path, text, rule] of cases) assertViolation({ [path]: text }, path, rule);
  assert.deepEqual(violationsWith({ "docs/x.md": "/home/anna /srv/checkout2 ./srv/checkout" }), []);
});

test("dependencies are exact versions", () => {
  const path = "packages/base/package.json";
  const text = manifest({ name: "base", dependencies: [] }).replace("{}", '{ "undici": "^8.0.0" }');
  assertViolation({ [path]: text }, path, "inexact-version");
});

test("an export that leads nowhere is named", () => {
  const path = "packages/base/package.json";
  const text = manifest({ name: "base", dependencies: [], exports: { ".": "./src/gone.ts" } });
  assertViolation({ [path]: text }, path, "missing-file");
});

test("prose, strings and patterns are not code", () => {
  const text = [
    '// import "@cloister/cli"; process.env',
    '/* require("undici") */',
    `const a = 'import "node:net"; fetch(1)';`,
    'const b = `import("undici") ${"process.exit" + `${1}`} fetch(x)`;',
    'const c = /["\'`]from "x"[/"]/.test(a) ? 4 / 2 : "it\\"s process.env";',
  ].join("\n");
  assert.deepEqual(violationsWith({ "packages/wire/src/index.ts": text }), []);
});

test("code inside a template's placeholder is code", () => {
  const path = "packages/wire/src/index.ts";
  assertViolation({ [path]: "const a = `x ${{ b: process.env }.b} y`;" }, path, "process-global");
});

test("a violation names its line", () => {
  const path = "packages/wire/src/index.ts";
  const found = violationsWith({ [path]: '// one\n\nimport "node:net";\n' });
  assert.deepEqual(found, [
    `${path}:3 restricted-module: wire may not import net: nothing but backend opens a connection`,
  ]);
});

const FLOORS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ["base"],
  policy: ["base"],
  secrets: [],
  ledger: ["base"],
  backend: ["base", "wire", "undici"],
  cell: ["base"],
  airlock: ["base", "wire", "backend"],
  agent: ["base", "wire"],
  fakes: ["base"],
};

/** A small whole repository, with `planted` files laid over it. */
function violationsWith(planted: Readonly<Record<string, string>>): string[] {
  const files = new Map<string, string>([
    ["package.json", '{ "name": "root", "devDependencies": { "typescript": "7.0.2" } }'],
    ["packages/cli/package.json", manifest({ name: "cli", dependencies: ["backend"], exports: {} })],
    ["packages/cli/src/main.ts", 'import "@cloister/backend";'],
    ["packages/backend/src/rehearsal/index.ts", "export {};"],
    ["packages/wire/src/turn.ts", "export {};"],
    ["packages/wire/src/turn.test.ts", 'import "./turn.ts";'],
  ]);
  for (const [name, dependencies] of Object.entries(FLOORS)) {
    const exports: Record<string, string> = { ".": "./src/index.ts" };
    if (name === "backend") exports["./rehearsal"] = "./src/rehearsal/index.ts";
    files.set(`packages/${name}/package.json`, manifest({ name, dependencies, exports }));
    files.set(`packages/${name}/src/index.ts`, "export {};");
  }
  for (const [path, text] of Object.entries(planted)) files.set(path, text);
  return findViolations({ root: "/srv/checkout", home: "/home/ann", files }).map(formatViolation);
}

function assertViolation(planted: Readonly<Record<string, string>>, path: string, rule: string): void {
  const found = violationsWith(planted);
  const named = found.some((text) => text.startsWith(`${path}:`) && text.includes(` ${rule}: `));
  assert.ok(named, `expected ${rule} in ${path}, found ${JSON.stringify(found)}`);
}

function manifest(parts: {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
}): string {
  const toEntry = (name: string): [string, string] =>
    name === "undici" ? [name, "8.12.4"] : [`@cloister/${name}`, "0.1.0"];
  return JSON.stringify({
    name: `@cloister/${parts.name}`,
    exports: parts.exports ?? { ".": "./src/index.ts" },
    dependencies: Object.fromEntries(parts.dependencies.map(toEntry)),
  });
}
