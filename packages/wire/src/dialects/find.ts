/** Whether markup begins at a character of a text, and which: the one decision that everything else follows from. */
import { FUNCTION_GEMMA, GEMMA_4 } from "./gemma.ts";
import { WRAPPERS } from "./hermes.ts";
import type { MarkdownPlace } from "./markdown.ts";
import { HEADER_CHARS_MAX, OPENERS, type Opener } from "./openers.ts";
import { looksStray, STRAYS } from "./strays.ts";
import { endsThinking, THINK_TAGS, type ThinkTags } from "./think.ts";

export type Found =
  | { readonly kind: "none" | "more" | "dangling" | "strays" }
  | { readonly kind: "think"; readonly tags: ThinkTags }
  | { readonly kind: "unthink"; readonly literal: string }
  | { readonly kind: "opener"; readonly opener: Opener };

export interface Look {
  readonly text: string;
  readonly at: number;
  /** Nothing comes after the text. */
  readonly isOver: boolean;
  /** Up to `at`. */
  readonly place: MarkdownPlace;
  /** Inside these tags; a call counts there only on a line of its own. */
  readonly thinking?: { readonly tags: ThinkTags; readonly seesCalls: boolean };
  readonly mayThink: boolean;
  readonly dropsStrays: boolean;
  /** By their first character. */
  readonly openers: ReadonlyMap<string, readonly Opener[]>;
}

/** An opener shorter than this at the very end is more likely a word than half a tag. */
const DANGLING_CHARS_MIN = 5;

/** Looks at no more than a header's length, whatever the text. `more`: what follows decides, and has not come yet. */
export function findMarkup(look: Look): Found {
  const { text, at, isOver, place, thinking, mayThink, dropsStrays, openers } = look;
  const first = text.charAt(at);
  // Most marks are code or comparisons; their next character tells.
  if (at + 1 < text.length && !BEGINNINGS.has(text.slice(at, at + 2))) return { kind: "none" };
  let mayCome = false;
  const isHere = (literal: string): boolean => {
    if (text.startsWith(literal, at)) return true;
    mayCome ||= text.length - at < literal.length && literal.startsWith(text.slice(at));
    return false;
  };

  if (thinking !== undefined) {
    const { close } = thinking.tags;
    if (isHere(close)) return { kind: "unthink", literal: close };
    if (mayCome) return { kind: isOver ? "none" : "more" };
    // A special token needs no line of its own; a tag elsewhere is a word of the thought.
    const isToken = /^(?:<[|｜]|\]<|\[[A-Z])/.test(text.slice(at, at + 2));
    if (!thinking.seesCalls || !(place.isLineStart || isToken)) return { kind: "none" };
  } else if (first === "`") {
    // Asking for more would end a run of backticks in its middle.
    if (!place.isLineStart || place.isFenced) return { kind: "none" };
  } else if (place.isCode) {
    return { kind: "none" };
  } else {
    for (const tags of THINK_TAGS) {
      if (mayThink && isHere(tags.open)) return { kind: "think", tags };
      if (!isHere(tags.close)) continue;
      const after = text.charAt(at + tags.close.length);
      if (after === "" && !isOver) return { kind: "more" };
      if (endsThinking(place.last, after)) return { kind: "unthink", literal: tags.close };
    }
    if (dropsStrays && isOwnWord(place)) {
      const strays = looksStray(text.slice(at), isOver);
      if (strays === "yes") return { kind: "strays" };
      mayCome ||= strays === "more";
    }
  }

  for (const opener of openers.get(first) ?? []) {
    if (thinking !== undefined && opener.role.kind !== "block") continue;
    if (opener.atLineStart === true && !place.isLineStart) continue;
    if (opener.role.kind === "layout" && !isOwnWord(place)) continue;
    if (!isHere(opener.literal)) continue;
    const head = text.slice(at, at + HEADER_CHARS_MAX);
    if (opener.begins.test(head)) return { kind: "opener", opener };
    mayCome ||= head.length < HEADER_CHARS_MAX && opener.mayBegin.test(head);
  }
  if (!mayCome || !isOver) return { kind: mayCome ? "more" : "none" };
  // Half an opener at the very end: the answer was cut there, or the text is about it.
  const isTag =
    thinking === undefined && text.length - at >= DANGLING_CHARS_MIN && first !== "`" && isOwnWord(place);
  return { kind: isTag ? "dangling" : "none" };
}

/** Not led in by a blank or a quote, as a mention in a sentence is. */
function isOwnWord(place: MarkdownPlace): boolean {
  return place.isLineStart || !/[\s"'“‘(«`]/.test(place.last);
}

const TOKENS: readonly string[] = [
  ...OPENERS.map(({ literal }) => literal),
  ...STRAYS,
  ...WRAPPERS.map(({ close }) => close),
  ...[GEMMA_4, FUNCTION_GEMMA].map(({ close }) => close),
  ...THINK_TAGS.flatMap(({ open, close }) => [open, close]),
];
const BEGINNINGS: ReadonlySet<string> = new Set(TOKENS.map((token) => token.slice(0, 2)));

/** Behind a call, whatever may be the beginning of a token is one that was cut. */
export function isHalfToken(text: string): boolean {
  return text !== "" && TOKENS.some((token) => token.length > text.length && token.startsWith(text));
}
