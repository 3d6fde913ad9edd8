/** Programs that run a program: those a rule looks through, and those that only a rule that denies looks into. */
import type { Redirection, Word } from "./shell/script.ts";
import { plainWord } from "./shell/reading.ts";

interface Wrapper {
  /** Options that are whole in one word. */
  readonly options?: RegExp;
  /** Options that take the next word. */
  readonly valued?: RegExp;
  /** What must stand between the options and the command. */
  readonly operand?: RegExp;
}

/** They change nothing about what is run. With another option they are not looked through. */
const wrappers: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  [
    "timeout",
    {
      options:
        /^(?:-[fpv]|-k[\d.]+[smhd]?|-s\w+|--(?:foreground|preserve-status|verbose|signal=\w+|kill-after=[\d.]+[smhd]?))$/u,
      valued: /^(?:-[ks]|--signal|--kill-after)$/u,
      operand: /^[\d.]+[smhd]?$/u,
    },
  ],
  ["time", { options: /^-p$/u }],
  ["nice", { options: /^-(?:n?-?\d+|-adjustment=-?\d+)$/u, valued: /^(?:-n|--adjustment)$/u }],
  ["nohup", {}],
  ["stdbuf", { options: /^(?:-[ioe][0L\d]\w*|--(?:input|output|error)=\w+)$/u, valued: /^-[ioe]$/u }],
  ["command", { options: /^-p$/u }],
  ["builtin", {}],
  ["noglob", {}],
  ["xargs", {}],
]);

/** What stands for the words that `xargs` adds: they may be anything. */
const added: Word = {
  text: "…",
  literal: undefined,
  start: "",
  splits: true,
  isQuoted: false,
  isHome: false,
};

/** The words without the wrapper they begin with; undefined when there is none, or one that does more. */
export function unwrap(words: readonly Word[]): readonly Word[] | undefined {
  const name = words[0]?.literal ?? "";
  const wrapper = wrappers.get(name);
  if (wrapper === undefined) return undefined;
  let at = 1;
  for (let word = words[at]; word?.literal?.startsWith("-") === true; word = words[at]) {
    at += 1;
    if (word.literal === "--") break;
    if (wrapper.valued?.test(word.literal) === true) at += 1;
    else if (wrapper.options?.test(word.literal) !== true) return undefined;
  }
  if (wrapper.operand !== undefined) {
    if (!wrapper.operand.test(words[at]?.literal ?? "")) return undefined;
    at += 1;
  }
  const rest = words.slice(at);
  if (rest.length === 0) return undefined;
  return name === "xargs" ? [...rest, added] : rest;
}

interface Carrier {
  /** Short options that take the next word. */
  readonly valued?: string;
  /** How many words stand before the command. */
  readonly operands?: number;
  /** The short option whose value is a command line. */
  readonly script?: string;
}

const shells = ["bash", "sh", "dash", "zsh", "ksh", "ash", "fish", "rbash"];

const carriers: ReadonlyMap<string, Carrier> = new Map<string, Carrier>([
  ...[...wrappers.keys()].map((name): [string, Carrier] => [name, {}]),
  ...shells.map((name): [string, Carrier] => [name, { valued: "oO", script: "c" }]),
  ["timeout", { valued: "ks", operands: 1 }],
  ["nice", { valued: "n" }],
  ["stdbuf", { valued: "ioe" }],
  ["time", { valued: "of" }],
  ["xargs", { valued: "InPLdsaE" }],
  ["env", { valued: "uC", script: "S" }],
  ["sudo", { valued: "ugpCrtTUDRh" }],
  ["doas", { valued: "uC" }],
  ["su", { script: "c" }],
  ["runuser", { valued: "ugG", script: "c" }],
  ["script", { script: "c" }],
  ["setsid", {}],
  ["ionice", { valued: "cnpPu" }],
  ["chrt", { operands: 1 }],
  ["taskset", { operands: 1 }],
  ["flock", { valued: "wE", operands: 1, script: "c" }],
  ["strace", { valued: "eopsPuEaIObSX" }],
  ["ltrace", { valued: "eopsPuEaIObSX" }],
  ["chroot", { operands: 1 }],
  ["unshare", {}],
  ["nsenter", { valued: "tSGrw" }],
  ["exec", { valued: "a" }],
  ["parallel", { valued: "jPIaS" }],
  ["busybox", {}],
  ["toybox", {}],
  ["npx", { valued: "p", script: "c" }],
]);

/** A rule with a star never covers them: what they would run is not in the rule. */
export function isCarrier(program: string): boolean {
  if (shells.includes(program) || program === "sudo" || program === "npx") return false;
  return carriers.has(program) || /^(?:watch|eval|trap|source|\.|alias|hash|enable)$/u.test(program);
}

export interface Carried {
  readonly commands: readonly (readonly Word[])[];
  readonly scripts: readonly string[];
}

/** What these words may run in turn, as far as it shows. A command too many is better here than one too few. */
export function carriedBy(words: readonly Word[], redirections: readonly Redirection[]): Carried {
  const program = programOf(words);
  const rest = words.slice(1);
  if (program === "eval" || program === "watch") {
    return { commands: [], scripts: [rest.map((word) => word.literal ?? word.text).join(" ")] };
  }
  if (program === "trap") return { commands: [], scripts: literalsOf(rest.slice(0, 1)) };
  if (program === "find" || program === "fd" || program === "fdfind") {
    const starts = rest.flatMap((word, index) =>
      /^(?:-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/u.test(word.text)
        ? [upToEnd(rest.slice(index + 1))]
        : [],
    );
    return { commands: starts, scripts: [] };
  }
  const carrier = carriers.get(program);
  if (carrier === undefined) return { commands: [], scripts: [] };
  const { at, isSure } = readOptions(rest, carrier);
  const texts = shells.includes(program)
    ? redirections.flatMap(({ kind, target }) => (kind === "text" ? literalsOf([target]) : []))
    : [];
  const start = at + (carrier.operands ?? 0);
  const commands = shells.includes(program)
    ? []
    : [rest.slice(start), ...(isSure ? [] : [rest.slice(start + 1)])];
  const scripts = [...scriptsIn(rest, carrier), ...texts];
  return { commands: commands.filter((command) => command.length > 0), scripts };
}

/** The value may be the next word or the rest of the option, and the option may follow an operand. */
function scriptsIn(rest: readonly Word[], { script }: Carrier): readonly string[] {
  if (script === undefined) return [];
  const option = new RegExp(`^-[A-Za-z0-9]*${script}`, "u");
  return rest.flatMap((word, index) =>
    option.test(word.start)
      ? [...literalsOf(rest.slice(index + 1, index + 2)), word.start.slice(word.start.indexOf(script) + 1)]
      : [],
  );
}

function upToEnd(words: readonly Word[]): readonly Word[] {
  const end = words.findIndex(({ literal }) => literal === ";" || literal === "+");
  return end < 0 ? words : words.slice(0, end);
}

interface Options {
  /** Where they end. */
  readonly at: number;
  /** Unless a long option may have taken the word behind it. */
  readonly isSure: boolean;
}

function readOptions(rest: readonly Word[], carrier: Carrier): Options {
  let isSure = true;
  let at = 0;
  for (let word = rest[at]; word !== undefined; word = rest[at]) {
    const option = word.literal ?? word.text;
    if (!/^(?:[-+].|[A-Za-z_]\w*=)/u.test(option)) break;
    at += 1;
    if (option === "--") break;
    if (/^--[^=]+$/u.test(option)) isSure = false;
    const last = /^-[A-Za-z0-9]*([A-Za-z])$/u.exec(option)?.[1] ?? "";
    if (last !== "" && carrier.valued?.includes(last) === true) at += 1;
  }
  return { at, isSure };
}

function literalsOf(words: readonly Word[]): string[] {
  return words.map((word) => word.literal ?? word.text);
}

/** The name of the program, without its folder. */
export function programOf(words: readonly Word[]): string {
  return (words[0]?.literal ?? "").replace(/^.*\//su, "");
}

/** The same words with a program's name for its path. */
export function withoutFolder(words: readonly Word[]): readonly Word[] {
  return words[0]?.literal?.includes("/") === true ? [plainWord(programOf(words)), ...words.slice(1)] : words;
}

/** Behind the options that stand before git's subcommand, with their values. */
export function gitSubcommandAt(words: readonly Word[]): number {
  let at = 1;
  for (let word = words[at]; word?.start.startsWith("-") === true; word = words[at]) {
    at += /^(?:-[Cc]|--(?:git-dir|work-tree|namespace|exec-path|config-env|super-prefix))$/u.test(word.start)
      ? 2
      : 1;
  }
  return at;
}
