/**
 * What turns a harmless program into one that runs or writes what it is told. A star in a rule stands for operands and
 * everyday options, never for these: they must stand in the rule itself.
 */
import { gitSubcommandAt, isCarrier, programOf } from "./carriers.ts";
import { isSafeSed } from "./sed.ts";
import type { Word } from "./shell/script.ts";

interface Hazards {
  /** Long options. An abbreviation of one counts, for most programs take it. */
  readonly long?: readonly string[];
  /** Letters of short options, also in a cluster. */
  readonly short?: string;
  readonly word?: RegExp;
  /** More operands than this are written to. */
  readonly operandsMax?: number;
}

const scriptTools: Hazards = {
  long: ["prefix", "dir", "cwd", "script-shell", "userconfig", "globalconfig", "node-options", "config"],
  short: "C",
};

const table: Readonly<Record<string, Hazards>> = {
  find: { word: /^-(?:exec|execdir|ok|okdir|delete|fprint0?|fprintf|fls)$/u },
  fd: { long: ["exec", "exec-batch"], short: "xX" },
  rg: { long: ["pre", "hostname-bin"] },
  sort: { long: ["output", "compress-program", "temporary-directory"], short: "oT" },
  uniq: { operandsMax: 1 },
  xxd: { operandsMax: 1, short: "r" },
  tree: { long: ["output"], short: "oR" },
  file: { long: ["compile"], short: "C" },
  date: { long: ["set"], short: "s" },
  diff: { long: ["paginate"], short: "l" },
  printf: { word: /^-v/u },
  test: { word: /^-[vR]$/u },
  "[": { word: /^-[vR]$/u },
  less: {
    long: ["log-file", "LOG-FILE", "lesskey-file", "lesskey-src", "tag-file"],
    short: "oOkT",
    word: /^\+/u,
  },
  more: { word: /^\+/u },
  man: { long: ["pager", "html", "preprocessor"], short: "PH" },
  awk: { word: /system|getline|[|>@]|^-[fileEWo]|^--(?!field-separator|assign|version|help)/u },
  tar: {
    long: [
      "to-command",
      "checkpoint-action",
      "use-compress-program",
      "rsh-command",
      "rmt-command",
      "info-script",
    ].concat("new-volume-script"),
    short: "IF",
    word: /^[A-Za-z]*[IF][A-Za-z]*$/u,
  },
  zip: { long: ["unzip-command"], short: "T" },
  rsync: { long: ["rsh", "rsync-path", "config"], short: "e" },
  ssh: { short: "oFE" },
  scp: { short: "oFS" },
  curl: {
    long: ["output", "output-dir", "remote-name", "config", "dump-header", "cookie-jar", "trace", "engine"],
    short: "oOKDc",
  },
  wget: { long: ["execute", "use-askpass", "config", "output-document", "output-file"], short: "eOoa" },
  dd: { word: /^of=/u },
  npm: scriptTools,
  pnpm: scriptTools,
  yarn: { ...scriptTools, long: [...(scriptTools.long ?? []), "use-yarnrc"] },
  make: {
    long: ["directory", "file", "makefile", "eval", "include-dir"],
    short: "CfI",
    word: /^\w+[:?+]?=/u,
  },
  go: { word: /^--?(?:exec|toolexec|vettool|overlay|C|modfile|ldflags|gcflags|gccgoflags)\b/u },
  cargo: { long: ["config", "manifest-path"], short: "CZ" },
  pytest: { long: ["rootdir", "confcutdir", "override-ini", "config-file", "basetemp"], short: "pco" },
  eslint: {
    long: ["config", "rulesdir", "plugin", "parser", "resolve-plugins-relative-to", "output-file"],
    short: "co",
  },
};

const sameAs: Readonly<Record<string, string>> = {
  fdfind: "fd",
  gawk: "awk",
  mawk: "awk",
  nawk: "awk",
  bsdtar: "tar",
  gmake: "make",
};

const gitOptions: Hazards = {
  long: [
    "output",
    "ext-diff",
    "textconv",
    "open-files-in-pager",
    "upload-pack",
    "receive-pack",
    "exec",
    "extcmd",
  ].concat("exec-path", "config-env", "config", "template", "filters", "paginate"),
  short: "O",
};

/**
 * What among these words a star does not stand for. Each must be found in what a rule says, as often as here; what
 * stands in a sentence is found in none.
 */
export function hazardsOf(words: readonly Word[]): readonly string[] {
  const program = programOf(words);
  if (isCarrier(program)) return [`${program} runs what follows it`];
  const rest = words.slice(1);
  if (program === "git") return [...gitHazards(words), ...unknownIn(rest)];
  if (program === "sed") return isSafeSed(rest) ? [] : ["sed that does more than print and replace"];
  const name = Object.hasOwn(sameAs, program) ? sameAs[program] : program;
  const hazards = name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
  if (hazards === undefined) return [];
  const named = rest.filter((word) => isHazard(word, hazards)).map(toText);
  const isSearch = name === "find" || name === "fd";
  return [
    ...(isSearch ? named.map((option) => `${program} with ${option}`) : named),
    ...operandHazards(rest, hazards),
    ...unknownIn(rest),
  ];
}

function isHazard({ literal }: Word, { long = [], short, word }: Hazards): boolean {
  if (literal === undefined) return false;
  if (word?.test(literal) === true) return true;
  if (literal.startsWith("--")) {
    const name = literal.slice(2).split("=", 1)[0] ?? "";
    return name !== "" && long.some((option) => option.startsWith(name));
  }
  return short !== undefined && new RegExp(`^-[A-Za-z0-9]*[${short}]`, "u").test(literal);
}

function operandHazards(rest: readonly Word[], { operandsMax }: Hazards): string[] {
  if (operandsMax === undefined) return [];
  return rest
    .filter((word) => !word.start.startsWith("-") || word.literal === "-")
    .slice(operandsMax)
    .map(toText);
}

/** Words that may turn out to be any option. */
function unknownIn(rest: readonly Word[]): string[] {
  return rest
    .filter(({ literal, start, splits }) => literal === undefined && (splits || /^(?:$|-)/u.test(start)))
    .map(toText);
}

function toText({ literal, text }: Word): string {
  return literal ?? text;
}

const harmlessGlobals =
  /^(?:--no-pager|-P|--no-optional-locks|--literal-pathspecs|--no-replace-objects|--version|--help)$/u;

/** Before its subcommand almost every option of git makes it another program. */
function gitHazards(words: readonly Word[]): string[] {
  const sub = gitSubcommandAt(words);
  return [
    ...words
      .slice(1, sub)
      .filter(({ literal, start }) => start.startsWith("-") && !harmlessGlobals.test(literal ?? "")),
    ...words.slice(sub).filter((word) => isHazard(word, gitOptions)),
  ].map(toText);
}
