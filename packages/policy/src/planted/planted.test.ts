import assert from "node:assert/strict";
import { test } from "node:test";
import { findPlanted, type CodeFinding, type FileEdit } from "../index.ts";

function kinds(edit: Partial<FileEdit>): CodeFinding["kind"][] {
  const whole: FileEdit = { path: "src/a.ts", before: "", after: "", ...edit };
  return [...new Set(findPlanted(whole).map(({ kind }) => kind))];
}

const planted: readonly (readonly [CodeFinding["kind"], Partial<FileEdit>])[] = [
  ["invisible-characters", { after: "if (isAdmin) { // \u202e } kcehc \u2066" }],
  ["invisible-characters", { after: "const pass\u200bword = 1;" }],
  ["invisible-characters", { after: "const \u0430dmin2 = 1;" }],
  ["invisible-characters", { path: "README.md", after: "hello\u{e0041}\u{e0042}" }],
  ["new-host", { after: 'fetch("https://collect.evil-stats.io/x")' }],
  ["new-host", { path: "a.py", after: "HOST = '203.0.113.7'" }],
  ["tls-checks-off", { after: "https.request({ rejectUnauthorized: false })" }],
  ["tls-checks-off", { path: "a.py", after: "requests.get(url, verify=False)" }],
  ["tls-checks-off", { path: "a.go", after: "&tls.Config{InsecureSkipVerify: true}" }],
  ["tls-checks-off", { path: "a.sh", after: "curl -s -k https://localhost/" }],
  ["decode-and-execute", { after: "eval(atob(x))" }],
  ["decode-and-execute", { path: "a.py", after: "exec(base64.b64decode(x))" }],
  ["decode-and-execute", { path: "a.sh", after: "curl -s http://localhost/i | sh" }],
  ["decode-and-execute", { path: "a.sh", after: "echo aGk= | base64 -d | bash" }],
  ["obfuscated-payload", { after: String.raw`const s = "\x65\x76\x61\x6c\x28\x31\x29\x3b\x0a\x00\x01"` }],
  [
    "obfuscated-payload",
    { after: `const s = "${Array.from({ length: 60 }, (_, at) => `Zx9${at * 7}Q`).join("")}";` },
  ],
  ["obfuscated-payload", { after: "String.fromCharCode(101,118,97,108,40,49,41,59,10)" }],
  [
    "suspicious-dependency",
    { path: "package.json", before: '{"dependencies":{}}', after: '{"dependencies":{"lodahs":"1.0.0"}}' },
  ],
  [
    "suspicious-dependency",
    { path: "package.json", before: "{}", after: '{"dependencies":{"x-y":"github:a/b"}}' },
  ],
  ["suspicious-dependency", { path: "requirements.txt", after: "reqeusts==2.0" }],
  [
    "suspicious-dependency",
    { path: "requirements.txt", after: "--extra-index-url https://localhost/simple" },
  ],
  ["suspicious-dependency", { path: "Cargo.toml", after: 'rustdecimal2 = { git = "https://localhost/x" }' }],
  [
    "install-script",
    { path: "package.json", before: "{}", after: '{"scripts":{"postinstall":"node x.js"}}' },
  ],
  ["install-script", { path: "setup.py", before: "setup()", after: "setup(cmdclass={'install': X})" }],
  [
    "weakened-test",
    {
      path: "a.test.ts",
      before: "test('a', () => { assert.equal(f(), 2); assert.ok(g()); });",
      after: "test('a', () => { assert.ok(g()); });",
    },
  ],
  ["weakened-test", { path: "a.test.ts", before: "test('a', f);", after: "test.skip('a', f);" }],
  [
    "weakened-test",
    {
      path: "tests/test_a.py",
      before: "def test_a():\n  assert f() == 2",
      after: "def test_a():\n  assert True",
    },
  ],
  [
    "weakened-test",
    { path: "a_test.go", before: "func TestA(t *testing.T) { t.Fatal(1) }", after: undefined },
  ],
  ["weakened-test", { path: "ci.yml", before: "- run: npm test", after: "- run: npm test || true" }],
  ["weakened-test", { path: "setup.cfg", before: "fail_under = 90", after: "fail_under = 40" }],
];

for (const [kind, edit] of planted) {
  test(`${edit.path ?? "src/a.ts"}: ${JSON.stringify(edit.after ?? "(taken away)").slice(0, 70)} shows ${kind}`, () => {
    assert.ok(
      kinds(edit).includes(kind),
      JSON.stringify(findPlanted({ path: "src/a.ts", before: "", after: "", ...edit })),
    );
  });
}

const ordinary: readonly Partial<FileEdit>[] = [
  { after: 'import { readFile } from "node:fs/promises";\nexport const a = 1;' },
  { after: "// see https://www.w3.org/TR/trace-context/\nconst u = 'http://localhost:3000/a';" },
  { before: 'get("https://api.acme.io/v1")', after: 'get("https://api.acme.io/v2")' },
  { path: "README.md", after: "Read https://anything.acme.io and 👩‍👩‍👧 and می‌خواهم" },
  { after: "const 变量 = '中文';\nconst Привет = 1;" },
  {
    path: "package.json",
    before: '{"dependencies":{"lodash":"4.0.0"}}',
    after:
      '{"dependencies":{"lodash":"4.0.1","express":"5.0.0","preact":"10.0.0"},"scripts":{"test":"node --test"}}',
  },
  { path: "requirements.txt", after: "requests==2.32\n# comment\nnumpy>=2" },
  {
    path: "a.test.ts",
    before: "test('a', () => { assert.ok(g()); });",
    after: "test('a', () => { assert.ok(g()); assert.equal(f(), 2); });",
  },
  {
    path: "package-lock.json",
    after: `"integrity": "sha512-${"aB3dE5gH7jK9".repeat(10)}", "resolved": "https://registry.acme.io/x"`,
  },
  {
    after:
      "evaluate(x); setTimeout(() => run(), 10); const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';",
  },
  { after: "-".repeat(500) },
  { before: "eval(atob(x))", after: "eval(atob(x))\nconst a = 1;" },
  { path: "a.py", after: "verify = check(False)\nrequests.get(url, verify=bundle)" },
];

for (const edit of ordinary) {
  test(`${edit.path ?? "src/a.ts"}: ${JSON.stringify(edit.after).slice(0, 70)} shows nothing`, () => {
    assert.deepEqual(findPlanted({ path: "src/a.ts", before: "", after: "", ...edit }), []);
  });
}

test("a finding shows what cannot be seen", () => {
  const [finding] = findPlanted({ path: "a.ts", before: "", after: "a\u202eb" });
  assert.equal(finding?.excerpt, String.raw`a\u{202e}b`);
  assert.equal(finding?.line, 1);
});

test("hostile texts are looked at in bounded time", () => {
  for (const after of [
    "\\x".repeat(300_000),
    "https://".repeat(100_000),
    "chr(1)+".repeat(50_000),
    "curl ".repeat(100_000),
    "\n".repeat(200_000),
    `${"a ".repeat(200_000)}b`,
  ]) {
    assert.ok(findPlanted({ path: "a.ts", before: "", after }).length <= 50);
  }
});
