import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { parseArguments } from "../src/arguments.ts";
import { scan } from "../src/commands/scan.ts";
import type { Environment } from "../src/environment.ts";
import { toScannable } from "../src/scan-files.ts";

const password = "Tr0ub4dor" + "&3x";
const place = mkdtempSync(join(tmpdir(), "cloister-scan-"));
after(() => rmSync(place, { recursive: true, force: true }));

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(join(place, path, ".."), { recursive: true });
  writeFileSync(join(place, path), content);
}

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  return runWith("", argv);
}

async function runWith(
  input: string,
  argv: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const environment = {
    directory: place,
    colour: false,
    stdin: Readable.from([input]),
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  } as unknown as Environment;
  const args = parseArguments(["scan", ...argv]);
  assert.ok(args.command === "scan");
  return { code: await scan(args, environment), out, err };
}

write("dirty/.env", `A=1\nDB_PASSWORD=${password}\n`);
write("dirty/sub/b.txt", `手机 ${["139", "2345", "6781"].join("")}\n`);
write("dirty/.git/config", `password=${password}\n`);
write("dirty/picture.bin", Buffer.from(`\0\0password=${password}`));
write("clean/a.ts", "const password = readPassword();\n");

test("findings name their file, line and column, and never the secret", async () => {
  const { code, out } = await run("dirty");
  assert.equal(code, 1);
  assert.deepEqual(out.split("\n"), [
    "dirty/.env:2:13  named-secret (likely)  … 12 characters",
    "dirty/sub/b.txt:1:4  mobile-number (likely)  … 11 characters",
    "2 in 2 files",
    "",
  ]);
  assert.ok(!out.includes(password));
});

test("as JSON lines they have their places in UTF-16 units", async () => {
  const { code, out } = await run("--json", "dirty");
  assert.equal(code, 1);
  const [first, second] = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(first, {
    file: "dirty/.env",
    start: 16,
    end: 28,
    kind: "named-secret",
    confidence: "likely",
    rule: "named-human",
  });
  assert.deepEqual(second, {
    file: "dirty/sub/b.txt",
    start: 3,
    end: 14,
    kind: "mobile-number",
    confidence: "likely",
    rule: "mobile-number",
  });
});

test("nothing found is 0, and what could not be read is 2 whatever else was found", async () => {
  assert.deepEqual(await run("clean"), { code: 0, out: "", err: "" });
  const missing = await run("dirty", "missing");
  assert.equal(missing.code, 2);
  assert.match(missing.err, /missing: ENOENT/);
  assert.equal((await run()).code, 2);
  assert.equal((await run("--rules", "missing.toml", "clean")).code, 2);
});

test("links are not followed", async () => {
  mkdirSync(join(place, "links"));
  symlinkSync("../dirty", join(place, "links/folder"));
  symlinkSync("../dirty/.env", join(place, "links/file"));
  assert.equal((await run("links")).code, 0);
});

test("the standard input is read for -", async () => {
  const { code, out } = await runWith(`password=${password}\n`, ["--json", "-"]);
  assert.equal(code, 1);
  assert.match(out, /^\{"file":"-","start":9,"end":21,/);
});

test("rules of the house come as TOML, and what is not understood in them is said", async () => {
  write(
    "rules.toml",
    `[[rules]]\nid = "corp-ticket"\nregex = '''(?i)\\bcorp-([0-9a-f]{16})\\b'''\nkeywords = ["corp-"]\n\n[[rules]]\nid = "ahead"\nregex = '''(?=x)'''\n`,
  );
  write("house/a.txt", "CORP-9f8e7d6c5b4a3f21\n");
  const { code, out, err } = await run("--json", "--rules", "rules.toml", "house");
  assert.equal(code, 1);
  assert.match(out, /"start":5,"end":21,"kind":"custom-rule".*"rule":"corp-ticket"/);
  assert.match(err, /rule ahead: left out, since its regex has "\(\?=x"/);
});

test("addresses are looked for only when asked", async () => {
  write("mail/a.txt", ["li.wei", "corp.example"].join("@"));
  assert.equal((await run("mail")).code, 0);
  assert.equal((await run("--email", "mail")).code, 1);
});

test("old encodings are read, and names of files cannot steer the terminal", async () => {
  const gb = Buffer.from([0xc3, 0xdc, 0xc2, 0xeb]);
  assert.deepEqual(toScannable(gb), { kind: "text", text: "密码" });
  assert.deepEqual(toScannable(Buffer.from("\ufeffa", "utf16le")), { kind: "text", text: "\ufeffa" });
  assert.deepEqual(toScannable(Buffer.from("a\0b")), { kind: "binary" });
  write("odd/\u001b[2Jx", `password=${password}\n`);
  const { out } = await run("odd");
  assert.ok(!out.includes("\u001b"));
});
