/** MiniMax M3: a sentinel before every tag, and the argument's name as the tag's: `]<]minimax[>[<path>`. */
import type { Json } from "@cloister/base";
import type { BlockReader } from "./dialect.ts";
import { readTagged, type TagGrammar } from "./tags.ts";

const TAG = /\]<\]minimax\[>\[<(?<close>\/?)(?<tag>[\w:-]{1,128})(?:\s+name="(?<name>[^"\n]{1,200})")?\s*>/g;

const GRAMMAR: TagGrammar = {
  dialect: "minimax",
  layout: "inline",
  pattern: TAG,
  toTag: ({ groups = {} }) => {
    const { close, tag = "", name = "" } = groups;
    const isClose = close === "/";
    if (/^(?:minimax:)?tool_call$/.test(tag)) return { kind: isClose ? "wrap-close" : "wrap-open", name: "" };
    if (tag === "invoke") return isClose ? { kind: "call-close", name: "" } : { kind: "call-open", name };
    // A closing tag names its argument here, so that nested ones cannot be taken for it.
    const key = tag === "parameter" ? name : tag;
    return { kind: isClose ? "value-close" : "value-open", name: key };
  },
  nested: readNested,
};

export const readMinimaxM3: BlockReader = (text, at, context) => readTagged(text, at, context, GRAMMAR);

interface Element {
  readonly tag: string;
  readonly start: number;
  readonly children: [string, Json][];
}

const DEPTH_MAX = 64;

/**
 * The template writes an object as one element for each key and a list as `item` elements. Undefined when the value is plain text;
 * leaves are text, which the schema makes into what it wants.
 */
function readNested(raw: string): Json | undefined {
  const open: Element[] = [{ tag: "", start: 0, children: [] }];
  for (const match of raw.matchAll(TAG)) {
    const { close, tag = "" } = match.groups ?? {};
    const top = open.at(-1);
    if (top === undefined || open.length > DEPTH_MAX) return undefined;
    const end = match.index + match[0].length;
    if (close !== "/") {
      open.push({ tag, start: end, children: [] });
      continue;
    }
    const parent = open.at(-2);
    if (parent === undefined || top.tag !== tag) return undefined;
    const leaf = raw.slice(top.start, match.index);
    parent.children.push([tag, top.children.length === 0 ? leaf : toValue(top.children)]);
    open.pop();
  }
  const [root] = open;
  if (root === undefined || open.length > 1 || root.children.length === 0) return undefined;
  return toValue(root.children);
}

function toValue(children: readonly [string, Json][]): Json {
  if (children.every(([tag]) => tag === "item")) return children.map(([, value]) => value);
  const groups = Map.groupBy(children, ([tag]) => tag);
  return Object.fromEntries(
    [...groups].map(([tag, same]): [string, Json] => {
      const values = same.map(([, value]) => value);
      return [tag, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}
