/** One edit of one file, as it is about to be made. */
import type { CodeFindingKind } from "../policy.ts";

export interface FileEdit {
  /** From the workspace's root. */
  readonly path: string;
  /** Undefined for a file that is new. */
  readonly before: string | undefined;
  /** Undefined for a file that is taken away. */
  readonly after: string | undefined;
}

export interface CodeFinding {
  readonly kind: CodeFindingKind;
  /** In the text after the edit, from 1; undefined where something is gone. */
  readonly line: number | undefined;
  /** What was found, with invisible characters written out; short. */
  readonly excerpt: string;
  readonly why: string;
}

export interface AddedLine {
  readonly text: string;
  readonly line: number;
}

/** Lines that the edit brings. A line that stood anywhere before is no news, wherever it stands now. */
export function addedLines({ before, after }: FileEdit): AddedLine[] {
  const known = new Map<string, number>();
  for (const line of (before ?? "").split("\n")) known.set(line, (known.get(line) ?? 0) + 1);
  const added: AddedLine[] = [];
  for (const [at, text] of (after ?? "").split("\n").entries()) {
    const times = known.get(text) ?? 0;
    if (times > 0) known.set(text, times - 1);
    else added.push({ text, line: at + 1 });
  }
  return added;
}

const EXCERPT_CHARS_MAX = 100;

/** Short, and with everything that cannot be seen written as its code point. */
export function excerptOf(text: string): string {
  return showUnseen(text.trim().slice(0, EXCERPT_CHARS_MAX));
}

/** The same text, with everything that cannot be seen written as its code point: `\\u{202e}`. */
export function showUnseen(text: string): string {
  return text.replaceAll(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Controls but tab, carriage return and line feed; marks that reorder or hide text; tag characters. */
export const unseen: RegExp =
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{e0000}-\u{e0fff}]/gu;

const prose =
  /\.(md|mdx|rst|adoc|txt|tex|html?|svg|csv|po|pot|license)$|(^|\/)(LICENSE|NOTICE|CHANGELOG|README)[^/]*$/i;

export function isProse(path: string): boolean {
  return prose.test(path);
}
