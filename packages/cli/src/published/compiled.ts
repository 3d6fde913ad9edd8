/**
 * Runs a program of the published folder, with the compiled code that earlier runs kept. Node's own cache keeps what
 * was compiled by the first exit, whichever command that was: after `cloister --version` each session would compile
 * nearly all of itself again, a quarter of a second of CPU. Here whoever compiled more than is kept keeps that.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { getHeapCodeStatistics, setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/** Of bytecode, before what is kept is worth writing anew. */
const GROWTH_MIN = 1.05;

/**
 * Runs the CommonJS file, of which only ASCII is read right, and returns its exports. What was compiled is kept at the
 * end of the process. Code that does not fit this Node, or `keptFor` has none, is compiled when it is called.
 */
export function runProgram(
  file: string,
  keptFor: (id: string) => string,
  owner: number | undefined,
): unknown {
  const bytes = readFileSync(file);
  const keptFile = keptFor(idOf(bytes));
  const kept = readKept(keptFile, owner);
  const script = toScript(file, bytes, kept?.code);
  const keptBytes = kept === undefined || script.cachedDataRejected === true ? 0 : kept.bytecodeBytes;
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

export interface Kept {
  readonly code: Uint8Array;
  /** All that the process had compiled when it was kept. */
  readonly bytecodeBytes: number;
}

const SUM_BYTES = 32;
const HEAD_BYTES = SUM_BYTES + 4;
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const UNUSED_MS_MAX = 30 * 24 * 60 * 60 * 1000;

/**
 * Undefined where nothing is kept, or not whole. With an owner, only what is that user's own and nobody else may
 * write: it is run, and a home folder may be somebody else's (`sudo -E`).
 */
export function readKept(file: string, owner?: number): Kept | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { uid, mode, size } = fstatSync(descriptor);
    if (owner !== undefined && (uid !== owner || (mode & 0o022) !== 0)) return undefined;
    if (size > KEPT_BYTES_MAX) return undefined;
    const bytes = readFileSync(descriptor);
    if (!sumOf(bytes.subarray(SUM_BYTES)).equals(bytes.subarray(0, SUM_BYTES))) return undefined;
    return { code: bytes.subarray(HEAD_BYTES), bytecodeBytes: bytes.readUInt32LE(SUM_BYTES) };
  } catch {
    return undefined; // nothing is kept yet, or not for us
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Whole or not at all; what was long not written anew goes. A start without it is slower and nothing else, so nothing is thrown. */
export function keepCode(file: string, { code, bytecodeBytes }: Kept): void {
  const folder = dirname(file);
  const half = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Another user may read it: the agent of a workspace that is theirs runs as they.
    const body = Buffer.concat([Buffer.alloc(4), code]);
    body.writeUInt32LE(bytecodeBytes);
    writeFileSync(half, Buffer.concat([sumOf(body), body]), { mode: 0o644, flag: "wx" });
    renameSync(half, file);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (Date.now() - statSync(path).mtimeMs > UNUSED_MS_MAX) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    remove(half); // a full disk, or a home that cannot be written
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    /* the folder is not there at all */
  }
}

function sumOf(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest();
}
