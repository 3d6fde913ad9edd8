/**
 * Runs a program of the published folder, with the compiled code that earlier runs kept. Node's own cache keeps what
 * was compiled by the first exit, whichever command that was: after `cloister --version` each session would compile
 * nearly all of itself again, a quarter of a second of CPU. Here whoever compiled more than is kept keeps that.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { getHeapCodeStatistics, setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { keepCode, readKept, type Kept } from "./kept-code.ts";

/** Of bytecode, before what is kept is worth writing anew. */
const GROWTH_MIN = 1.05;

/**
 * Runs the CommonJS file, of which only ASCII is read right, and returns its exports. What was compiled is kept at the
 * end of the process. Code that does not fit this Node, or `keptFor` has none, is compiled when it is called; without a
 * place for it none is kept.
 */
export function runProgram(
  file: string,
  keptFor: (id: string) => string | undefined,
  owner: number | undefined,
): unknown {
  const bytes = readFileSync(file);
  const keptFile = keptFor(idOf(bytes));
  const kept = keptFile === undefined ? undefined : readKept(keptFile, owner);
  const script = toScript(file, bytes, kept?.code);
  const keptBytes = kept === undefined || script.cachedDataRejected === true ? 0 : kept.bytecodeBytes;
  if (keptFile === undefined) return run(script, file);
  process.once("exit", () => {
    const bytecodeBytes = getHeapCodeStatistics().bytecode_and_metadata_size;
    if (bytecodeBytes <= keptBytes * GROWTH_MIN) return;
    keepCode(keptFile, { code: script.createCachedData(), bytecodeBytes });
  });
  return run(script, file);
}

/** The same for a program that may keep nothing: it is given what `compileAhead` made. */
export function runCompiled(file: string, keptFile: string | undefined): unknown {
  const kept = keptFile === undefined ? undefined : readKept(keptFile);
  return run(toScript(file, readFileSync(file), kept?.code), file);
}

function run(script: Script, file: string): unknown {
  const module = { exports: {} };
  const load = createRequire(file);
  const folder = dirname(file);
  // A script's own `import` is an experiment of Node's, and says so on stderr; that of a file beside it is not.
  const importing = join(folder, "import.js");
  const importModule = (name: string): unknown => (load(importing) as (name: string) => unknown)(name);
  const program = script.runInThisContext() as (...scope: unknown[]) => void;
  program.call(module.exports, module.exports, load, module, file, folder, importModule);
  return module.exports;
}

/** Compiles all of a program without running any of it. */
export function compileAhead(file: string): Kept {
  const bytes = readFileSync(file);
  // Set back before the code is taken out: V8 refuses code that was made under other flags than it runs with.
  setFlagsFromString("--no-lazy");
  try {
    const script = toScript(file, bytes, undefined);
    setFlagsFromString("--lazy");
    return { code: script.createCachedData(), bytecodeBytes: 0 };
  } finally {
    setFlagsFromString("--lazy");
  }
}

/** Of a program file: changes with every byte of it, and with the version of Node. */
export function programId(file: string): string {
  return idOf(readFileSync(file));
}

function idOf(bytes: Uint8Array): string {
  const sum = createHash("sha256").update(bytes).digest("hex").slice(0, 24);
  return `${process.version}-${process.arch}-${sum}`;
}

function toScript(filename: string, bytes: Buffer, cachedData: Uint8Array | undefined): Script {
  // Latin-1 keeps one byte a character in memory, where one single other character would make all of them two.
  const source = `(function (${scope}) {${bytes.toString("latin1")}\n})`;
  return new Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
}

/** What Node hands to a CommonJS file, and a way to import, which the bundler writes into the programs. */
const scope = "exports, require, module, __filename, __dirname, importModule";
