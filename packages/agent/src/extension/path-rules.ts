/** Rules for some files only: `.claude/rules/**` with `paths:`. They are told when such a file is first read, so that the beginning stays as it is. */
import { posix } from "node:path";
import { compileGlob } from "../tools/glob-pattern.ts";
import { parseMarkdownFile } from "./front-matter.ts";
import { stripComments } from "./markdown.ts";
import { filesBelow, isInside, type ExtensionWorld, type Loss, type Origin } from "./reader.ts";

export interface PathRule {
  readonly origin: Origin;
  /** Undefined: the rule holds always and stands with the instructions. */
  readonly paths: readonly string[] | undefined;
  readonly text: string;
}

const RULE_BYTES_MAX = 64 * 1024;
const PATTERNS_MAX = 1000;
const PATTERN_CHARS_MAX = 500;

export async function readPathRules(
  world: ExtensionWorld,
  folder: string,
  scope: Origin["scope"],
): Promise<{ readonly rules: readonly PathRule[]; readonly losses: readonly Loss[] }> {
  const rules: PathRule[] = [];
  const losses: Loss[] = [];
  for (const path of await filesBelow(world.files, folder, /\.md$/u)) {
    const file = await world.files.read(path, RULE_BYTES_MAX);
    if (file === undefined) continue;
    // A link out of the project would bring in a file that nobody meant as a rule.
    if (scope === "project" && !isInside(world.places.repository ?? world.places.workspace, file.realPath)) {
      losses.push({ path, subject: "rule", why: "it is a link that leads out of the project" });
      continue;
    }
    const { fields, body, problem } = parseMarkdownFile(file.text, world.parseYaml);
    if (problem !== undefined) losses.push({ path, subject: "head", why: problem });
    const text = stripComments(body).trim();
    if (text !== "") rules.push({ origin: { scope, path }, paths: fields.list("paths", "globs"), text });
  }
  return { rules, losses };
}

/** Which rules a session has to tell, each once. */
export interface PathRules {
  /** Those without paths, for the beginning. */
  readonly always: readonly PathRule[];
  /** Rules that a file, first read now, brings in. `path` is absolute. */
  onRead(path: string): readonly PathRule[];
}

export function createPathRules(rules: readonly PathRule[], workspace: string): PathRules {
  let left = PATTERNS_MAX;
  const waiting = new Set(
    rules.flatMap((rule) => {
      const patterns = (rule.paths ?? [])
        .filter((pattern) => pattern.length <= PATTERN_CHARS_MAX)
        .slice(0, left);
      left -= patterns.length;
      return patterns.length === 0 ? [] : [{ rule, patterns: patterns.map(toExpression) }];
    }),
  );
  return {
    always: rules.filter(({ paths }) => paths === undefined),
    onRead: (path) => {
      if (!isInside(workspace, path)) return [];
      const relative = posix.relative(workspace, path);
      const found = [...waiting].filter(({ patterns }) => patterns.some((pattern) => pattern.test(relative)));
      for (const each of found) waiting.delete(each);
      return found.map(({ rule }) => rule);
    },
  };
}

function toExpression(pattern: string): RegExp {
  const plain = pattern.replace(/^(?:\.?\/)+/u, "");
  return compileGlob(plain.endsWith("/") ? `${plain}**` : plain);
}
