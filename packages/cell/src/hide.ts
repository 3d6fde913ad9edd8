/** Which files of a workspace its commands should not read: keys and tokens by name, and what ignore files name. */
import { lstatSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { isWithin } from "./find.ts";
import { readHead } from "./git-guard.ts";
import { ignoreFiles, parseIgnore, type IgnoreRules } from "./ignore.ts";
import { openTree, type Entry, type TreeLimits } from "./tree.ts";

export interface HideOptions {
  /** More patterns, as gitignore(5) has them; what they name is hidden whatever it is. */
  readonly patterns?: readonly string[];
  /** What a person shows although a name or an ignore file would hide it; `patterns` goes before it. */
  readonly exceptions?: readonly string[];
  /**
   * Who else hides: gives the rule that hides an absolute path. No exception shows it; but what a build needs and
   * nobody keeps secret stays, as with the ignore files of other tools.
   */
  readonly named?: (path: string, isDirectory: boolean) => string | undefined;
  readonly limits?: Partial<TreeLimits>;
}

export interface HiddenPath {
  /** A real path: hiding a link's name would hide nothing. */
  readonly path: string;
  /** The rule that named it, such as `.cursorignore` or `private key`. */
  readonly reason: string;
}

export interface Hidden {
  readonly paths: readonly HiddenPath[];
  /** What was not looked at, in words; undefined when everything was. */
  readonly cut: string | undefined;
}

/** Each costs every command about 0.2 ms. */
const HIDDEN_MAX = 500;
const HEAD_BYTES_MAX = 16_384;
const IGNORE_FILE_BYTES_MAX = 65_536;

// Lists for AI tools also name what is merely long. Without these a build inside fails, and nothing is kept secret by
// it; in `.cloisterignore` the same names are meant.
const derived = parseIgnore(
  [
    "node_modules\n.git\ndist\nbuild\nout\ntarget\n.venv\nvenv\n__pycache__\n.next\n.nuxt\ncoverage\n.cache",
    ".gradle\n.tox\nbin\nobj\n.turbo\nvendor\n*.lock\n*-lock.json\n*-lock.yaml\ngo.sum\n.gitignore\n*.min.js\n*.map",
  ].join("\n"),
);

interface NameRule {
  readonly reason: string;
  readonly name: RegExp;
  /** Looked for in the head of the file; without it the name is enough. */
  readonly content?: RegExp;
}

const fileRules: readonly NameRule[] = [
  { reason: "environment file", name: /^\.env(?!.*\.(?:example|sample|template)$)/ },
  { reason: "private key", name: /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?!.*\.pub$)/ },
  { reason: "private key", name: /\.(?:pem|key)$/i, content: /PRIVATE KEY/ },
  { reason: "key store", name: /\.(?:p12|pfx|jks|keystore|kdbx|ppk)$/i },
  {
    reason: "credentials",
    name: /^(?:\.netrc|_netrc|\.pypirc|\.git-credentials|\.pgpass|\.htpasswd|\.dockercfg)$/,
  },
  {
    reason: "registry token",
    name: /^\.npmrc$/,
    content: /(?:_auth|_authToken|_password)\s*=\s*(?!["']?\$\{)\S/,
  },
  {
    reason: "registry token",
    name: /^\.yarnrc\.yml$/,
    content: /npmAuth(?:Token|Ident)\s*:\s*(?!["']?\$\{)\S/,
  },
  { reason: "service account", name: /\.json$/, content: /"type"\s*:\s*"service_account"/ },
  { reason: "Terraform state", name: /\.tfstate(?:\.backup)?$/ },
];

const folderNames: ReadonlySet<string> = new Set([".ssh", ".gnupg", ".aws", ".kube", ".azure", ".docker"]);
/** JSON files are many: only these names are worth a look inside. */
const accountName = /(?:service|account|credential|key|gcp|google|firebase)/i;

/**
 * Walks the workspace once; for a session that goes on, `openHidden` keeps the answer up to date. Never throws for
 * what a workspace holds.
 */
export function hiddenPaths(workspace: string, options: HideOptions = {}): Hidden {
  return openHidden(workspace, options)();
}

/** Each call looks for changes and answers anew; without changes it costs one `lstat` for each folder. */
export function openHidden(workspace: string, options: HideOptions = {}): () => Hidden {
  let rules = readRules(workspace, options);
  const open = (): ReturnType<typeof openTree<readonly HiddenPath[]>> =>
    openTree({
      root: workspace,
      inspect: (folder, entries) => inspect({ workspace, rules, options }, folder, entries),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
  let tree = open();
  return () => {
    const now = readRules(workspace, options, rules);
    if (now.text === rules.text) tree.refresh();
    else {
      rules = now;
      tree = open();
    }
    const found = outermost([...tree.inspected()].flat());
    const all = [...found, ...otherNames(workspace, found, options)];
    const tooMany = all.length > HIDDEN_MAX ? `${all.length - HIDDEN_MAX} more would be hidden` : undefined;
    return { paths: all.slice(0, HIDDEN_MAX), cut: tree.cut() ?? tooMany };
  };
}

/**
 * Asks of one path, as of now, whether a rule hides it or a folder it lies in; answers with the outermost. Nothing is
 * walked, so another name of a hidden file is not known here.
 */
export function openHiddenRule(
  workspace: string,
  options: HideOptions = {},
): (path: string) => HiddenPath | undefined {
  let rules: Rules | undefined;
  return (path) => {
    rules = readRules(workspace, options, rules);
    const search = { workspace, rules, options };
    const parts = relative(workspace, path).split("/");
    if (parts[0] === "" || parts[0] === "..") return undefined;
    for (const [index, name] of parts.slice(0, DEPTH_MAX).entries()) {
      const at = join(workspace, ...parts.slice(0, index + 1));
      const isFile = index === parts.length - 1 && !isFolder(at);
      const reason = reasonToHide(search, at, { name, kind: isFile ? "file" : "directory" });
      if (reason !== undefined) return { path: at, reason };
    }
    return undefined;
  };
}

const DEPTH_MAX = 256;

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false; // not there, below a file, or nobody's to look at
  }
}

interface Rules {
  readonly text: string;
  readonly named: readonly NamedRules[];
  readonly exceptions: IgnoreRules;
}

interface NamedRules {
  readonly reason: string;
  /** A person's own word for now, a project's word about agents, or a list made for another tool. */
  readonly rank: "person" | "project" | "tool";
  readonly rules: IgnoreRules;
}

/** Those from `before` where the files say the same: to read the patterns takes longer than to read the files. */
function readRules(workspace: string, options: HideOptions, before?: Rules): Rules {
  const texts = ignoreFiles.map((name) => ({
    reason: name,
    rank: name === ".cloisterignore" ? ("project" as const) : ("tool" as const),
    text: readHead(`${workspace}/${name}`, IGNORE_FILE_BYTES_MAX),
  }));
  const text = texts.map((file) => file.text).join("\0");
  if (before?.text === text) return before;
  const own = {
    reason: "hidden by name",
    rank: "person" as const,
    text: (options.patterns ?? []).join("\n"),
  };
  return {
    text,
    named: [own, ...texts]
      .filter((named) => named.text !== "")
      .map((named) => ({ reason: named.reason, rank: named.rank, rules: parseIgnore(named.text) })),
    exceptions: parseIgnore((options.exceptions ?? []).join("\n")),
  };
}

interface Search {
  readonly workspace: string;
  readonly rules: Rules;
  readonly options: HideOptions;
}

function inspect(search: Search, folder: string, entries: readonly Entry[]): HiddenPath[] {
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    const reason = reasonToHide(search, path, entry);
    if (reason === undefined) return [];
    if (entry.kind !== "link") return [{ path, reason }];
    const real = realOrUndefined(path);
    return real !== undefined && real !== search.workspace && isWithin(real, search.workspace)
      ? [{ path: real, reason }]
      : [];
  });
}

function reasonToHide(search: Search, path: string, { name, kind }: Entry): string | undefined {
  const { workspace, rules } = search;
  // Not by `relative`, which takes both apart: this is asked of each file of a workspace, before a session begins.
  const below = path.slice(workspace.endsWith("/") ? workspace.length : workspace.length + 1);
  const isDirectory = kind === "directory";
  const named = (rank: NamedRules["rank"]): NamedRules | undefined =>
    rules.named.find((rule) => rule.rank === rank && rule.rules.matches(below, isDirectory));
  const own = named("person");
  if (own !== undefined) return own.reason;
  const byOthers = reasonOfOthers(search, path, isDirectory);
  if (byOthers !== undefined) return byOthers;
  if (rules.exceptions.matches(below, isDirectory)) return undefined;
  const project = named("project");
  if (project !== undefined) return project.reason;
  if (isDirectory && folderNames.has(name)) return "credentials";
  const byName = isDirectory ? undefined : fileRules.find((rule) => ruleFits(rule, path, name));
  if (byName !== undefined) return byName.reason;
  const byTool = named("tool");
  return byTool === undefined || derived.matches(below, isDirectory) ? undefined : byTool.reason;
}

/** `Read(dist/**)` means all that is in `dist`, where a build could write nothing any more. */
function reasonOfOthers(
  { workspace, options }: Search,
  path: string,
  isDirectory: boolean,
): string | undefined {
  const reason = options.named?.(path, isDirectory);
  if (reason === undefined || derived.matches(relative(workspace, path), isDirectory)) return undefined;
  for (let at = dirname(path); at !== workspace && isWithin(at, workspace); at = dirname(at)) {
    if (derived.matches(relative(workspace, at), true) && options.named?.(at, true) !== undefined) {
      return undefined;
    }
  }
  return reason;
}

function ruleFits(rule: NameRule, path: string, name: string): boolean {
  if (!rule.name.test(name)) return false;
  if (rule.content === undefined) return true;
  if (name.endsWith(".json") && !accountName.test(name)) return false;
  return rule.content.test(readHead(path, HEAD_BYTES_MAX));
}

function outermost(found: readonly HiddenPath[]): HiddenPath[] {
  const sorted = found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const kept: HiddenPath[] = [];
  for (const item of sorted) {
    // Sorted by characters, what lies in a folder does not always follow it at once, so each kept folder is asked.
    if (!kept.some(({ path }) => isWithin(item.path, path))) kept.push(item);
  }
  return kept;
}

/** Hard links: the same file under another name, which no pattern fits. Nothing is walked unless there is one. */
function otherNames(workspace: string, hidden: readonly HiddenPath[], options: HideOptions): HiddenPath[] {
  const names = hardLinksTo(
    workspace,
    hidden.map(({ path }) => path),
    options.limits,
  );
  return names.map((path) => ({ path, reason: "another name of a hidden file" }));
}

/** Names below `root` of the files `paths` that `paths` does not hold. */
export function hardLinksTo(
  root: string,
  paths: readonly string[],
  limits: Partial<TreeLimits> = {},
): string[] {
  const sought = new Map<string, number>();
  for (const path of paths) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() && stats.nlink > 1) {
      const id = `${stats.dev}:${stats.ino}`;
      // Where all its names are hidden already, there is nothing to look for.
      sought.set(id, (sought.get(id) ?? stats.nlink) - 1);
    }
  }
  if (![...sought.values()].some((missing) => missing > 0)) return [];
  const known = new Set(paths);
  const tree = openTree({
    root,
    limits,
    inspect: (folder, entries) =>
      entries.flatMap(({ name, kind }) => {
        const path = join(folder, name);
        if (kind !== "file" || known.has(path)) return [];
        const stats = lstatSync(path, { throwIfNoEntry: false });
        return stats !== undefined && stats.nlink > 1 && sought.has(`${stats.dev}:${stats.ino}`)
          ? [path]
          : [];
      }),
  });
  return [...tree.inspected()].flat();
}

/** Paths given by a person, relative to `folder` or absolute, links followed; what does not exist is left out. */
export function resolveHidden(folder: string, paths: readonly string[]): string[] {
  return paths.map((path) => realOrUndefined(resolve(folder, path))).filter((path) => path !== undefined);
}

function realOrUndefined(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // it does not exist, so there is nothing to hide
  }
}
