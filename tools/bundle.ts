// `npm run bundle`: the whole product as one file that needs nothing but Node, and the folder that is published.
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
import { build } from "esbuild";
import { isRecord, parseJson } from "@cloister/base";

export interface BundleOptions {
  /** The repository. */
  readonly root: string;
  /** The program's first file. */
  readonly entry: string;
  /** Emptied first. */
  readonly outFolder: string;
}

/** Writes `cloister.js`, `package.json`, the licences, the README and the tour's sample. Returns the bytes of the program. */
export async function bundle(options: BundleOptions): Promise<number> {
  const { root, entry, outFolder } = options;
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  const program = join(outFolder, "cloister.js");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    // 85 MB of machine code that only some want: it is installed apart, and found when it is asked for.
    external: ["node-llama-cpp"],
    // CommonJS loads Node's own modules where they are used; an ES module would load all of them at its start.
    format: "cjs",
    define: { "import.meta.filename": "__filename" },
    target: "node24",
    // Readable on purpose: whoever installs it can see what it does.
    minify: false,
    sourcemap: false,
    splitting: false,
    legalComments: "inline",
    metafile: true,
    logLevel: "warning",
  });
  // The entry may have such a line of its own, which esbuild keeps at the top.
  const text = readFileSync(program, "utf8");
  if (!text.startsWith("#!")) writeFileSync(program, `#!/usr/bin/env node\n${text}`);
  chmodSync(program, 0o755);
  writeFileSync(join(outFolder, "package.json"), publishedManifest(root));
  writeFileSync(join(outFolder, "THIRD-PARTY-LICENSES.txt"), licencesOf(root, Object.keys(metafile.inputs)));
  for (const name of ["LICENSE", "README.md"]) copyIfThere(join(root, name), join(outFolder, name));
  copyIfThere(join(root, "packages/cli/sample"), join(outFolder, "sample"));
  return readFileSync(program).length;
}

function publishedManifest(root: string): string {
  const path = join(root, "packages/cli/package.json");
  const own = parseJson(readFileSync(path, "utf8"), path);
  if (!isRecord(own)) throw new TypeError(`${path} does not hold an object`);
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

/** The licence of each package whose code went into the bundle; theirs ask to be passed on with it. */
function licencesOf(root: string, inputs: readonly string[]): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const match = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
    if (match !== null) folders.add(match[0]);
  }
  const texts = [...folders].sort().map((folder) => {
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} is in the bundle and has no licence file`);
    return `${folder.replace(/^.*node_modules\//, "")}\n\n${readFileSync(join(root, folder, file), "utf8")}`;
  });
  return texts.join(`\n${"-".repeat(78)}\n\n`);
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const outFolder = join(root, "dist");
  const bytes = await bundle({ root, entry: join(root, "packages/cli/src/main.ts"), outFolder });
  console.log(`dist/cloister.js ${(bytes / 1000).toFixed(0)} kB`);
}
