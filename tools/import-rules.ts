// Which file may import what. The tables here are the floors of the architecture.
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { resolveImport } from "./repository.ts";
import type { Manifest, Module, Repository, Violation } from "./repository.ts";

const PURE = ["base", "wire", "policy", "secrets"];
const BELOW_AIRLOCK = [...PURE, "ledger", "backend", "cell"];

/** Packages and the packages they may import. Arrows go down only, and products never import each other. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["base", []],
  ["wire", ["base"]],
  ["policy", ["base"]],
  ["secrets", ["base"]],
  ["ledger", ["base"]],
  ["store", ["base"]],
  ["backend", ["base", "wire"]],
  ["cell", ["base"]],
  ["airlock", BELOW_AIRLOCK],
  ["agent", ["base", "wire", "policy"]],
  ["console", ["base", "agent"]],
  ["gateway", [...BELOW_AIRLOCK, "airlock", "store"]],
  ["vet", ["base", "wire", "secrets", "ledger", "cell"]],
  ["cli", [...BELOW_AIRLOCK, "airlock", "store", "agent", "console", "gateway", "vet"]],
  ["fakes", [...PURE, "ledger", "store", "backend", "cell"]],
]);

const NETWORK = ["net", "http", "https", "http2", "tls", "dgram", "dns", "inspector", "undici"];

interface Restriction {
  readonly modules: readonly string[];
  readonly allowedIn: readonly string[];
  readonly why: string;
}

/** Modules that reach out of the process, and the packages that may. Tests may use them all. */
const RESTRICTIONS: readonly Restriction[] = [
  {
    // The airlock's own door is a Unix socket, which is made of these two.
    modules: ["net", "http"],
    allowedIn: ["backend", "airlock", "gateway", "vet", "fakes"],
    why: "nothing but backend opens a connection",
  },
  {
    modules: NETWORK.filter((name) => name !== "net" && name !== "http"),
    allowedIn: ["backend", "gateway", "vet", "fakes"],
    why: "nothing but backend opens a connection",
  },
  {
    modules: ["child_process", "cluster"],
    allowedIn: ["cell", "cli", "vet", "fakes"],
    why: "processes are started in a cell",
  },
  {
    modules: ["worker_threads", "vm"],
    allowedIn: [...MAY_IMPORT.keys()].filter((name) => name !== "agent" && name !== "console"),
    why: "the agent runs no other code",
  },
  { modules: ["process"], allowedIn: ["cli", "fakes"], why: "the environment arrives as an argument" },
];

/** All that floor 1 may use of Node: what computes and does not reach the world. */
const PURE_BUILTINS = new Set([
  "assert",
  "buffer",
  "crypto",
  "path",
  "string_decoder",
  "url",
  "util",
  "zlib",
]);

export function importViolations(repository: Repository): Violation[] {
  const found: Violation[] = [];
  for (const module of repository.modules.values()) {
    for (const { specifier, line } of module.source.imports) {
      const report = (rule: string, message: string): void => {
        found.push({ path: module.path, line, rule, message });
      };
      if (specifier !== undefined) checkImport({ repository, module, specifier }, report);
      else if (!module.isTest) report("computed-import", "an import names its module in plain text");
    }
  }
  return found;
}

type Report = (rule: string, message: string) => void;

interface Import {
  readonly repository: Repository;
  readonly module: Module;
  readonly specifier: string;
}

function checkImport(found: Import, report: Report): void {
  const { repository, module, specifier } = found;
  if (isBuiltin(specifier) && !specifier.startsWith("node:")) {
    report("node-prefix", `write node:${specifier}`);
    return;
  }
  const target = resolveImport(repository, module, specifier);
  switch (target.kind) {
    case "file":
      checkRelative(found, target.path, report);
      return;
    case "builtin":
      checkRestricted(module, target.name, report);
      return;
    case "workspace":
      checkWorkspace(found, target, report);
      return;
    case "external":
      checkDeclared(found, target.name, report);
      checkRestricted(module, target.name, report);
  }
}

function checkRelative(found: Import, path: string, report: Report): void {
  const { repository, module, specifier } = found;
  const isCode = /\.(?:ts|json)$/.test(specifier) || (module.path.endsWith("js") && specifier.endsWith("js"));
  if (!isCode) report("import-extension", `${specifier} does not end in .ts`);
  if (!path.startsWith(`${module.home}/`)) {
    report("escaping-import", `${specifier} leaves ${module.home}; import the package by its name`);
  } else if (!repository.tree.files.has(path)) report("missing-file", `${path} does not exist`);
}

function checkRestricted(module: Module, name: string, report: Report): void {
  const { packageName } = module;
  if (packageName === undefined || module.isTest) return;
  const top = name.split("/")[0] ?? name;
  const restriction = RESTRICTIONS.find(({ modules }) => modules.includes(top));
  if (restriction !== undefined && !restriction.allowedIn.includes(packageName)) {
    report("restricted-module", `${packageName} may not import ${name}: ${restriction.why}`);
  } else if (PURE.includes(packageName) && !PURE_BUILTINS.has(top)) {
    report("restricted-module", `${packageName} may not import ${name}: floor 1 is pure`);
  }
}

interface WorkspaceTarget {
  readonly folder: string;
  readonly path: string | undefined;
}

function checkWorkspace(found: Import, target: WorkspaceTarget, report: Report): void {
  const { module, specifier } = found;
  const imported = posix.basename(target.folder);
  if (target.path === undefined) {
    report("deep-import", `${specifier} is not in the exports of packages/${imported}`);
  }
  if (imported === "fakes" && module.packageName !== "fakes") {
    if (!module.isTest) report("fakes-outside-tests", "fakes are imported from tests only");
    return;
  }
  if (module.packageName === undefined) return;
  if (imported === module.packageName) {
    report("self-import", "a package imports its own files by path");
    return;
  }
  if (!MAY_IMPORT.get(module.packageName)?.includes(imported)) {
    report("layering", `${module.packageName} may not import ${imported}`);
  }
  checkDeclared(found, specifier.split("/").slice(0, 2).join("/"), report);
}

function checkDeclared(found: Import, name: string, report: Report): void {
  const { repository, module } = found;
  const own = manifestOf(repository, module.path);
  const root = repository.manifests.get("");
  const declared =
    own?.dependencies.has(name) === true || (module.isTest && root?.devDependencies.has(name) === true);
  if (!declared) report("undeclared-import", `${name} is not in the dependencies of ${own?.path}`);
}

/** The manifest of the nearest folder that has one. */
function manifestOf(repository: Repository, path: string): Manifest | undefined {
  const folders = path.split("/").slice(0, -1);
  for (let depth = folders.length; depth > 0; depth--) {
    const manifest = repository.manifests.get(folders.slice(0, depth).join("/"));
    if (manifest !== undefined) return manifest;
  }
  return repository.manifests.get("");
}

/** What a manifest declares must be allowed as well, and versions are exact, so that two machines install the same. */
export function manifestViolations(repository: Repository): Violation[] {
  const found: Violation[] = [];
  for (const [folder, manifest] of repository.manifests) {
    const packageName = folder.startsWith("packages/") ? posix.basename(folder) : undefined;
    const report = (rule: string, message: string): void => {
      found.push({ path: manifest.path, line: 1, rule, message });
    };
    const allowed = packageName === undefined ? undefined : MAY_IMPORT.get(packageName);
    if (packageName !== undefined && allowed === undefined) {
      report("unknown-package", `${packageName} has no row in the table of tools/import-rules.ts`);
    }
    for (const [name, version] of [...manifest.dependencies, ...manifest.devDependencies]) {
      if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
        report("inexact-version", `${name} ${version} is not an exact version`);
      }
      const dependency = repository.folderOf.get(name);
      if (allowed === undefined || dependency === undefined) continue;
      if (!allowed.includes(posix.basename(dependency))) {
        report("layering", `${packageName} may not depend on ${posix.basename(dependency)}`);
      }
    }
    for (const path of [...manifest.exports.values(), ...manifest.bin]) {
      if (!repository.tree.files.has(path)) report("missing-file", `${path} does not exist`);
    }
  }
  return found;
}
