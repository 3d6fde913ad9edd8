// The published programs start with the code that earlier runs compiled. Whatever is wrong with what was kept, they run.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const published = join(import.meta.dirname, "../packages/cli/src/published");
const module = join(published, "compiled.ts");

interface Program extends Disposable {
  readonly file: string;
  readonly folder: string;
  /** Runs it, and tells what V8 said of the code that was kept. */
  readonly run: () => string;
  readonly kept: () => string[];
}

function createProgram(source: string): Program {
  const base = mkdtempSync(join(tmpdir(), "cloister-kept-"));
  const file = join(base, "keeper.js");
  const folder = join(base, "code");
  writeFileSync(file, source);
  const start = `
    const { runProgram } = await import(${JSON.stringify(module)});
    runProgram(${JSON.stringify(file)}, (id) => ${JSON.stringify(folder)} + "/task-" + id, process.geteuid());
  `;
  return {
    file,
    folder,
    run: () => execFileSync(process.execPath, ["--input-type=module", "-e", start], { encoding: "utf8" }),
    kept: () => readdirSync(folder).toSorted(),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

const hello = 'function greet() { return "hello"; } console.log(greet());';

test("what a run compiled is kept for the next one, for the user alone to write, and is not written again", () => {
  using program = createProgram(hello);
  assert.equal(program.run(), "hello\n");
  const [name = "", ...others] = program.kept();
  assert.deepEqual(others, []);
  const before = statSync(join(program.folder, name));
  assert.equal(before.mode & 0o022, 0);
  assert.equal(statSync(program.folder).mode & 0o077, 0);
  assert.equal(program.run(), "hello\n");
  assert.equal(statSync(join(program.folder, name)).ino, before.ino);
});

test("another build of the same length runs its own code", () => {
  using program = createProgram(hello);
  program.run();
  writeFileSync(program.file, hello.replace('"hello"', '"HELLO"'));
  assert.equal(program.run(), "HELLO\n");
  assert.equal(program.kept().length, 2);
});

test("a damaged file, one that is cut short, and a link are passed over", () => {
  using program = createProgram(hello);
  program.run();
  const path = join(program.folder, program.kept()[0] ?? "");
  const whole = readFileSync(path);
  const changed = Buffer.from(whole);
  changed.writeUInt8(changed.readUInt8(whole.length - 20) ^ 1, whole.length - 20);
  for (const bad of [Buffer.from("short"), Buffer.alloc(4000, 7), whole.subarray(0, 200), changed]) {
    writeFileSync(path, bad);
    assert.equal(program.run(), "hello\n");
    assert.ok(!readFileSync(path).equals(bad), "and written anew");
  }
  const elsewhere = join(program.folder, "../elsewhere");
  writeFileSync(elsewhere, whole);
  rmSync(path);
  symlinkSync(elsewhere, path);
  assert.equal(program.run(), "hello\n");
  assert.ok(statSync(path).isFile() && readFileSync(elsewhere).equals(whole));
});

test("what somebody else could have written is not run", { skip: process.geteuid?.() !== 0 }, () => {
  using program = createProgram(hello);
  program.run();
  const [name = ""] = program.kept();
  const path = join(program.folder, name);
  // Whole and fitting, but of other code: it would show if it were run.
  using other = createProgram(hello.replace('"hello"', '"HELLO"'));
  other.run();
  const planted = readFileSync(join(other.folder, other.kept()[0] ?? ""));
  writeFileSync(path, planted);
  assert.equal(program.run(), "HELLO\n", "V8 itself compares no more than the length");
  for (const spoil of [() => chmodSync(path, 0o666), () => chownSync(path, 65_534, 65_534)]) {
    writeFileSync(path, planted, { mode: 0o644 });
    spoil();
    assert.equal(program.run(), "hello\n");
  }
});

test("where there is no place for it nothing is kept", () => {
  using program = createProgram(hello);
  const start = `
    const { runProgram } = await import(${JSON.stringify(module)});
    runProgram(${JSON.stringify(program.file)}, () => undefined, process.geteuid());
  `;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", start], { encoding: "utf8" });
  assert.equal(said, "hello\n");
  assert.deepEqual(readdirSync(join(program.folder, "..")), ["keeper.js"]);
});

test("a home that cannot be written is no trouble", () => {
  using program = createProgram(hello);
  writeFileSync(program.folder, "a file in the place of the folder");
  assert.equal(program.run(), "hello\n");
});

test("the program finds its own files, by require and by import", () => {
  using program = createProgram(
    'console.log(require("./beside.js").name, __filename.endsWith("keeper.js"));\n' +
      'importModule("./lib/far.js").then(({ default: far }) => console.log(far.name));',
  );
  mkdirSync(join(program.folder, "../lib"));
  writeFileSync(join(program.folder, "../import.js"), "module.exports = (name) => import(name);");
  writeFileSync(join(program.folder, "../beside.js"), 'exports.name = "beside";');
  writeFileSync(join(program.folder, "../lib/far.js"), 'exports.name = "far";');
  for (let run = 0; run < 2; run++) assert.equal(program.run(), "beside true\nfar\n");
});

test("what was not written for a month goes", () => {
  using program = createProgram(hello);
  program.run();
  const old = join(program.folder, "task-of-an-earlier-build");
  writeFileSync(old, "");
  utimesSync(old, new Date(), new Date(Date.now() - 40 * 24 * 60 * 60 * 1000));
  writeFileSync(program.file, `${hello}\n`);
  program.run();
  assert.equal(program.kept().includes("task-of-an-earlier-build"), false);
});

test("a program that is compiled ahead is not run by it, and runs from it", () => {
  using program = createProgram(hello);
  using other = createProgram(hello.replace('"hello"', '"HELLO"'));
  const kept = join(program.folder, "agent");
  const node = (code: string): string =>
    execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  const ahead = (file: string): string => `
    const { compileAhead } = await import(${JSON.stringify(module)});
    const { keepCode } = await import(${JSON.stringify(join(published, "kept-code.ts"))});
    keepCode(${JSON.stringify(kept)}, compileAhead(${JSON.stringify(file)}));
  `;
  const run = `
    const { runCompiled } = await import(${JSON.stringify(module)});
    runCompiled(${JSON.stringify(program.file)}, ${JSON.stringify(kept)});
  `;
  assert.equal(node(ahead(program.file)), "");
  assert.equal(node(run), "hello\n");
  // Of the same length, so that V8 does not see it: what is kept is what runs.
  node(ahead(other.file));
  assert.equal(node(run), "HELLO\n");
});
