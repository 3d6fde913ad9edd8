/** Thinking in tags, which servers without a reasoning parser leave in the text. */

export interface ThinkTags {
  readonly open: string;
  readonly close: string;
}

export const THINK_TAGS: readonly ThinkTags[] = [
  { open: "<think>", close: "</think>" },
  { open: "<thinking>", close: "</thinking>" },
  { open: "<mm:think>", close: "</mm:think>" },
  { open: "<seed:think>", close: "</seed:think>" },
  { open: "[THINK]", close: "[/THINK]" },
  { open: "<|open|>think<|sep|>", close: "<|close|>think<|sep|>" },
  { open: "<|channel>thought\n", close: "<channel|>" },
  { open: "<|START_THINKING|>", close: "<|END_THINKING|>" },
  { open: "<|inner_prefix|>", close: "<|inner_suffix|>" },
];

/**
 * Whether a closing tag without an opening one ends thinking: several templates open it in the prompt. In a sentence about
 * the tag it stands between blanks or quotes.
 */
export function endsThinking(before: string, after: string): boolean {
  const isMention = /["'“‘(«`]/.test(before) || (/[ \t]/.test(before) && /^[ \t,.;:)]/.test(after));
  return !isMention;
}
