/** Patterns as people write them in policies and ignore files, compiled to expressions that cannot backtrack far. */

const PATTERN_CHARS_MAX = 1000;
const STARS_MAX = 12;

/**
 * `*` stands for anything but a slash, `**` for any number of folders, `?` for one character, `[…]` for one of a set.
 * A pattern without a slash matches in every folder, and a folder matches everything in it (as in gitignore).
 * @returns undefined for a pattern that is too long or has too many stars to be matched in bounded time
 */
export function compilePathGlob(pattern: string): RegExp | undefined {
  if (isTooMuch(pattern)) return undefined;
  const anchored = pattern.replace(/^\/+/, "").replace(/\/+$/, "");
  if (anchored === "") return undefined;
  const anywhere = !pattern.replace(/\/+$/, "").includes("/");
  return new RegExp(`^${anywhere ? "(?:[^/]*/)*" : ""}${toExpression(anchored)}(?:/.*)?$`, "su");
}

/** For names, hosts and commands: `*` stands for anything, `?` for one character. The whole text must match. */
export function compileTextGlob(pattern: string): RegExp | undefined {
  if (isTooMuch(pattern)) return undefined;
  const expression = pattern.replaceAll(/\*+|[^*]/gsu, (piece) => {
    if (piece.startsWith("*")) return ".*";
    return piece === "?" ? "." : literal(piece);
  });
  return new RegExp(`^${expression}$`, "su");
}

function isTooMuch(pattern: string): boolean {
  return pattern.length > PATTERN_CHARS_MAX || (pattern.match(/\*+/g)?.length ?? 0) > STARS_MAX;
}

function toExpression(pattern: string): string {
  return pattern.replaceAll(/\*\*\/|\*\*|\*|\?|\[!?[^\]/]+\]|[^]/gu, (piece) => {
    if (piece === "**/") return "(?:[^/]*/)*";
    if (piece === "**") return ".*";
    if (piece === "*") return "[^/]*";
    if (piece === "?") return "[^/]";
    if (piece.length > 1 && piece.startsWith("[")) return characterSet(piece);
    return literal(piece);
  });
}

function characterSet(piece: string): string {
  const isNegated = piece[1] === "!";
  const members = piece.slice(isNegated ? 2 : 1, -1).replaceAll(/[\\\]^]/g, String.raw`\$&`);
  return `[${isNegated ? "^/" : ""}${members}]`;
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
