/**
 * A small search without a process: starting ripgrep in a cell costs ten times what reading forty files does.
 * Only where the answer is surely ripgrep's own: what is larger, or could be understood in two ways, is left to it.
 */
import { isAscii } from "node:buffer";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import { compileBounded, lowerPattern } from "./bounded-regexp.ts";
import { isIgnored, parseGitignore, type IgnoreLevel } from "./gitignore.ts";
import type { GrepArgs, GrepFound } from "./hits.ts";
import { openFindings } from "./search.ts";
import { splitLines } from "./text-file.ts";

const FILES_MAX = 400;
const BYTES_MAX = 4_000_000;
/** Of one file. */
const FILE_BYTES_MAX = 1_000_000;
const DEPTH_MAX = 40;

/** Read by ripgrep beside `.gitignore`. */
const otherRules: ReadonlySet<string> = new Set([".ignore", ".rgignore"]);
const skipped: ReadonlySet<string> = new Set([".git", "node_modules"]);

/** `path` is relative to the workspace, and no link. Undefined: ask ripgrep. */
export function searchHere(args: GrepArgs, path: string, workspace: string): GrepFound | undefined {
  const wanted = toWanted(args);
  if (wanted === undefined) return undefined;
  const files = smallTree(workspace, path);
  if (files === undefined) return undefined;
  const findings = openFindings(args);
  let bytesLeft = BYTES_MAX;
  for (const file of files) {
    const bytes = readSmall(join(workspace, file));
    if (bytes === "large") return undefined;
    bytesLeft -= bytes?.length ?? 0;
    if (bytesLeft < 0) return undefined;
    if (bytes === undefined) continue;
    // For ripgrep it is text.
    if (isUtf16(bytes)) return undefined;
    if (wanted.needed !== undefined && !bytes.includes(wanted.needed)) continue;
    if (bytes.includes(0)) continue;
    const text = bytes.toString("latin1");
    // Beyond ASCII and with "\r" the two differ in what `.`, `\w` and `$` are; plain words are the same in both.
    const isPlain = isAscii(bytes) && !text.includes("\r");
    if (!isPlain && !wanted.isLiteral) return undefined;
    const lines = splitLines(isPlain ? text : bytes.toString("utf8"));
    const compared = args["-i"] === true ? lines.map((line) => line.toLowerCase()) : lines;
    const { expression } = wanted;
    const matched = compared.flatMap((line, index) => (expression.test(line) ? [index] : []));
    if (!findings.add(file, lines, matched)) break;
  }
  return findings.all();
}

interface Wanted {
  readonly expression: RegExp;
  /** No part of the pattern stands for more than one text, and case counts. */
  readonly isLiteral: boolean;
  /** A text without which no line fits: most files are done with when it is not in them. */
  readonly needed: string | undefined;
}

const literal = String.raw`[\w \t"'!#%&,/:;<=>@~\`-]|\\[.*+?()[\]{}|^$/-]`;
const inClass = String.raw`[A-Za-z0-9_ .,:;/@#%=+*?!<>$()|{}"'-]|\\[\]\\.dws/-]`;
const atom = String.raw`${literal}|\\[dDwWsSbB]|\[\^?(?:${inClass})+\]|\(\?:|[.^$|()]`;
const repeat = String.raw`[*+?]\??|\{\d{1,2}(?:,\d{0,2})?\}\??`;
const literalOnly = new RegExp(`^(?:${literal})+$`);
/** Patterns that mean the same in both languages, over ASCII. */
const sameInBoth = new RegExp(`^(?:(?:${atom})(?:${repeat})?)+$`);
/** In a class of ripgrep's these are set operations. */
const operators = /--|&&|~~/;

function toWanted(args: GrepArgs): Wanted | undefined {
  const { pattern } = args;
  // With `--glob` ripgrep passes over its other rules.
  if (args.multiline === true || args.glob !== undefined) return undefined;
  if (!sameInBoth.test(pattern) || (operators.test(pattern) && pattern.includes("["))) return undefined;
  const compiled = compileBounded(args["-i"] === true ? lowerPattern(pattern) : pattern, {
    spansLines: false,
  });
  if (compiled.kind === "refused") return undefined;
  // Without the flag g: each line is asked once, from its beginning.
  const expression = new RegExp(compiled.value.source);
  if (args["-i"] === true) return { expression, isLiteral: false, needed: undefined };
  return { expression, isLiteral: literalOnly.test(pattern), needed: neededIn(pattern) };
}

const NEEDED_CHARS_MIN = 3;
const part = new RegExp(String.raw`(?:(?<text>${literal})|\\[^]|[^])(?<repeat>${repeat})?`, "g");

/** The longest run of plain characters that every match holds. Groups and alternatives are not looked into. */
function neededIn(pattern: string): string | undefined {
  if (/[|([]/.test(pattern.replaceAll(/\\[^]/g, ""))) return undefined;
  let longest = "";
  let run = "";
  for (const { groups } of pattern.matchAll(part)) {
    const { text, repeat: times } = groups ?? {};
    run = text === undefined || times !== undefined ? "" : run + text.replace(/^\\/, "");
    if (run.length > longest.length) longest = run;
  }
  return longest.length < NEEDED_CHARS_MIN ? undefined : longest;
}

/** In ripgrep's order. Undefined when there are many, or rules that are not read here. */
function smallTree(workspace: string, start: string): readonly string[] | undefined {
  const from = start === "." ? "" : start;
  if (from.split("/").some((name) => skipped.has(name)) || hasOwnExcludes(workspace)) return undefined;
  const files: string[] = [];
  const visit = (directory: string, above: readonly IgnoreLevel[], depth: number): boolean => {
    const entries = entriesOf(join(workspace, directory));
    if (entries === undefined) return true;
    if (depth > DEPTH_MAX || entries.some(({ name }) => otherRules.has(name))) return false;
    const rules = entries.some((entry) => entry.name === ".gitignore" && entry.isFile())
      ? rulesIn(workspace, directory)
      : [];
    const levels = rules.length === 0 ? above : [...above, { directory, rules }];
    for (const entry of entries) {
      const { name } = entry;
      // A repository inside has excludes of its own.
      if (name === ".git" && directory !== "") return false;
      const path = directory === "" ? name : `${directory}/${name}`;
      if (skipped.has(name) || isIgnored(path, entry.isDirectory(), levels)) continue;
      if (entry.isFile()) files.push(path);
      if (files.length > FILES_MAX || (entry.isDirectory() && !visit(path, levels, depth + 1))) return false;
    }
    return true;
  };
  const parts = from === "" ? [] : from.split("/");
  const above: IgnoreLevel[] = [];
  for (const depth of parts.keys()) {
    const directory = parts.slice(0, depth).join("/");
    const beside = entriesOf(join(workspace, directory)) ?? [];
    if (beside.some(({ name }) => otherRules.has(name) || (name === ".git" && directory !== ""))) {
      return undefined;
    }
    if (beside.some(({ name }) => name === ".gitignore")) {
      above.push({ directory, rules: rulesIn(workspace, directory) });
    }
  }
  return visit(from, above, 0) ? files : undefined;
}

function entriesOf(directory: string): readonly Dirent[] | undefined {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined; // gone, or closed to us: passed over, as ripgrep does
  }
}

function rulesIn(workspace: string, directory: string): IgnoreLevel["rules"] {
  try {
    return parseGitignore(readFileSync(join(workspace, directory, ".gitignore"), "utf8"));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return []; // not to be read
  }
}

/** `.git/info/exclude`, which git fills with comments. */
function hasOwnExcludes(workspace: string): boolean {
  try {
    return /^[^#\s]/m.test(readFileSync(join(workspace, ".git/info/exclude"), "utf8"));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false; // no such file
  }
}

/** Undefined for what is no file, or not to be read. */
function readSmall(real: string): Buffer | "large" | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(real, "r");
    const { size } = fstatSync(descriptor);
    if (size > FILE_BYTES_MAX) return "large";
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, size === 0 ? 0 : readSync(descriptor, bytes, 0, size, 0));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}
