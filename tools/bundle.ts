// `npm run bundle`: the product as a folder that needs nothing but Node, which is what is published.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { isRecord, parseJson, type JsonObject } from "@cloister/base";
import { listParts, type Carried } from "./parts.ts";

export interface BundleOptions {
  /** The repository. */
  readonly root: string;
  /** Emptied first. */
  readonly outFolder: string;
}

/** Each is started as a process; whoever starts reads it whole, so that neither holds what only the other needs. */
const programs: readonly { readonly entry: string; readonly file: string }[] = [
  { entry: "packages/cli/src/main.ts", file: "keeper.js" },
  { entry: "packages/cli/src/agent-main.ts", file: "agent.js" },
];

/** What `node` is told to run; each reads the program beside it, with the compiled code that was kept for it. */
const firstFiles: typeof programs = [
  { entry: "packages/cli/src/published/first.ts", file: "cloister.js" },
  { entry: "packages/cli/src/published/agent-first.ts", file: "agent-first.js" },
];

/** Large, and not needed by every run: files of their own, loaded where they are used. */
const apart = /^(?:gpt-tokenizer\/.*|unpdf|@vscode\/tree-sitter-wasm|@huggingface\/jinja|yaml|smol-toml)$/;

/** Writes the programs, their libraries, `package.json`, the list of parts, the licences, the README and the tour's sample. Returns all bytes of JavaScript. */
export async function bundle({ root, outFolder }: BundleOptions): Promise<number> {
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  const libraries = new Map<string, string>();
  const inputs = new Set<string>();
  let bytes = 0;
  const add = async (entry: string, file: string, plugins: readonly Plugin[]): Promise<void> => {
    const outfile = join(outFolder, file);
    const { metafile } = await build({
      ...common,
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      plugins: [...plugins],
    });
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
    const code = toAscii(readFileSync(outfile, "utf8"));
    writeFileSync(outfile, code);
    bytes += code.length;
  };
  for (const { entry, file } of programs) {
    await add(entry, file, [setApart(libraries)]);
    const code = readFileSync(join(outFolder, file), "utf8");
    writeFileSync(join(outFolder, file), withImportModule(code));
  }
  writeFileSync(join(outFolder, "import.js"), "module.exports = (name) => import(name);\n");
  for (const [file, path] of libraries) await add(path, join("lib", file), []);
  for (const { entry, file } of firstFiles) await add(entry, file, []);
  chmodSync(join(outFolder, "cloister.js"), 0o755);
  writeFileSync(join(outFolder, "package.json"), publishedManifest(root));
  const folders = packagesOf([...inputs]);
  writeFileSync(join(outFolder, "THIRD-PARTY-LICENSES.txt"), licencesOf(root, folders));
  writeFileSync(join(outFolder, "cloister.cdx.json"), partsOf(root, folders));
  for (const name of ["LICENSE", "README.md"]) copyIfThere(join(root, name), join(outFolder, name));
  copyIfThere(join(root, "packages/cli/sample"), join(outFolder, "sample"));
  copyGrammars(join(root, "node_modules/@vscode/tree-sitter-wasm/wasm"), join(outFolder, "grammars"));
  return bytes;
}

const common = {
  bundle: true,
  platform: "node",
  // 85 MB of machine code that only some want: it is installed apart, and found when it is asked for.
  external: ["node-llama-cpp"],
  // CommonJS loads Node's own modules where they are used; an ES module would load all of them at its start.
  format: "cjs",
  define: { "import.meta.filename": "__filename", "import.meta.main": "false" },
  target: "node24",
  // Readable on purpose: whoever installs it can see what it does.
  minify: false,
  sourcemap: false,
  splitting: false,
  legalComments: "inline",
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * One character that is not Latin-1 makes V8 keep all of a file with two bytes each, and scan it slower; esbuild leaves
 * those in regular expressions and comments. In a comment the escape says less, everywhere else the same.
 */
function toAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** For `compiled.ts`, which runs a program as a script and hands it a way to import. */
function withImportModule(code: string): string {
  const written = code.replaceAll(
    /\bimport\((?="(?:\.\/lib\/[\w.-]+|node-llama-cpp|node:[\w/]+)"\))/g,
    "importModule(",
  );
  const left = /^.*\bimport\("[^"]+"\).*$/m.exec(written);
  if (left !== null) throw new Error(`the program imports what the bundle does not know: ${left[0]}`);
  return written;
}

/** Leaves the large libraries out, and notes where they are. */
function setApart(libraries: Map<string, string>): Plugin {
  return {
    name: "set-apart",
    setup: (esbuild) => {
      esbuild.onResolve({ filter: apart }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData === asked) return undefined;
        const found = await esbuild.resolve(path, { kind, resolveDir, pluginData: asked });
        const file = `${path.replaceAll(/[@/]+/g, "-").replace(/^-/, "")}.js`;
        libraries.set(file, found.path);
        return { path: `./lib/${file}`, external: true };
      });
    },
  };
}

/** Marks our own question, which the plugin hears too. */
const asked = Symbol("asked");

function manifestOf(root: string): JsonObject {
  const path = join(root, "packages/cli/package.json");
  const own = parseJson(readFileSync(path, "utf8"), path);
  if (!isRecord(own)) throw new TypeError(`${path} does not hold an object`);
  return own as JsonObject;
}

function publishedManifest(root: string): string {
  const own = manifestOf(root);
  const manifest = {
    name: "cloister",
    version: own["version"],
    description: own["description"],
    license: own["license"],
    type: "commonjs",
    bin: { cloister: "./cloister.js" },
    engines: { node: ">=24" },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The packages whose code went into the bundle. */
function packagesOf(inputs: readonly string[]): string[] {
  const found = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  return [...new Set(found)].toSorted();
}

/** For those who must know what they run, and for their programs that look for known holes in it. */
function partsOf(root: string, folders: readonly string[]): string {
  const path = join(root, "package-lock.json");
  const lock = parseJson(readFileSync(path, "utf8"), path);
  const { version, license } = manifestOf(root);
  if (typeof version !== "string" || typeof license !== "string") {
    throw new TypeError("packages/cli/package.json does not say version and licence");
  }
  const list = listParts({ lock, folders, version, licence: license, carried: carriedIn(root, folders) });
  return `${JSON.stringify(list, null, 2)}\n`;
}

const PDF = "node_modules/unpdf";

/** unpdf is pdf.js in one file, which says its version. Of Tree-sitter's grammars their package does not say theirs. */
function carriedIn(root: string, folders: readonly string[]): readonly Carried[] {
  if (!folders.includes(PDF)) return [];
  const [, version] =
    /apiVersion:`([\d.]+)`/.exec(readFileSync(join(root, PDF, "dist/pdfjs.mjs"), "utf8")) ?? [];
  if (version === undefined) throw new TypeError(`${PDF} does not say which pdf.js it holds`);
  return [{ by: PDF, name: "pdfjs-dist", version, licence: "Apache-2.0" }];
}

/** Theirs ask to be passed on with their code. */
function licencesOf(root: string, folders: readonly string[]): string {
  const texts = folders.map((folder) => {
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} is in the bundle and has no licence file`);
    return `${folder.replace(/^.*node_modules\//, "")}\n\n${readFileSync(join(root, folder, file), "utf8")}`;
  });
  for (const { name, version, licence } of carriedIn(root, folders)) {
    if (licence !== manifestOf(root)["license"]) throw new Error(`${name} asks for the text of ${licence}`);
    texts.push(`${name}\n\n${version}, under ${licence}: the same text as in LICENSE.\n`);
  }
  return texts.join(`\n${"-".repeat(78)}\n\n`);
}

/** Of languages that have no definitions to map. */
const unusedGrammars = /-(?:css|ini|powershell|regex)\.wasm$/;

function copyGrammars(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.endsWith(".wasm") && !unusedGrammars.test(name)) cpSync(join(from, name), join(to, name));
  }
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const bytes = await bundle({ root, outFolder: join(root, "dist") });
  console.log(`dist: ${(bytes / 1000).toFixed(0)} kB of JavaScript`);
}
