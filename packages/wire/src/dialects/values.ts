/** What of the white space around a value is layout, and what is the value's own. */
import type { Json } from "@cloister/base";
import { typesOf } from "../coerce.ts";
import { propertiesOf, type DialectTool } from "./dialect.ts";

/**
 * `lines`: a line break on each side is layout, as Qwen's template writes it. `inline`: only the pair is. `exact`: nothing is.
 */
export type ValueLayout = "lines" | "inline" | "exact";

const BODY_KEY = /content|text|string|str$|body|patch|diff|code|input/i;

/** No file system takes a longer one. */
const PATH_CHARS_MAX = 8192;

/** Whether a key names a path: `path`, `filePath`, `target_file`, `cwd`. */
export function isPathKey(key: string): boolean {
  return /(?:path|file|file_?name|dir|directory|folder|cwd)$/i.test(key);
}

/** Whether white space and markup in the value of this key may well be meant. */
export function isBodyKey(key: string): boolean {
  return BODY_KEY.test(key);
}

/** Whether the schema may want this argument as text; what it does not know might. */
export function isTextKey(key: string, tool: DialectTool | undefined): boolean {
  const properties = propertiesOf(tool);
  const types = Object.hasOwn(properties, key) ? typesOf(properties[key] as Json) : [];
  return types.length === 0 || types.includes("string");
}

/**
 * The value without the layout around it. First-line indentation and a body's own last line break stay: edits fail without them.
 * @param indent The white space before the opening tag on its line: a pretty-printed call indents the closing tag too.
 */
export function withoutLayout(
  raw: string,
  key: string,
  tool: DialectTool | undefined,
  layout: ValueLayout,
  indent: string = "",
): string {
  if (!isTextKey(key, tool)) return raw.trim();
  if (isPathKey(key) && raw.length <= PATH_CHARS_MAX && /^\s*\n|\n\s*$/.test(raw)) return raw.trim();
  if (layout === "exact") return raw;
  const isPretty = indent !== "" && raw.endsWith(`\n${indent}`);
  if (isPretty && !isBodyKey(key) && !raw.trim().includes("\n")) return raw.trim();
  const body = isPretty ? raw.slice(0, raw.length - indent.length) : raw;
  if (layout === "inline" && !(/^\r?\n/.test(body) && body.endsWith("\n"))) return body;
  return body.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
}
