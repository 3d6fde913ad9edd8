/** `<tool_call>` opens three dialects; what stands behind it tells which. */
import { skipBlanks, type BlockReader } from "./dialect.ts";
import { readGlm } from "./glm.ts";
import { readHermes } from "./hermes.ts";
import { readGenericInvoke } from "./invoke.ts";
import { readQwenXml } from "./qwen-xml.ts";

export const readToolCall: BlockReader = (text, at, context) => {
  const inner = /(?:\s*<tool_call>)+\s*/y;
  inner.lastIndex = at;
  const start = skipBlanks(text, at + (inner.exec(text)?.[0].length ?? 0));
  if (/[{[`]/.test(text.charAt(start))) return readHermes(text, at, context);
  if (text.startsWith("<function", start)) return readQwenXml(text, at, context);
  if (text.startsWith("<invoke", start)) return readGenericInvoke(text, at, context);
  return readGlm(text, at, context);
};

/** A sentence of the model's stands between the tag and the object; it says nothing about the call. */
export const readWordyHermes: BlockReader = (text, at, context) =>
  readHermes(text, text.indexOf("{", at), context);
