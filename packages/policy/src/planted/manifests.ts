/** Dependencies and scripts that an edit of a manifest brings. */
import { isRecord } from "@cloister/base";
import { excerptOf, type AddedLine, type CodeFinding, type FileEdit } from "./edit.ts";
import { popularNames } from "./popular-names.ts";

const groups = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
/** npm runs these by itself. */
const scripts = new Set([
  "preinstall",
  "install",
  "postinstall",
  "prepare",
  "prepublish",
  "preprepare",
  "postprepare",
  "dependencies",
]);

export function findInManifest(edit: FileEdit, added: readonly AddedLine[]): CodeFinding[] {
  const name = edit.path.split("/").at(-1) ?? "";
  if (name === "package.json") return findInPackageJson(edit, added);
  const isRequirements = /^requirements[\w.-]*\.(txt|in)$/.test(name) || name === "constraints.txt";
  if (isRequirements) return findInLines(added, requirement, "pypi");
  if (name === "pyproject.toml" || name === "Pipfile") return findInLines(added, tomlDependency, "pypi");
  if (name === "Cargo.toml") return findInLines(added, tomlDependency, "crates");
  if (name === "setup.py" || name === "build.rs") return findInstallCode(edit, added);
  return [];
}

function findInPackageJson(edit: FileEdit, added: readonly AddedLine[]): CodeFinding[] {
  const [before, after] = [parse(edit.before), parse(edit.after)];
  if (after === undefined) return [];
  const found: CodeFinding[] = [];
  const report = (kind: CodeFinding["kind"], key: string, why: string): void => {
    const at = added.find(({ text }) => text.includes(JSON.stringify(key)));
    found.push({ kind, line: at?.line, excerpt: excerptOf(at?.text ?? key), why });
  };
  for (const group of groups) {
    for (const [name, version] of Object.entries(recordOf(after, group))) {
      if (recordOf(before, group)[name] === version) continue;
      const why = suspicionOf(name, typeof version === "string" ? version : "", "npm");
      if (why !== undefined) report("suspicious-dependency", name, why);
    }
  }
  for (const [name, command] of Object.entries(recordOf(after, "scripts"))) {
    const isNews = recordOf(before, "scripts")[name] !== command;
    if (isNews && scripts.has(name)) {
      report("install-script", name, "it runs on every machine that installs this");
    }
  }
  return found;
}

const requirement = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$/;
const tomlDependency = /^\s*["']?([A-Za-z0-9][\w.-]*)["']?\s*(?:=\s*|[<>=~!]=?\s*)(.*)$/;

function findInLines(added: readonly AddedLine[], pattern: RegExp, registry: Registry): CodeFinding[] {
  return added.flatMap(({ text, line }): CodeFinding[] => {
    const source = /^\s*(--(extra-)?index-url|-i|--find-links|--trusted-host|-e\s+git|git\+|https?:)/.test(
      text,
    );
    const [, name = "", version = ""] = pattern.exec(text.replace(/#.*/, "")) ?? [];
    const why = source ? "it is fetched from a place of its own" : suspicionOf(name, version, registry);
    return why === undefined ? [] : [{ kind: "suspicious-dependency", line, excerpt: excerptOf(text), why }];
  });
}

function findInstallCode({ path, before }: FileEdit, added: readonly AddedLine[]): CodeFinding[] {
  const risky =
    /cmdclass|subprocess|os\.system|urllib|requests\.|socket|exec\(|eval\(|Command::new|TcpStream|reqwest|ureq/;
  const at = added.find(({ text }) => risky.test(text));
  if (at === undefined) return [];
  const why =
    before === undefined
      ? `${path} is new, and runs when this is installed`
      : "it runs when this is installed";
  return [{ kind: "install-script", line: at.line, excerpt: excerptOf(at.text), why }];
}

type Registry = "npm" | "pypi" | "crates";

function suspicionOf(name: string, version: string, registry: Registry): string | undefined {
  if (
    /^(git[+:]|https?:|github:|gitlab:|bitbucket:|ssh:)|\bgit\s*=|@\s*(git\+|https?:)|^[\w.-]+\/[\w.-]+(#|$)/.test(
      version,
    )
  ) {
    return "it is fetched from a place of its own, not from the registry";
  }
  const twin = lookalikeOf(name.toLowerCase(), popularNames[registry]);
  return twin === undefined ? undefined : `its name looks like ${twin}`;
}

/** A well-known name that is one slip of the finger away. */
function lookalikeOf(name: string, known: ReadonlySet<string>): string | undefined {
  const bare = name.startsWith("@") ? (name.split("/")[1] ?? name) : name;
  if (known.has(name) || known.has(bare) || bare.length < 4) return undefined;
  const folded = fold(bare);
  for (const candidate of known) {
    if (candidate.length < 4) continue;
    if (fold(candidate) === folded || isOneSlip(candidate, bare)) return candidate;
  }
  return undefined;
}

/** What the eye does not tell apart: separators, doubled letters, digits for letters. */
function fold(name: string): string {
  return name
    .replaceAll(/[-_.]/g, "")
    .replaceAll("0", "o")
    .replaceAll(/[1|]/g, "l")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w")
    .replace(/js$/, "");
}

/** One letter more, less, other, or two swapped; names of four letters are too near to each other to tell. */
function isOneSlip(first: string, second: string): boolean {
  if (Math.abs(first.length - second.length) > 1 || Math.min(first.length, second.length) < 5) return false;
  let start = 0;
  while (start < first.length && first[start] === second[start]) start += 1;
  let end = 0;
  while (end < Math.min(first.length, second.length) - start && first.at(-1 - end) === second.at(-1 - end)) {
    end += 1;
  }
  const [a, b] = [first.slice(start, first.length - end), second.slice(start, second.length - end)];
  if (a.length <= 1 && b.length <= 1) return a !== b;
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // half an edit: the next one is looked at again, whole
  }
}

function recordOf(value: Record<string, unknown> | undefined, name: string): Record<string, unknown> {
  const inner = value?.[name];
  return isRecord(inner) ? inner : {};
}
