/** Markdown files with a YAML head between two lines `---`: skills, commands, subagents, rules. */
import { isRecord, messageOf } from "@cloister/base";

export interface MarkdownFile {
  readonly fields: Fields;
  readonly body: string;
  /** Why the head could not be read as YAML; then plain lines `name: text` of it count. */
  readonly problem?: string;
}

const HEAD_CHARS_MAX = 64 * 1024;
const ENTRIES_MAX = 200;

export function parseMarkdownFile(text: string, parseYaml: (text: string) => unknown): MarkdownFile {
  const plain = text.replace(/^\uFEFF/u, "").replaceAll("\r\n", "\n");
  const opening = /^---[ \t]*\n/u.exec(plain)?.[0];
  if (opening === undefined) return { fields: readFields({}), body: plain };
  const rest = plain.slice(opening.length);
  const closing = /^---[ \t]*(?:\n|$(?![^]))/mu.exec(rest);
  if (closing === null || closing.index > HEAD_CHARS_MAX) {
    return { fields: readFields({}), body: plain, problem: "its head has no closing line ---" };
  }
  const head = rest.slice(0, closing.index);
  const body = rest.slice(closing.index + closing[0].length);
  try {
    const value = parseYaml(head) ?? {};
    if (isRecord(value)) return { fields: readFields(value), body };
    return { fields: readFields({}), body, problem: "its head is no list of names and values" };
  } catch (error) {
    // Descriptions with an unquoted ": " are common in the wild, and other agents take them.
    return { fields: readFields(plainLines(head)), body, problem: messageOf(error).split("\n", 1)[0] ?? "" };
  }
}

function plainLines(head: string): Record<string, unknown> {
  const lines = head.split("\n").flatMap((line) => {
    const [, name, value] = /^([\w-]+):[ \t]+(.*)$/u.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(lines);
}

/** Values as people write them, one name or several spellings of it. */
export interface Fields {
  text(...names: readonly string[]): string | undefined;
  /** A list, or a text with commas; commas inside brackets belong to their entry: `Bash(a, b), *.{js,ts}`. */
  list(...names: readonly string[]): readonly string[] | undefined;
  flag(...names: readonly string[]): boolean | undefined;
  whole(...names: readonly string[]): number | undefined;
  raw(name: string): unknown;
}

export function readFields(record: Readonly<Record<string, unknown>>): Fields {
  const first = (names: readonly string[]): unknown =>
    names.map((name) => (Object.hasOwn(record, name) ? record[name] : undefined)).find(isGiven);
  return {
    raw: (name) => first([name]),
    text: (...names) => toText(first(names)),
    list: (...names) => toList(first(names)),
    flag: (...names) => {
      const value = first(names);
      return value === true || value === "true"
        ? true
        : value === false || value === "false"
          ? false
          : undefined;
    },
    whole: (...names) => {
      const value = Number(toText(first(names)));
      return Number.isSafeInteger(value) && value > 0 ? value : undefined;
    },
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function toText(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  // `argument-hint: [file]` is a list to YAML and a text to its author.
  return Array.isArray(value) ? `[${value.map(String).join(", ")}]` : undefined;
}

function toList(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") {
    const parts = value.match(/(?:\([^()]*\)|\{[^{}]*\}|[^,({]|[({])+/gu) ?? [];
    return parts
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .slice(0, ENTRIES_MAX);
  }
  if (!Array.isArray(value)) return undefined;
  const entries: readonly unknown[] = value;
  return entries.filter((entry) => typeof entry === "string").slice(0, ENTRIES_MAX);
}
