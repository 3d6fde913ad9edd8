/** Calls as Python: Gemma's `tool_code` blocks and Llama's `[read_file(path="…")]`. Literals only; nothing is computed. */
import type { Json } from "@cloister/base";
import { isRecord } from "@cloister/base";
import { matchAt, skipBlanks, toolOf, type DialectContext, type Draft } from "./dialect.ts";
import { parseLoose } from "./loose-json.ts";

const CALLS_MAX = 64;

/** The calls that a text is and nothing else: `f(a=1)`, `print(api.f(a=1))`, one per line, or in a list. */
export function readPythonCalls(text: string, dialect: string, context: DialectContext): Draft[] | undefined {
  const body = text.trim();
  const inner = body.startsWith("[") && body.endsWith("]") ? body.slice(1, -1) : body;
  const drafts: Draft[] = [];
  let at = 0;
  while (drafts.length < CALLS_MAX) {
    at = skipBlanks(inner, at);
    if (at === inner.length) break;
    // What a call gave may be printed on a line of its own.
    const shown =
      drafts.length > 0 ? matchAt(/print\s*\(\s*[A-Za-z_]\w*\s*\)[ \t]*(?:[;\n]|$)/y, inner, at) : null;
    if (shown !== null) {
      at += shown[0].length;
      continue;
    }
    const print = matchAt(/print\s*\(\s*/y, inner, at)?.[0] ?? "";
    const call = readCall(inner, at + print.length, dialect, context);
    if (call === undefined) return undefined;
    drafts.push(call.draft);
    const after = print === "" ? /[ \t]*(?:[,;\n]|$)/y : /\s*\)[ \t]*(?:[,;\n]|$)/y;
    const rest = matchAt(after, inner, call.end);
    if (rest === null) return undefined;
    at = call.end + rest[0].length;
  }
  return drafts.length === 0 ? undefined : drafts;
}

function readCall(
  text: string,
  from: number,
  dialect: string,
  context: DialectContext,
): { readonly draft: Draft; readonly end: number } | undefined {
  const head = matchAt(/(?:[A-Za-z_]\w*\s*=\s*)?([A-Za-z_][\w.-]{0,128})\s*\(/y, text, from);
  const words = head?.[1]?.split(".") ?? [];
  const name = (words.length > 1 && words.at(-1) === "call" ? words.at(-2) : words.at(-1)) ?? "";
  const tool = toolOf(name, context);
  if (head === null || tool === undefined) return undefined;
  const entries: [string, Json][] = [];
  let at = skipBlanks(text, from + head[0].length);
  while (text[at] !== ")") {
    const key = matchAt(/([A-Za-z_]\w*)\s*=\s*/y, text, at);
    // Without a name only the first argument says what it is.
    const keyName = key?.[1] ?? (entries.length === 0 ? firstRequired(tool.parameters) : undefined);
    const read = parseLoose(text, at + (key?.[0].length ?? 0));
    if (keyName === undefined || read.kind !== "value") return undefined;
    entries.push([keyName, read.value]);
    at = skipBlanks(text, read.end);
    if (text[at] === ",") at = skipBlanks(text, at + 1);
    else if (text[at] !== ")") return undefined;
  }
  const args = JSON.stringify(Object.fromEntries(entries));
  return { draft: { dialect, id: "", name: tool.name, arguments: args }, end: at + 1 };
}

function firstRequired(schema: unknown): string | undefined {
  const required = isRecord(schema) && Array.isArray(schema["required"]) ? schema["required"] : [];
  const first: unknown = required[0];
  return typeof first === "string" ? first : undefined;
}
