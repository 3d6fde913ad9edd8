/** What the word at the cursor could become: a command after `/`, a file after `@`. */
import type { FuzzySearch } from "./fuzzy.ts";

export interface Completion {
  /** Of the text that a choice replaces. */
  readonly from: number;
  readonly items: readonly CompletionItem[];
  readonly kind: "command" | "file";
}

export interface CompletionItem {
  readonly text: string;
  readonly description?: string;
}

export interface CompletionSources {
  readonly commands: readonly CompletionItem[];
  /** Undefined as long as they are being listed. */
  readonly files: () => FuzzySearch | undefined;
}

const COMMANDS_SHOWN_MAX = 8;
const WORD_CHARS_MAX = 200;

export function completionAt(
  { text, cursor }: { readonly text: string; readonly cursor: number },
  sources: CompletionSources,
): Completion | undefined {
  const before = text.slice(Math.max(0, cursor - WORD_CHARS_MAX), cursor);
  if (text.startsWith("/") && /^\/\S*$/.test(text.slice(0, cursor))) {
    const wanted = text.slice(1, cursor).toLowerCase();
    const items = sources.commands.filter((each) => each.text.startsWith(wanted));
    const within = sources.commands.filter((each) => each.text.includes(wanted) && !items.includes(each));
    return some("command", 0, [...items, ...within].slice(0, COMMANDS_SHOWN_MAX));
  }
  const word = /(?:^|[\s(])@([^\s@]*)$/u.exec(before)?.[1];
  if (word === undefined) return undefined;
  const items = (sources.files()?.find(word) ?? []).map((path) => ({ text: path }));
  return some("file", cursor - word.length - 1, items);
}

function some(
  kind: Completion["kind"],
  from: number,
  items: readonly CompletionItem[],
): Completion | undefined {
  return items.length === 0 ? undefined : { kind, from, items };
}
