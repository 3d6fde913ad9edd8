/** Qwen3-Coder and its descendants: `<tool_call><function=N><parameter=K>` with the bare value between line breaks. */
import type { BlockReader } from "./dialect.ts";
import { readTagged, type TagGrammar } from "./tags.ts";

const GRAMMAR: TagGrammar = {
  dialect: "qwen-xml",
  layout: "lines",
  pattern:
    /<(?<wrap>\/?)tool_call\s*>|<function(?:\s*=\s*|\s+name=)["']?(?<call>[^<>\n"']{1,200}(?:<[|｜/][^<>\n]{1,40}>)?)["']?\s*\/?(?:>|(?=\n\s*<))|<\/function(?:[=\s][^<>\n]{0,200})?(?<callClose>>)|<parameter(?:\s*=\s*|\s+name=)["']?(?<key>[^<>\n"'=]{1,200})["']?(?:>|=)|<\/parameter(?:[=\s][^<>\n]{0,200})?(?<valueClose>>)/g,
  toTag: ({ groups = {} }) => {
    const { wrap, call, callClose, key } = groups;
    if (wrap !== undefined) return { kind: wrap === "" ? "wrap-open" : "wrap-close", name: "" };
    if (call !== undefined) return { kind: "call-open", name: call.replace(/\s*\/?\s*$/, "") };
    if (key !== undefined) return { kind: "value-open", name: key.trim() };
    return { kind: callClose === undefined ? "value-close" : "call-close", name: "" };
  },
};

export const readQwenXml: BlockReader = (text, at, context) => readTagged(text, at, context, GRAMMAR);
