/** MiniMax M3: a sentinel before every tag, and the argument's name as the tag's: `]<]minimax[>[<path>`. */
import type { BlockReader } from "./dialect.ts";
import { readTagged, type TagGrammar } from "./tags.ts";

const GRAMMAR: TagGrammar = {
  dialect: "minimax",
  layout: "inline",
  pattern: /\]<\]minimax\[>\[<(?<close>\/?)(?<tag>[\w:-]{1,128})(?:\s+name="(?<name>[^"\n]{1,200})")?\s*>/g,
  toTag: ({ groups = {} }) => {
    const { close, tag = "", name = "" } = groups;
    const isClose = close === "/";
    if (/^(?:minimax:)?tool_call$/.test(tag)) return { kind: isClose ? "wrap-close" : "wrap-open", name: "" };
    if (tag === "invoke") return isClose ? { kind: "call-close", name: "" } : { kind: "call-open", name };
    // A closing tag names its argument here, so that nested ones cannot be taken for it.
    const key = tag === "parameter" ? name : tag;
    return { kind: isClose ? "value-close" : "value-open", name: key };
  },
};

export const readMinimaxM3: BlockReader = (text, at, context) => readTagged(text, at, context, GRAMMAR);
