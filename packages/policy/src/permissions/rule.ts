/** Permission rules as people write them: `Tool`, `Tool(specifier)`, `Tool(parameter:value)`. */
import { parsePathPattern, type PathPattern } from "./places.ts";
import { compileTextPattern, type TextPattern } from "./text-pattern.ts";

export interface PermissionRule {
  /** As it was written. */
  readonly text: string;
  /** Where it stands, for the person who wants to change it. */
  readonly origin: string | undefined;
  /** The folder that a pattern `/p` starts from; undefined: the workspace. */
  readonly root: string | undefined;
  readonly tool: TextPattern;
  readonly specifier: Specifier;
}

export type Specifier =
  | { readonly kind: "whole" }
  /** `prefix`: what stands before a star at the end, which may also stand for nothing. */
  | { readonly kind: "command"; readonly pattern: TextPattern; readonly bare: TextPattern | undefined }
  | { readonly kind: "path"; readonly pattern: PathPattern }
  | { readonly kind: "domain"; readonly matches: RegExp }
  | { readonly kind: "name"; readonly pattern: TextPattern }
  | { readonly kind: "parameter"; readonly name: string; readonly pattern: TextPattern };

/** Deny wins over ask, ask over allow, in whatever order they stand, and however exact they are. */
export interface PermissionRules {
  readonly deny: readonly PermissionRule[];
  readonly ask: readonly PermissionRule[];
  readonly allow: readonly PermissionRule[];
  /** What a person allowed for this run: it wins over `ask`, never over `deny`. */
  readonly endorsed: readonly PermissionRule[];
  /** Hashes of exact calls that a person allowed: see `approvalHash`. */
  readonly approved: ReadonlySet<string>;
}

export type ParsedRule =
  | { readonly kind: "rule"; readonly rule: PermissionRule }
  | { readonly kind: "bad"; readonly text: string; readonly why: string };

export const noRules: PermissionRules = { deny: [], ask: [], allow: [], endorsed: [], approved: new Set() };

const RULE_CHARS_MAX = 2000;

const editors = new Set(["Edit", "Write", "MultiEdit", "NotebookEdit"]);
const readers = new Set(["Read", "Grep", "Glob", "LS", "NotebookRead", "Lsp", "RepoMap"]);
const named = new Set(["Agent", "Skill"]);

/** All editors are ruled by `Edit`, all that read by `Read`. */
export function familyOf(tool: string): string {
  if (editors.has(tool)) return "Edit";
  if (readers.has(tool)) return "Read";
  return tool === "Task" ? "Agent" : tool;
}

export function parseRule(text: string, from: { root?: string; origin?: string } = {}): ParsedRule {
  const bad = (why: string): ParsedRule => ({ kind: "bad", text, why });
  if (text.length > RULE_CHARS_MAX) return bad(`it is longer than ${RULE_CHARS_MAX} characters`);
  const [, name, written] = /^([\w*.-]+)(?:\((.*)\))?$/su.exec(text.trim()) ?? [];
  if (name === undefined) return bad("a rule is Tool, Tool(specifier) or Tool(parameter:value)");
  const specifier = parseSpecifier(familyOf(name), written);
  if (typeof specifier === "string") return bad(specifier);
  // A server's name stands for all its tools.
  const isServer = /^mcp__(?:(?!__).)+$/u.test(name) && !name.includes("*");
  // `Write` alone is that one tool; with a path it speaks of files, whatever edits them.
  const names = isServer
    ? `${name}__*`
    : specifier.kind === "whole" && name !== "Task"
      ? name
      : familyOf(name);
  const rule = { text, origin: from.origin, root: from.root, tool: compileTextPattern(names), specifier };
  return { kind: "rule", rule };
}

/** Why a rule cannot allow, though it may hold back. */
export function whyNotToAllow({ text, specifier }: PermissionRule): string | undefined {
  const name = /^[^(]*/u.exec(text.trim())?.[0] ?? "";
  if (name.includes("*") && !/^mcp__[^*]+?__/u.test(name)) {
    return "to allow, it must name its tool, or the server whose tools it means";
  }
  if (specifier.kind === "parameter") return "a rule on a parameter can only deny or ask";
  return undefined;
}

function parseSpecifier(tool: string, written: string | undefined): Specifier | string {
  if (written === undefined || written.trim() === "*") return { kind: "whole" };
  const specifier = written.trim();
  if (specifier === "") return "there is nothing between its brackets";
  const [, parameter, value] = /^(\w+):(?!\*$)(.+)$/su.exec(specifier) ?? [];
  if (tool === "Bash") {
    if (value !== undefined && commandParameters.test(parameter ?? "")) {
      return { kind: "parameter", name: parameter ?? "", pattern: compileTextPattern(value) };
    }
    return parseCommandPattern(specifier);
  }
  if (tool === "Read" || tool === "Edit" || tool === "Cd") {
    const pattern = parsePathPattern(specifier);
    return pattern === undefined
      ? "its pattern is empty, too long or has too many stars"
      : { kind: "path", pattern };
  }
  if (tool === "WebFetch" && parameter === "domain") return parseDomain(value ?? "");
  if (parameter !== undefined && value !== undefined) {
    return { kind: "parameter", name: parameter, pattern: compileTextPattern(value) };
  }
  if (named.has(tool)) return { kind: "name", pattern: compileTextPattern(specifier) };
  return `${tool} has no such specifier`;
}

/** Of the tool Bash; any other word before a colon is a program. */
const commandParameters = /^(?:run_in_background|timeout|description)$/u;

function parseCommandPattern(specifier: string): Specifier | string {
  if (/:\*./su.test(specifier)) return "`:*` can only stand at its end";
  const prefix = /^(.*?)(?::\*|(?<!\\) \*)$/su.exec(specifier)?.[1];
  return {
    kind: "command",
    pattern: compileTextPattern(prefix === undefined ? specifier : `${prefix} *`),
    bare: prefix === undefined ? undefined : compileTextPattern(prefix),
  };
}

/** `*.h` is any host below `h`; another `*` does not cross a dot; `*` alone is every host. */
function parseDomain(domain: string): Specifier | string {
  const host = domain.toLowerCase();
  if (!/^[\p{L}\p{N}.*:[\]_-]+$/u.test(host)) return `"${domain}" is no host`;
  const isBelow = host.startsWith("*.");
  const expression = (isBelow ? host.slice(1) : host)
    .split("*")
    .map((each) => RegExp.escape(each))
    .join("[^.]*");
  const whole = host === "*" ? "[^]+" : `${isBelow ? "[^]+" : ""}${expression}`;
  return { kind: "domain", matches: new RegExp(`^${whole}$`, "u") };
}
