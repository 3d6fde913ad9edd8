/** `<invoke name="N"><parameter name="K">`: plain, inside `<function_calls>`, or namespaced as MiniMax M2 does it. */
import type { BlockReader } from "./dialect.ts";
import { readTagged, type Tag, type TagGrammar } from "./tags.ts";

/** A prefix that ends with a colon may stand before every tag of the block. */
const PATTERN =
  /<(?<close>\/?)(?:[a-z][\w-]{0,20}:)?(?:(?<wrap>function_calls|tool_calls?)|(?<invoke>invoke)|(?<parameter>parameter))(?:\s+name=["']?(?<name>[^<>"'\n]{1,200})["']?)?[^<>\n]{0,80}>/g;

const readInvoke: (dialect: string) => BlockReader = (dialect) => (text, at, context) =>
  readTagged(text, at, context, { dialect, layout: "inline", pattern: PATTERN, toTag: toInvokeTag });

export const readGenericInvoke: BlockReader = readInvoke("invoke");
export const readMinimaxM2: BlockReader = readInvoke("minimax");

type NamedTag = ReturnType<TagGrammar["toTag"]>;

export function toInvokeTag({ groups = {} }: RegExpExecArray): NamedTag {
  const { close, wrap, invoke, name = "" } = groups;
  const isClose = close === "/";
  const kind = (open: Tag["kind"], closed: Tag["kind"]): Tag["kind"] => (isClose ? closed : open);
  if (wrap !== undefined) return { kind: kind("wrap-open", "wrap-close"), name: "" };
  // An opening tag without a name is none.
  if (name === "" && !isClose) return undefined;
  if (invoke !== undefined) return { kind: kind("call-open", "call-close"), name: isClose ? "" : name };
  return { kind: kind("value-open", "value-close"), name: isClose ? "" : name };
}
