// Rules about what a text says: the code of a module, and the hygiene of every file.
import { isRecord } from "@cloister/base";
import { lineAt } from "./source-scan.ts";
import type { Module, Repository, Violation } from "./repository.ts";

/** Beyond this a second subject has usually moved in; a longer file signs for its length in the list below. */
const FILE_LINES_MAX = 400;
const LONG_FILES = "tools/long-files.json";

interface CodeRule {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
  readonly applies: (module: Module) => boolean;
}

const CODE_RULES: readonly CodeRule[] = [
  {
    rule: "global-network",
    pattern: /(?<![.\w$])fetch\s*\(|\bglobalThis\s*\.\s*fetch\b|\bnew\s+(?:WebSocket|EventSource)\b/g,
    message: "connections are opened by backend, with its own dispatcher",
    applies: (module) => module.packageName !== undefined,
  },
  {
    rule: "process-global",
    pattern: /\bprocess\s*\??\.\s*(?:env|argv|exit|exitCode)\b|\}\s*=\s*process\b/g,
    message: "only cli reads the environment and ends the process; others are given what they need",
    applies: (module) => module.packageName !== undefined && module.packageName !== "cli" && !module.isTest,
  },
  {
    rule: "focused-test",
    pattern:
      /\b(?:test|it|describe|suite|t|context)\s*\.\s*(?:only|skip|todo)\s*\(|\b(?:only|skip)\s*:\s*true\b/g,
    message: "every test runs",
    applies: (module) => module.path.endsWith(".test.ts"),
  },
];

export function codeViolations(repository: Repository): Violation[] {
  const found: Violation[] = [];
  for (const module of repository.modules.values()) {
    for (const { rule, pattern, message, applies } of CODE_RULES) {
      if (!applies(module)) continue;
      for (const match of module.source.code.matchAll(pattern)) {
        found.push({ path: module.path, line: lineAt(module.text, match.index), rule, message });
      }
    }
  }
  return found;
}

export function lengthViolations(repository: Repository): Violation[] {
  const found: Violation[] = [];
  const listText = repository.tree.files.get(LONG_FILES) ?? "{}";
  const list: unknown = JSON.parse(listText);
  const reasons = new Map(isRecord(list) ? Object.entries(list) : []);
  for (const { path, text } of repository.modules.values()) {
    const lines = text.trimEnd().split("\n").length;
    const reason = reasons.get(path);
    if (lines <= FILE_LINES_MAX) continue;
    reasons.delete(path);
    if (typeof reason === "string" && reason.trim() !== "") continue;
    const message = `${lines} lines: divide it by subject, or give the reason in ${LONG_FILES}`;
    found.push({ path, line: FILE_LINES_MAX, rule: "long-file", message });
  }
  for (const path of reasons.keys()) {
    const line = lineAt(listText, listText.indexOf(JSON.stringify(path)));
    found.push({ path: LONG_FILES, line, rule: "stale-entry", message: `${path} is not a long file` });
  }
  return found;
}

interface TextRule {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
  readonly applies: (path: string) => boolean;
}

/** Places of one machine do not belong into the repository, in code, documents or lock files. */
export function textViolations(repository: Repository): Violation[] {
  const { tree } = repository;
  // Written in two pieces, so that this file keeps its own rule.
  const outside = ["..", "shared"].join("/");
  const rules: readonly TextRule[] = [
    {
      rule: "registry-host",
      pattern: /"resolved": "https?:/g,
      message: "a lock file names no registry host",
      applies: (path) => path.endsWith("package-lock.json"),
    },
    placeRule(tree.root, "the place of this checkout"),
    placeRule(`${tree.home}/`, "somebody's home folder"),
    {
      rule: "outside-path",
      pattern: new RegExp(RegExp.escape(outside), "g"),
      message: "a path that leaves the repository",
      applies: () => true,
    },
  ];
  const found: Violation[] = [];
  for (const [path, text] of tree.files) {
    for (const { rule, pattern, message, applies } of rules) {
      if (!applies(path)) continue;
      for (const match of text.matchAll(pattern)) {
        found.push({ path, line: lineAt(text, match.index), rule, message });
      }
    }
  }
  return found;
}

function placeRule(place: string, what: string): TextRule {
  return {
    rule: "machine-path",
    pattern: new RegExp(`(?<![\\w.~/-])${RegExp.escape(place)}(?:(?<=/)|(?![\\w.-]))`, "g"),
    message: `${what} is named`,
    // The file system's own root is a place that every machine has.
    applies: () => !/^\/*$/.test(place),
  };
}
