/**
 * What a command runs that a rule allows: `Bash(sudo *)` and `Bash(sh *)` speak of sudo and sh, and what those start is
 * judged for itself, unless the rule names it. Wrappers such as nohup are looked through before: see `layersOf`.
 */
import { carriedBy, programOf } from "./carriers.ts";
import { isStarted, layersOf } from "./matching.ts";
import type { PermissionRule } from "./rule.ts";
import { parseShell } from "./shell/parse.ts";
import type { ShellCommand, Word } from "./shell/script.ts";

export interface Inner {
  readonly commands: readonly InnerCommand[];
  /** Why it cannot be told what runs. */
  readonly doubts: readonly string[];
}

export interface InnerCommand extends ShellCommand {
  /** The rule names its program, and so speaks of it; what that one starts in turn is still another matter. */
  readonly isNamed: boolean;
}

const nothing: Inner = { commands: [], doubts: [] };

/** The rule is one that covers the command. */
export function innerOf(command: ShellCommand, { specifier }: PermissionRule): Inner {
  if (specifier.kind !== "command" || specifier.pattern.isExact) return nothing;
  const { pattern } = specifier;
  const words = layersOf(command.words).at(-1) ?? command.words;
  const program = programOf(words);
  const carried = carriedBy(words, command.redirections);
  const parsed = carried.scripts.map((script) => parseShell(script));
  // A package that npx runs is npx's own business, as a target is that of make.
  const direct = program === "npx" ? [] : carried.commands;
  const all: readonly ShellCommand[] = [
    ...direct.map((each) => ({ assignments: [], words: each, redirections: [] })),
    ...parsed.flatMap((each) => (each.kind === "script" ? each.commands : [])),
  ];
  const doubts = parsed.flatMap((each) => (each.kind === "unreadable" ? [each.why] : each.doubts));
  if (carried.scripts.length === 0 && isFed(program, words.slice(1))) {
    doubts.push(`what ${program} is given to run cannot be told`);
  }
  const toInner = ({ words: inner, assignments, redirections }: ShellCommand): InnerCommand => {
    const isNamed = isStarted(programOf(layersOf(inner).at(-1) ?? inner), pattern);
    return { words: inner, assignments, redirections, isNamed };
  };
  return { commands: all.map(toInner), doubts };
}

/** A shell without a script of its own, which reads its commands where nobody sees them. */
function isFed(program: string, rest: readonly Word[]): boolean {
  const words = rest.map(({ literal, text }) => literal ?? text);
  if (program === "sudo") return words.some((each) => /^(?:-[A-Za-z]*[is]|--login|--shell)$/u.test(each));
  if (!/^(?:ba|da|z|k|a|fi|rba)?sh$/u.test(program)) return false;
  if (words.some((each) => /^--(?:version|help)$/u.test(each))) return false;
  // `-o posix`: the option's value is no script.
  const script = words.find(
    (each, at) => !/^[-+]/u.test(each) && !/^[-+][A-Za-z]*[oO]$/u.test(words[at - 1] ?? ""),
  );
  return script === undefined || words.includes("-s") || /^(?:\/dev\/|\/proc\/|<\()/u.test(script);
}
