/** Programs that only look: nobody needs to be asked for them. */
import { hazardsOf } from "./hazards.ts";
import type { Word } from "./shell/script.ts";

/** Which of a program's operands are files: none, all, or all but the first, which is a pattern. */
type Operands = "none" | "files" | "pattern-first";

const programs: ReadonlyMap<string, Operands> = new Map([
  ...each("none", [
    "echo",
    "pwd",
    "which",
    "type",
    "true",
    "false",
    ":",
    "test",
    "[",
    "printf",
    "basename",
    "dirname",
  ]),
  ...each("none", [
    "id",
    "whoami",
    "uname",
    "seq",
    "sleep",
    "tr",
    "nproc",
    "exit",
    "return",
    "break",
    "continue",
  ]),
  ...each("none", ["shift", "wait", "date", "expr", "hostname"]),
  ...each("files", [
    "ls",
    "cat",
    "head",
    "tail",
    "find",
    "wc",
    "diff",
    "stat",
    "du",
    "df",
    "cd",
    "tree",
    "file",
  ]),
  ...each("files", [
    "sort",
    "uniq",
    "cut",
    "nl",
    "tac",
    "rev",
    "comm",
    "cmp",
    "paste",
    "fold",
    "column",
    "od",
    "xxd",
  ]),
  ...each("files", [
    "hexdump",
    "strings",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "realpath",
    "readlink",
  ]),
  ...each("pattern-first", ["grep", "egrep", "fgrep", "rg", "sed", "jq"]),
]);

/** Those that more programs than the ones above read, for rules that hold reading back. */
const furtherReaders: ReadonlyMap<string, Operands> = new Map([
  ...each("files", [
    "less",
    "more",
    "base64",
    "base32",
    "cp",
    "mv",
    "ln",
    "tar",
    "zip",
    "gzip",
    "source",
    ".",
    "vim",
  ]),
  ...each("files", [
    "nano",
    "view",
    "open",
    "install",
    "rsync",
    "scp",
    "split",
    "python",
    "python3",
    "node",
    "bat",
  ]),
  ...each("pattern-first", ["awk", "gawk", "ag", "ack"]),
]);

function each(operands: Operands, names: readonly string[]): [string, Operands][] {
  return names.map((name) => [name, operands]);
}

export interface ReadOnly {
  /** What is read. */
  readonly files: readonly Word[];
}

/** @returns undefined for a command that may do more than look */
export function readOnly(words: readonly Word[]): ReadOnly | undefined {
  const name = (words[0]?.literal ?? "").replace(/^\/(?:usr\/)?bin\//u, "");
  const rest = words.slice(1);
  if (name === "command" && /^-[vV]$/u.test(rest[0]?.literal ?? "")) return { files: [] };
  if (name === "git") return isReadOnlyGit(rest) && hazardsOf(words).length === 0 ? { files: [] } : undefined;
  if (name === "set") {
    const isPlain = rest.every(({ literal }) => /^(?:[-+][euxof]+|pipefail)$/u.test(literal ?? ""));
    return isPlain ? { files: [] } : undefined;
  }
  const operands = programs.get(name);
  if (operands === undefined || hazardsOf(words).length > 0) return undefined;
  // With an operand it sets the name.
  if (name === "hostname" && rest.length > 0) return undefined;
  return { files: filesOf(name, rest, operands) };
}

/** The files that a command reads, as far as its program is known to read what it names. */
export function filesRead(words: readonly Word[]): readonly Word[] {
  const name = (words[0]?.literal ?? "").replace(/^.*\//su, "");
  const rest = words.slice(1);
  return filesOf(name, rest, programs.get(name) ?? furtherReaders.get(name) ?? "none");
}

function filesOf(name: string, rest: readonly Word[], operands: Operands): readonly Word[] {
  if (operands === "none") return [];
  const files = rest.filter((word, index) => !word.start.startsWith("-") && !isPattern(rest[index - 1]));
  if (name === "find") {
    const end = rest.findIndex((word) => /^(?:-[^HLPOD]|[(!])/u.test(word.literal ?? ""));
    return rest.slice(0, end < 0 ? rest.length : end).filter((word) => !word.start.startsWith("-"));
  }
  // With an option that brings the pattern, all operands are files.
  const bringsPattern = rest.some((word) =>
    /^(?:-[A-Za-z]*[ef]|--(?:regexp|file|expression))/u.test(word.start),
  );
  return operands === "pattern-first" && !bringsPattern ? files.slice(1) : files;
}

/** What follows `-e` is no file, unless the letter belongs to the name of a file of patterns. */
function isPattern(option: Word | undefined): boolean {
  return /^(?:-[A-Zabcdg-z]*e|--(?:regexp|expression))$/u.test(option?.literal ?? "");
}

const looking =
  /^(?:status|log|diff|show|blame|annotate|rev-parse|rev-list|ls-files|ls-tree|describe|shortlog|cat-file|merge-base|for-each-ref|name-rev|diff-tree|diff-index|show-ref|count-objects|whatchanged|grep|cherry|range-diff|var|version)$/u;

/** Subcommands that look with some arguments and change something with others. */
const lookingWith: Readonly<Record<string, RegExp>> = {
  branch:
    /^(?:-[arv]+|--(?:list|all|remotes|verbose|show-current|no-color|(?:no-)?(?:merged|contains)|points-at)(?:=.*)?)$/u,
  tag: /^(?:-l|--list|-n\d*|--sort=.*)$/u,
  remote: /^(?:-v|--verbose)$/u,
  stash: /^(?:list|show)$/u,
  worktree: /^list$/u,
  reflog: /^show$/u,
  config: /^(?:--get|--get-all|--list|-l|get|list)$/u,
};
/** After these words names may follow. */
const takesNames = /^(?:tag|stash|reflog|config)$/u;

function isReadOnlyGit(rest: readonly Word[]): boolean {
  const at = rest.findIndex((word) => !word.start.startsWith("-"));
  if (at < 0) return rest.length > 0;
  const sub = rest[at]?.literal ?? "";
  if (looking.test(sub)) return true;
  const pattern = Object.hasOwn(lookingWith, sub) ? lookingWith[sub] : undefined;
  if (pattern === undefined) return false;
  const args = rest.slice(at + 1).map((word) => word.literal ?? "");
  if (args.length === 0) return sub !== "stash" && sub !== "config" && sub !== "worktree";
  if (takesNames.test(sub)) {
    const changes = /^-[adefDu]|^--(?:add|unset|edit|delete)/u;
    return pattern.test(args[0] ?? "") && !args.some((arg) => changes.test(arg));
  }
  return args.every((arg) => pattern.test(arg));
}
