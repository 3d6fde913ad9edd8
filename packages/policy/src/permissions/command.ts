/**
 * What a command line comes to: each of its commands and redirections is judged, and the strictest finding counts. It
 * makes questions fewer and is no boundary; a command can hide what it does, and the cell holds it anyway.
 */
import { posix } from "node:path";
import { assignmentsOf, isHarmless } from "./assignments.ts";
import { carriedBy, programOf } from "./carriers.ts";
import { innerOf } from "./inner.ts";
import { canonical, covers, disguisesOf, layersOf, opennessOf, touches } from "./matching.ts";
import {
  byRule,
  decidePath,
  heldPath,
  strictest,
  type Access,
  type Finding,
  type Surroundings,
} from "./paths.ts";
import { toAbsolute, isOpened } from "./places.ts";
import { filesRead, readOnly } from "./read-only.ts";
import type { PermissionRule } from "./rule.ts";
import { parseShell } from "./shell/parse.ts";
import type { Redirection, ShellCommand, Word } from "./shell/script.ts";

const CARRIED_DEPTH_MAX = 4;
const CARRIED_MAX = 200;

interface Context extends Surroundings {
  /** The folders that a relative path may start from; undefined: that cannot be told. */
  readonly folders: readonly string[] | undefined;
  readonly allow: readonly PermissionRule[];
}

export function decideCommand(text: string, surroundings: Surroundings): Finding {
  const { rules, mode } = surroundings;
  const isBash = ({ tool }: PermissionRule): boolean => tool.matches("Bash");
  const deny = rules.deny.filter(isBash);
  const ask = rules.ask.filter(isBash);
  const endorsed = rules.endorsed.filter(isBash);
  const allow = [...endorsed, ...rules.allow.filter(isBash)];
  const isHeld = deny.length + ask.length > 0;
  const exact = allow.find((rule) => isExactly(rule, text));
  const whole = allow.find(({ specifier }) => specifier.kind === "whole");
  const script = parseShell(text);
  if (script.kind === "unreadable") {
    const denied = firstTouching(deny, crudeParts(text));
    if (denied !== undefined) return byRule("deny", denied);
    if (exact !== undefined && mode !== "plan") return byRule("allow", exact);
    if (!isHeld && mode === "bypass") return { verdict: "allow", by: "mode", reason: "nothing is asked" };
    if (!isHeld && whole !== undefined && mode !== "plan") return byRule("allow", whole);
    return { verdict: "ask", by: "unreadable", reason: `the command cannot be judged: ${script.why}` };
  }

  const carried = allCarried(script.commands);
  const denied = firstTouching(deny, carried.commands);
  if (denied !== undefined) return byRule("deny", denied);
  const context: Context = { ...surroundings, folders: foldersOf(script.commands, surroundings), allow };
  const held = carried.commands.flatMap((command) => heldFiles(command, context));
  const deniedFile = held.find(({ verdict }) => verdict === "deny");
  if (deniedFile !== undefined) return deniedFile;
  const asked = firstTouching(
    ask,
    carried.commands.filter((command) => {
      const openness = opennessOf(command);
      return !endorsed.some((rule) => covers(rule, openness));
    }),
  );
  const isEndorsed = exact !== undefined && endorsed.includes(exact);
  if (isEndorsed && mode !== "plan") return byRule("allow", exact);
  if (asked !== undefined) return byRule("ask", asked);
  const [askedFile] = held;
  if (askedFile !== undefined) return askedFile;
  if (exact !== undefined && mode !== "plan") return byRule("allow", exact);

  const doubts = [...script.doubts, ...carried.doubts, ...script.commands.flatMap(doubtsAbout)];
  const [doubt] = doubts;
  const isUnsure = doubt !== undefined && isHeld;
  if (mode === "bypass" && !isUnsure) return { verdict: "allow", by: "mode", reason: "nothing is asked" };
  if (whole !== undefined && mode !== "plan" && !isUnsure) return byRule("allow", whole);
  if (doubt !== undefined) {
    return { verdict: "ask", by: "unreadable", reason: `the command cannot be judged: ${doubt}` };
  }
  const findings = script.commands.flatMap((command) => decideSimple(command, context));
  const nothing: Finding = { verdict: "allow", by: "reading", reason: "it does nothing" };
  const found = strictest(findings[0] ?? nothing, ...findings.slice(1));
  // A rule speaks for the whole line only where each part of it has one.
  return found.verdict === "allow" ? (findings.find(({ by }) => by !== "rule") ?? found) : found;
}

function firstTouching(
  rules: readonly PermissionRule[],
  commands: readonly ShellCommand[],
): PermissionRule | undefined {
  if (rules.length === 0 || commands.length === 0) return undefined;
  const disguises = commands.map(disguisesOf);
  return rules.find((rule) => disguises.some((each) => touches(rule, each)));
}

/** The very text of a rule without stars; nothing in it can be another than the one who wrote the rule saw. */
function isExactly({ specifier }: PermissionRule, text: string): boolean {
  return specifier.kind === "command" && specifier.pattern.isExact && specifier.pattern.matches(text.trim());
}

function doubtsAbout({ words }: ShellCommand): string[] {
  const program = (layersOf(words).at(-1) ?? words)[0];
  if (program === undefined) return [];
  // zsh looks up the program behind `=`, and takes `-` for a word before it.
  return program.literal === undefined || /^[=-]/u.test(program.literal)
    ? [`which program "${program.text}" is cannot be told`]
    : [];
}

/** All commands, those that others run among them. */
function allCarried(commands: readonly ShellCommand[]): {
  commands: readonly ShellCommand[];
  doubts: readonly string[];
} {
  const all: ShellCommand[] = [];
  const doubts: string[] = [];
  let open = [...commands];
  for (let depth = 0; open.length > 0; depth += 1) {
    all.push(...open);
    if (depth >= CARRIED_DEPTH_MAX || (depth > 0 && open.length > CARRIED_MAX)) {
      doubts.push("it starts commands through too many others");
      break;
    }
    const next: ShellCommand[] = [];
    for (const { words, redirections } of open) {
      // What its wrappers run stands in the command already.
      const carried = carriedBy(layersOf(words).at(-1) ?? words, redirections);
      next.push(...carried.commands.map((each) => ({ assignments: [], words: each, redirections: [] })));
      for (const script of carried.scripts) {
        const parsed = parseShell(script);
        if (parsed.kind === "script") next.push(...parsed.commands);
      }
    }
    // One more than may be, so that the next round says so.
    open = next.slice(0, CARRIED_MAX + 1);
  }
  return { commands: all, doubts };
}

/** What a person may see in a text that no shell would read: enough to deny. */
function crudeParts(text: string): ShellCommand[] {
  const parts = text
    .slice(0, 100_000)
    .replaceAll(/["'\\]/gu, "")
    .split(/[;|&\n()`{}]+|\$\(/u, CARRIED_MAX);
  return parts.map((part) => {
    const words = part.trim().split(/\s+|\$\{?IFS\}?/u);
    const plain = words.map((literal) => ({
      text: literal,
      literal,
      start: literal,
      splits: false,
      isQuoted: false,
      isHome: false,
    }));
    return { assignments: [], words: plain, redirections: [] };
  });
}

/** A `cd` may happen or not, so each makes the folders more. */
function foldersOf(
  commands: readonly ShellCommand[],
  { places }: Surroundings,
): readonly string[] | undefined {
  const folders = new Set([places.workspace]);
  for (const { words: outer } of commands) {
    if (!changesFolder(outer)) continue;
    const words = layersOf(outer).at(-1) ?? outer;
    const operands = words.slice(1).filter(({ literal }) => !/^-[LPe@]$|^--$/u.test(literal ?? ""));
    const [target] = operands;
    const path = target?.literal;
    const isPlain = operands.length === 1 && words[0]?.literal !== "popd";
    if (!isPlain || path === undefined || /^[-+]/u.test(path)) return undefined;
    for (const folder of [...folders]) {
      const reached =
        target?.isHome === true ? toAbsolute(path, folder, places.home) : posix.resolve(folder, path);
      if (reached === undefined || folders.size > 16) return undefined;
      folders.add(reached);
    }
  }
  return [...folders];
}

function changesFolder(words: readonly Word[]): boolean {
  return /^(?:cd|pushd|popd|chdir)$/u.test(layersOf(words).at(-1)?.[0]?.literal ?? "");
}

/** @returns undefined for a word whose path cannot be told */
function pathsOf({ literal, isHome }: Word, { folders, places }: Context): readonly string[] | undefined {
  if (literal === undefined) return undefined;
  if (isHome) {
    const path = toAbsolute(literal, "/", places.home);
    return path === undefined ? undefined : [path];
  }
  if (literal.startsWith("/")) return [posix.resolve(literal)];
  return folders?.map((folder) => posix.resolve(folder, literal));
}

const writers = /^(?:rm|rmdir|mv|cp|ln|touch|tee|truncate|mkdir|chmod|chown|install|unlink|shred|patch)$/u;
/** Of those, the ones whose operands say all they write. */
const plainWriters: ReadonlyMap<string, RegExp> = new Map([
  ["mkdir", /^(?:-[pv]+|--(?:parents|verbose))$/u],
  ["touch", /^(?:-[acm]+|--no-create)$/u],
  ["tee", /^(?:-[aip]+|--append)$/u],
  ["rm", /^(?:-[fvdI]+|--(?:force|verbose))$/u],
  ["rmdir", /^(?:-[pv]+)$/u],
]);

/** What rules that deny or ask say of the files of a command. */
function heldFiles({ words: outer, redirections }: ShellCommand, context: Context): Finding[] {
  const words = layersOf(outer).at(-1) ?? outer;
  const program = programOf(words);
  const operands = words.slice(1).filter((word) => !word.start.startsWith("-"));
  const isWriter =
    writers.test(program) || (program === "sed" && words.some((word) => /^-\w*i|^--in-/u.test(word.start)));
  const uses: (readonly [Access, Word])[] = [
    ...redirections
      .filter(isFile)
      .map(({ kind, target }) => [kind === "read" ? "Read" : "Edit", target] as const),
    ...filesRead(words).map((word) => ["Read", word] as const),
    ...(isWriter ? operands : []).map((word) => ["Edit", word] as const),
    ...(program === "dd" ? ddFiles(words) : []),
  ];
  return uses.flatMap(([access, word]) => {
    const paths = pathsOf(word, context);
    if (paths !== undefined) {
      return paths.map((path) => heldPath(access, path, context)).filter((held) => held !== undefined);
    }
    const { rules } = context;
    const isRuled = [...rules.deny, ...rules.ask].some(
      ({ tool, specifier }) =>
        specifier.kind === "path" && (tool.matches(access) || (access === "Edit" && tool.matches("Read"))),
    );
    const reason = `which file "${word.text}" is cannot be told, and rules name files`;
    return isRuled ? [{ verdict: "ask", by: "unreadable", reason } as const] : [];
  });
}

function ddFiles(words: readonly Word[]): (readonly [Access, Word])[] {
  return words.flatMap((word) => {
    const [, name, path] = /^(if|of)=(.+)$/su.exec(word.literal ?? "") ?? [];
    return path === undefined ? [] : [[name === "if" ? "Read" : "Edit", { ...word, literal: path }] as const];
  });
}

function isFile({ kind, target }: Redirection): boolean {
  // A process substitution is no file, and its commands are judged for themselves.
  return (kind === "read" || kind === "write") && !/^[<>]\(/u.test(target.text);
}

/** What a command without any rule that holds it back comes to. `depth`: how many others start it. */
function decideSimple(command: ShellCommand, context: Context, depth = 0): Finding[] {
  const findings = command.redirections
    .filter(isFile)
    .map((redirection) => decideRedirection(redirection, context));
  const words = layersOf(command.words).at(-1) ?? command.words;
  if (context.mode !== "plan") {
    const openness = opennessOf(command);
    const rule = context.allow.find((each) => command.words.length > 0 && covers(each, openness));
    if (rule !== undefined) {
      return [...findings, byRule("allow", rule), ...decideInner(command, rule, context, depth)];
    }
  }
  const risky = [...command.assignments, ...(assignmentsOf(words) ?? [])].find((each) => !isHarmless(each));
  if (risky !== undefined) findings.push(unruled(`it sets ${risky.name}, which steers programs`));
  if (words.length === 0 || assignmentsOf(words) !== undefined) {
    return findings.length > 0
      ? findings
      : [{ verdict: "allow", by: "reading", reason: "it sets a variable" }];
  }
  return [...findings, ...decideUnruled(command, words, context)];
}

function decideInner(
  command: ShellCommand,
  rule: PermissionRule,
  context: Context,
  depth: number,
): Finding[] {
  const { commands, doubts } = innerOf(command, rule);
  const isTooDeep = depth >= CARRIED_DEPTH_MAX && commands.length > 0;
  const deep = isTooDeep ? ["it starts commands through too many others"] : [];
  const [doubt] = [...deep, ...doubts, ...commands.flatMap(doubtsAbout)];
  if (doubt !== undefined) return [unruled(doubt)];
  const moves = commands.some(({ words }) => changesFolder(words));
  const inside = { ...context, folders: moves ? undefined : context.folders };
  return commands.flatMap((each) => {
    if (!each.isNamed) return decideSimple(each, inside, depth + 1);
    const files = each.redirections
      .filter(isFile)
      .map((redirection) => decideRedirection(redirection, inside));
    return files.concat(decideInner(each, rule, inside, depth + 1));
  });
}

function decideUnruled(command: ShellCommand, words: readonly Word[], context: Context): Finding[] {
  const text = canonical(command.words);
  const looks = readOnly(words);
  if (looks !== undefined) return decideLooking(words, looks.files, context);
  const options = plainWriters.get(programOf(words));
  const rest = words.slice(1);
  const operands = rest.filter((word) => !word.start.startsWith("-"));
  const isPlain =
    options !== undefined &&
    operands.length > 0 &&
    rest.every(
      (word) => word.literal !== undefined && (!word.start.startsWith("-") || options.test(word.literal)),
    );
  if (context.mode !== "acceptEdits" || !isPlain) return [unruled(`no rule allows ${text}`)];
  return operands.map((word) => decideFile("Edit", word, context));
}

function decideLooking(words: readonly Word[], files: readonly Word[], context: Context): Finding[] {
  const { folders, places } = context;
  const isElsewhere = folders === undefined || folders.some((folder) => !isOpened(folder, places));
  if (words[0]?.literal === "cd") {
    return [isElsewhere ? unruled("it leaves the workspace") : reading];
  }
  // Another folder may hold another repository, whose configuration names programs.
  if (words[0]?.literal === "git" && (isElsewhere || folders.length > 1)) {
    return [unruled("git in another folder obeys what is configured there")];
  }
  return [
    reading,
    ...files.filter(({ literal }) => literal !== undefined).map((word) => decideFile("Read", word, context)),
  ];
}

const reading: Finding = { verdict: "allow", by: "reading", reason: "it only looks" };

function decideRedirection({ kind, target }: Redirection, context: Context): Finding {
  return decideFile(kind === "read" ? "Read" : "Edit", target, context);
}

function decideFile(access: Access, word: Word, context: Context): Finding {
  const paths = pathsOf(word, context);
  if (paths === undefined) return unruled(`which file "${word.text}" is cannot be told`);
  const [first = reading, ...others] = paths.map((path) => decidePath(access, path, context));
  const found = strictest(first, ...others);
  const isWritten = access === "Edit" && found.verdict === "allow" && found.by !== "reading";
  return isWritten && context.mode === "plan" ? unruled("nothing is written in plan mode") : found;
}

function unruled(reason: string): Finding {
  return { verdict: "ask", by: "nothing", reason };
}
