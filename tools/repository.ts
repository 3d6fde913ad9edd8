// What the repository's checks look at: its texts, its package manifests and its modules, read once.
import { posix } from "node:path";
import { isRecord } from "@cloister/base";
import { scanSource } from "./source-scan.ts";
import type { Source } from "./source-scan.ts";

/** A checkout as values, so that a test can make up a small one. */
export interface Tree {
  /** Where the checkout lies; no file may name this place. */
  readonly root: string;
  /** The home folder of whoever runs the checks; no file may name it either. */
  readonly home: string;
  /** Every text file: path with "/" separators, and text. */
  readonly files: ReadonlyMap<string, string>;
}

export interface Violation {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** Stable, kebab-case. */
  readonly rule: string;
  readonly message: string;
}

export interface Manifest {
  readonly path: string;
  readonly name: string;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly devDependencies: ReadonlyMap<string, string>;
  /** Subpath ("." or "./client") to file, relative to the repository. */
  readonly exports: ReadonlyMap<string, string>;
  readonly bin: readonly string[];
}

export interface Module {
  readonly path: string;
  readonly text: string;
  readonly source: Source;
  /** The package's folder name; undefined in tools and e2e. */
  readonly packageName: string | undefined;
  /** The folder that relative imports may not leave. */
  readonly home: string;
  /** Tests, their support files, and the repository's tools: not part of the product. */
  readonly isTest: boolean;
}

export interface Repository {
  readonly tree: Tree;
  readonly modules: ReadonlyMap<string, Module>;
  /** By folder: "" is the root, "packages/base", "e2e/engine". */
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** Workspace package name as imported, to its folder. */
  readonly folderOf: ReadonlyMap<string, string>;
}

const MODULE_PATH = /^(?:packages\/([^/]+)\/(?:src|test|bin)|tools|e2e)\/.*\.(?:ts|js|mts|mjs)$/;
const TEST_PATH = /\.test\.ts$|^packages\/[^/]+\/test\/|^tools\/|^e2e\//;

export function readRepository(tree: Tree): Repository {
  const modules = new Map<string, Module>();
  const manifests = new Map<string, Manifest>();
  const folderOf = new Map<string, string>();
  for (const [path, text] of tree.files) {
    const match = MODULE_PATH.exec(path);
    if (match !== null) {
      const packageName = match[1];
      const home = packageName === undefined ? (path.split("/")[0] ?? "") : `packages/${packageName}`;
      const isTest = TEST_PATH.test(path);
      modules.set(path, { path, text, source: scanSource(text), packageName, home, isTest });
    } else if (/^(?:packages\/[^/]+\/|e2e\/[^/]+\/)?package\.json$/.test(path)) {
      const folder = posix.dirname(path) === "." ? "" : posix.dirname(path);
      const manifest = parseManifest({ path, folder, text });
      manifests.set(folder, manifest);
      if (folder.startsWith("packages/")) folderOf.set(manifest.name, folder);
    }
  }
  return { tree, modules, manifests, folderOf };
}

export type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "builtin"; readonly name: string }
  /** `path` is undefined when the package does not export this subpath. */
  | { readonly kind: "workspace"; readonly folder: string; readonly path: string | undefined }
  | { readonly kind: "external"; readonly name: string };

/** Where a specifier leads. */
export function resolveImport(repository: Repository, from: Module, specifier: string): Target {
  if (specifier.startsWith(".")) {
    return { kind: "file", path: posix.join(posix.dirname(from.path), specifier) };
  }
  if (specifier.startsWith("node:")) return { kind: "builtin", name: specifier.slice("node:".length) };
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const folder = repository.folderOf.get(name);
  if (folder === undefined) return { kind: "external", name };
  const subpath = specifier === name ? "." : `.${specifier.slice(name.length)}`;
  return { kind: "workspace", folder, path: repository.manifests.get(folder)?.exports.get(subpath) };
}

function parseManifest(file: { path: string; folder: string; text: string }): Manifest {
  const value: unknown = JSON.parse(file.text);
  if (!isRecord(value)) throw new TypeError(`${file.path} does not hold an object`);
  const inFolder = ([key, path]: readonly [string, string]): [string, string] => [
    key,
    posix.join(file.folder, path),
  ];
  return {
    path: file.path,
    name: String(value["name"]),
    // An optional peer is declared too: whoever wants the feature installs it.
    dependencies: new Map([...toTexts(value["dependencies"]), ...toTexts(value["peerDependencies"])]),
    devDependencies: toTexts(value["devDependencies"]),
    exports: new Map([...toTexts(value["exports"])].map(inFolder)),
    bin: [...toTexts(value["bin"])].map(inFolder).map(([, path]) => path),
  };
}

function toTexts(value: unknown): Map<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return new Map(entries.map(([key, item]) => [key, String(item)]));
}
