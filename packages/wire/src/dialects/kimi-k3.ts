/**
 * Kimi K3: tags of special tokens, `<|open|>call tool="N" index="1"<|sep|><|open|>argument key="K" type="string"<|sep|>…`, closed by
 * `<|close|>argument<|sep|>`. The value stands exactly as it is; its type says whether it is JSON.
 */
import type { BlockReader } from "./dialect.ts";
import { readTagged, type TagGrammar } from "./tags.ts";

const GRAMMAR: TagGrammar = {
  dialect: "kimi",
  layout: "exact",
  pattern:
    /<\|(?<side>open|close)\|>(?<tag>tools|call|argument)(?<attributes>(?:\s+\w{1,20}="[^"\n]{0,200}"){0,4})\s*<\|sep\|>/g,
  partial: /^<\|(?:open|close)\|>[a-z]{0,8}(?:\s[^<>\n]{0,400})?(?:<(?:\|(?:s(?:e(?:p\|?)?)?)?)?)?$/,
  toTag: ({ groups = {} }) => {
    const { side, tag, attributes = "" } = groups;
    const isOpen = side === "open";
    if (tag === "tools") return { kind: isOpen ? "wrap-open" : "wrap-close", name: "" };
    if (!isOpen) return { kind: tag === "call" ? "call-close" : "value-close", name: "" };
    const name = attribute(attributes, tag === "call" ? "tool" : "key");
    if (name === undefined) return undefined;
    if (tag === "call") return { kind: "call-open", name };
    return { kind: "value-open", name, isJson: attribute(attributes, "type") !== "string" };
  },
};

export const readKimiK3: BlockReader = (text, at, context) => readTagged(text, at, context, GRAMMAR);

function attribute(attributes: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1];
}
