/** DeepSeek V3.2 and V4: `<｜DSML｜invoke name="N"><｜DSML｜parameter name="K" string="true">`, the value exactly as it stands. */
import type { BlockReader } from "./dialect.ts";
import { toInvokeTag } from "./invoke.ts";
import { readTagged, type TagGrammar } from "./tags.ts";

const GRAMMAR: TagGrammar = {
  dialect: "deepseek",
  layout: "exact",
  // Some servers print the bars as ASCII, or lose the first one.
  pattern:
    /<(?<close>\/?)[｜|]?DSML[｜|](?:(?<wrap>function_calls|tool_calls)|(?<invoke>invoke)|(?<parameter>parameter))(?:\s+name="(?<name>[^"<>\n]{1,200})")?(?:\s+string="(?<string>true|false)")?\s*>/g,
  toTag: (match) => {
    const tag = toInvokeTag(match);
    return tag === undefined ? undefined : { ...tag, isJson: match.groups?.["string"] === "false" };
  },
};

export const readDsml: BlockReader = (text, at, context) => readTagged(text, at, context, GRAMMAR);
