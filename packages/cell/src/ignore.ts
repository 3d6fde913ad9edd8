/** Patterns as gitignore(5) has them: which paths below the file's folder they name. */

export interface IgnoreRules {
  /** `path` is relative to the file's folder, with slashes, without one at its ends. The last rule that fits decides. */
  matches(path: string, isDirectory: boolean): boolean;
}

const RULES_MAX = 1000;
const PATTERN_CHARS_MAX = 500;

interface Rule {
  readonly negated: boolean;
  readonly directoryOnly: boolean;
  /** Between slashes; `**` stands for any number of folders. */
  readonly segments: readonly string[];
}

export function parseIgnore(text: string): IgnoreRules {
  const rules = text
    .split("\n", RULES_MAX)
    .map(toRule)
    .filter((rule) => rule !== undefined);
  return {
    matches: (path, isDirectory) => {
      const names = path.split("/");
      const fits = (rule: Rule): boolean =>
        (isDirectory || !rule.directoryOnly) && segmentsFit(rule.segments, names);
      return rules.findLast(fits)?.negated === false;
    },
  };
}

function toRule(line: string): Rule | undefined {
  // A space at the end counts only behind a backslash.
  let pattern = line.replace(/\r$/, "").replace(/(?<!\\) +$/, "");
  if (pattern === "" || pattern.startsWith("#") || pattern.length > PATTERN_CHARS_MAX) return undefined;
  const negated = pattern.startsWith("!");
  if (negated) pattern = pattern.slice(1);
  const directoryOnly = pattern.endsWith("/");
  if (directoryOnly) pattern = pattern.slice(0, -1);
  if (pattern === "" || pattern === "/") return undefined;
  // With a slash at the start or in the middle a pattern is bound to the folder; otherwise it fits at any depth.
  const bound = pattern.includes("/");
  const segments = (pattern.startsWith("/") ? pattern.slice(1) : pattern).split("/");
  return { negated, directoryOnly, segments: bound ? segments : ["**", ...segments] };
}

// Not a regular expression: a repository writes these patterns, and could write one that backtracks for hours. A row
// of the table says which prefixes of the path the segments so far can stand for.
function segmentsFit(segments: readonly string[], names: readonly string[]): boolean {
  const [first, only] = segments;
  // Most patterns are one name at any depth.
  if (segments.length === 2 && first === "**" && only !== undefined && only !== "**") {
    return nameFits(only, names.at(-1) ?? "");
  }
  let reached: boolean[] = [true, ...names.map(() => false)];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const next = reached.map(() => false);
    let anyBefore = false;
    for (let count = 0; count <= names.length; count++) {
      if (segment === "**") {
        // At the end it means "everything inside", so at least one name.
        if (!isLast && reached[count] === true) anyBefore = true;
        next[count] = anyBefore;
        if (isLast && reached[count] === true) anyBefore = true;
      } else {
        const name = names[count - 1];
        next[count] = name !== undefined && reached[count - 1] === true && nameFits(segment, name);
      }
    }
    reached = next;
  }
  return reached[names.length] === true;
}

/** On a mismatch only the last star is tried longer: earlier ones cannot help, so the work is length times length. */
function nameFits(pattern: string, name: string): boolean {
  let [at, here] = [0, 0];
  let star: { readonly at: number; here: number } | undefined;
  // Each turn moves forward in the name, or makes the last star one character longer.
  while (here < name.length) {
    if (pattern[at] === "*") {
      star = { at: (at += 1), here };
      continue;
    }
    const length = lengthOfFit(pattern, at, name[here] ?? "");
    if (length > 0) {
      at += length;
      here += 1;
    } else if (star === undefined) return false;
    else {
      star.here += 1;
      [at, here] = [star.at, star.here];
    }
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

/** How much of the pattern stands for this one character; 0 when it does not. */
function lengthOfFit(pattern: string, at: number, char: string): number {
  const first = pattern[at];
  if (first === undefined) return 0;
  if (first === "?") return 1;
  if (first === "\\" && at + 1 < pattern.length) return pattern[at + 1] === char ? 2 : 0;
  if (first === "[") {
    const negated = pattern[at + 1] === "!" || pattern[at + 1] === "^";
    const start = at + (negated ? 2 : 1);
    // A bracket that comes first is one of the characters.
    const end = pattern.indexOf("]", start + 1);
    if (end !== -1) return isOneOf(pattern.slice(start, end), char) === negated ? 0 : end + 1 - at;
  }
  return first === char ? 1 : 0;
}

function isOneOf(set: string, char: string): boolean {
  for (let at = 0; at < set.length; at++) {
    const [low = "", dash, high] = set.slice(at, at + 3);
    if (dash === "-" && high !== undefined) {
      if (char >= low && char <= high) return true;
      at += 2;
    } else if (low === char) return true;
  }
  return false;
}

/** Files that tell an AI tool what it may not read, at the top of a workspace. */
export const ignoreFiles: readonly string[] = [
  ...[".cloisterignore", ".aiexclude", ".aiignore", ".cursorignore", ".geminiignore", ".qwenignore"],
  ...[".codeiumignore", ".windsurfignore", ".clineignore", ".rooignore", ".continueignore", ".aiderignore"],
  ...[".qoderignore", ".copilotignore", ".kiroignore", ".llmignore"],
];
