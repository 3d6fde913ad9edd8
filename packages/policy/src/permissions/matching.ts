/** Whether a rule on commands speaks of a command: strictly where it allows, widely where it holds back. */
import { assignmentsOf, isHarmless } from "./assignments.ts";
import { gitSubcommandAt, programOf, unwrap, withoutFolder } from "./carriers.ts";
import { hazardsOf } from "./hazards.ts";
import type { PermissionRule } from "./rule.ts";
import type { TextPattern } from "./text-pattern.ts";
import type { Assignment, ShellCommand, Word } from "./shell/script.ts";

const UNWRAPPED_MAX = 8;

/** The command's words, and the same without each wrapper around them. The last is what runs. */
export function layersOf(words: readonly Word[]): readonly (readonly Word[])[] {
  const layers = [words];
  for (
    let inner = unwrap(words);
    inner !== undefined && layers.length < UNWRAPPED_MAX;
    inner = unwrap(inner)
  ) {
    layers.push(inner);
  }
  return layers;
}

/** What a rule that allows has to match: one of these. */
export type Openness = readonly OpenForm[];

export interface OpenForm {
  /** The texts of the command, as it stands or without wrappers around it. */
  readonly texts: readonly string[];
  /** What a star does not stand for. */
  readonly hazards: readonly string[];
  /** What a wrapper runs: a rule for `nohup *` is one for nohup, and not for each program that it may start. */
  readonly starts: string | undefined;
}

export function opennessOf({ words, assignments }: ShellCommand): Openness {
  if (words.length === 0) return [];
  const layers = layersOf(words);
  const inner = layers.at(-1) ?? words;
  const isRisky = assignments.some((each) => !isHarmless(each));
  const prefix = textsOf(assignments);
  const hazards = [...assignments, ...(assignmentsOf(inner) ?? [])]
    .filter((each) => !isHarmless(each))
    .map(({ name }) => `${name}=`)
    .concat(hazardsOf(inner));
  const program = programOf(inner);
  return layers.map((layer): OpenForm => {
    const texts = [sourceOf(layer), canonical(layer)];
    const whole = texts.map((text) => `${prefix} ${text}`.trim());
    return {
      // Without the assignments before it a rule would not know of them; harmless ones need not stand in it.
      texts: [...new Set(isRisky ? whole : whole.concat(texts))],
      hazards,
      starts: layer === inner ? undefined : program,
    };
  });
}

/** Whether the rule allows this command. */
export function covers({ specifier }: PermissionRule, openness: Openness): boolean {
  if (specifier.kind === "whole") return true;
  if (specifier.kind !== "command") return false;
  const { pattern, bare } = specifier;
  return openness.some(({ texts, hazards, starts }) => {
    const isFree =
      areNamed(hazards, pattern) && (pattern.isExact || starts === undefined || isStarted(starts, pattern));
    return texts.some(
      (text) =>
        (isFree && pattern.matches(text)) || (bare?.matches(text) === true && (bare.isExact || isFree)),
    );
  });
}

/** Whether a rule on a program that starts others names this one, as a word of its own. */
export function isStarted(program: string, { literals }: TextPattern): boolean {
  const [, ...words] = literals.join("\0").split(/[^\w@%+=:,./~-]+/u);
  return program !== "" && words.some((word) => word === program || word.endsWith(`/${program}`));
}

function areNamed(hazards: readonly string[], pattern: TextPattern): boolean {
  if (pattern.isExact) return true;
  const literal = pattern.literals.join("\0");
  return [...Map.groupBy(hazards, (hazard) => hazard)].every(
    ([hazard, times]) => literal.split(hazard).length > times.length,
  );
}

/** The texts by which a rule that holds back may know a command, in whatever disguise. */
export function disguisesOf({ words, assignments }: ShellCommand): readonly string[] {
  const forms = layersOf(words).flatMap((layer) => {
    const plain = withoutFolder(layer);
    const git = plain[0]?.literal === "git" ? [[plain[0], ...plain.slice(gitSubcommandAt(plain))]] : [];
    return [layer, plain, ...git].flatMap((each) => [sourceOf(each), canonical(each), spokenOf(each)]);
  });
  const prefix = textsOf(assignments);
  return [...new Set(prefix === "" ? forms : [...forms, `${prefix} ${forms[0] ?? ""}`.trim()])];
}

export function touches({ specifier }: PermissionRule, disguises: readonly string[]): boolean {
  if (specifier.kind === "whole") return true;
  if (specifier.kind !== "command") return false;
  return disguises.some((form) => specifier.pattern.matches(form) || specifier.bare?.matches(form) === true);
}

function sourceOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(" ");
}

/** Without any quotes, and with blanks where a field separator stands for them. */
function spokenOf(words: readonly Word[]): string {
  return words.map(({ literal, text }) => literal ?? text.replaceAll(/\$\{?IFS\}?/gu, " ")).join(" ");
}

function textsOf(assignments: readonly Assignment[]): string {
  return assignments.map(({ text }) => text).join(" ");
}

/** One way to write these words, whatever quotes the source has: one blank between them, quotes where they are needed. */
export function canonical(words: readonly Word[]): string {
  return words.map(quoted).join(" ");
}

function quoted({ literal, text, isHome }: Word): string {
  if (literal === undefined || isHome) return text;
  return /^[\w@%+=:,./^~*?[\]{}!-]+$/u.test(literal)
    ? literal
    : `'${literal.replaceAll("'", String.raw`'\''`)}'`;
}
