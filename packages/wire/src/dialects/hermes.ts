/** Hermes, Qwen 2.5 and 3, Granite and many others: a pair of tags around a JSON object, or several, or calls as Python. */
import { draftsOf, namedByKey, nameIn, parseInBlock } from "./call-json.ts";
import {
  endsInTag,
  matchAt,
  skipBlanks,
  type BlockReader,
  type DialectContext,
  type Draft,
} from "./dialect.ts";
import type { Reading } from "./dialect.ts";
import { LEAKED_TOKEN } from "./names.ts";
import { readPythonCalls } from "./python.ts";

interface Wrapper {
  readonly open: string;
  readonly close: string;
  /** Calls stand between its tags as Python, too. */
  readonly isPython?: boolean;
}

/** Beside `<tool_call>`, which other dialects share. */
export const WRAPPERS: readonly Wrapper[] = [
  ...["function_call", "functioncall", "tools", "tool_calls", "tool_use", "tool"].map((tag) => ({
    open: `<${tag}>`,
    close: `</${tag}>`,
  })),
  { open: "<function_calls>", close: "</function_calls>", isPython: true }, // Olmo 3
  { open: "<|tool_call|>", close: "<|/tool_call|>" }, // Granite, Phi 4
  { open: "<TOOLCALL>", close: "</TOOLCALL>" }, // Nemotron
  { open: "[TOOL_REQUEST]", close: "[END_TOOL_REQUEST]" }, // LM Studio, for models without calls of their own
  { open: "<|tool_call_start|>", close: "<|tool_call_end|>", isPython: true }, // LFM 2
  { open: "<|tools_prefix|>", close: "<|tools_suffix|>" }, // Apertus
  { open: "<|START_ACTION|>", close: "<|END_ACTION|>" }, // Command A
  { open: "<|action_start|><|plugin|>", close: "<|action_end|>" }, // InternLM
  { open: "<|python_start|>", close: "<|python_end|>", isPython: true }, // Llama 4
];

const OPENS = oneOf(["<tool_call>", ...WRAPPERS.map(({ open }) => open)]);
/** An opening tag in the place of the closing one is a common slip. */
const CLOSES = oneOf(["</tool_call>", ...WRAPPERS.map(({ close }) => close), "<tool_call>", "<|tool_call|>"]);
const CLOSE_TAGS = oneOf(["</tool_call>", ...WRAPPERS.map(({ close }) => close)]);
const OPEN = new RegExp(`(?:\\s*(?:${OPENS}))+\\s*(?:\`\`\`[a-z]{0,8}\\s*)?`, "y");
const CLOSE = new RegExp(`(?:\\s*(?:\`\`\`\\s*)?(?:${CLOSES}))+`, "y");
const NEXT = new RegExp(`\\s*(?:$|${LEAKED_TOKEN.source})`, "y");
const CLOSE_ANY = new RegExp(CLOSE_TAGS, "g");
const CALLS_MAX = 64;

function oneOf(literals: readonly string[]): string {
  return literals.map((literal) => RegExp.escape(literal)).join("|");
}

export const readHermes: BlockReader = (text, at, context) => {
  const drafts: Draft[] = [];
  let end = at + (matchAt(OPEN, text, at)?.[0].length ?? 0);
  if (matchAt(/\[?\s*[A-Za-z_][\w.]{0,128}\(/y, text, end) !== null) return readPython(text, end, context);
  while (drafts.length < CALLS_MAX && (text[end] === "{" || text[end] === "[")) {
    // Models copy the doubled braces of prompts that were templates.
    const start = matchAt(/\{\{\s*["']/y, text, end) === null ? end : end + 1;
    const blockEnd = closeAfter(text, start);
    const read = parseInBlock(text, start, blockEnd ?? text.length);
    const name = nameIn(text.slice(start, start + 400));
    if (read.kind !== "value") {
      // JSON that runs to the end of the text was cut, whatever tags its strings hold.
      const isCut = read.kind === "cut" && !/<\/\w+>\s*$/.test(text.slice(-64));
      if (blockEnd === undefined || isCut) return { kind: "cut", name };
      if (read.kind === "bad") {
        return { kind: "broken", name, detail: read.detail, end: afterClose(text, blockEnd) };
      }
      return { kind: "broken", name, detail: "the JSON object is not closed", end: text.length };
    }
    const found = draftsOf(read.value, "hermes-json") ?? namedByKey(read.value, "hermes-json", context);
    if (found === undefined) {
      // A closed block was meant as a call, whatever is in it.
      return blockEnd === undefined && name === ""
        ? { kind: "text" }
        : { kind: "broken", name, detail: "the JSON object is not a call", end: afterClose(text, read.end) };
    }
    drafts.push(...found);
    // One brace too many is the commonest slip of all.
    const extra = /[\s}]*(?=\s*[<[])/y;
    end = afterClose(text, read.end + (matchAt(extra, text, read.end)?.[0].length ?? 0));
    const comma = matchAt(/\s*,\s*(?=\{)/y, text, end)?.[0].length ?? 0;
    const isClosed =
      end > read.end ||
      comma > 0 ||
      matchAt(NEXT, text, end) !== null ||
      text[skipBlanks(text, end)] === "{" ||
      endsInTag(text, end);
    if (!isClosed) return { kind: "broken", name, detail: "the block is not closed", end };
    const next = skipBlanks(text, end + comma);
    if (text[next] !== "{" || !isInside(text, next)) break;
    end = next;
  }
  return drafts.length === 0 ? { kind: "text" } : { kind: "calls", drafts, end };
};

/** Tried as ends of one block: a text argument may hold the closing tag itself. */
const CLOSES_TRIED_MAX = 8;

/** `read_file(path="a")` between the tags, one or more, with or without the brackets of a list. */
function readPython(text: string, at: number, context: DialectContext): Reading {
  const name = matchAt(/\[?\s*([A-Za-z_][\w.]{0,128})/y, text, at)?.[1] ?? "";
  let from = at;
  for (let tries = 0; tries < CLOSES_TRIED_MAX; tries += 1) {
    const close = closeAfter(text, from);
    const drafts = readPythonCalls(text.slice(at, close ?? text.length), "python", context);
    if (drafts !== undefined) {
      return { kind: "calls", drafts, end: close === undefined ? text.length : afterClose(text, close) };
    }
    if (close === undefined) return from === at ? { kind: "cut", name } : broken();
    from = close + 1;
  }
  return broken();

  function broken(): Reading {
    const detail = "the calls are no calls of offered tools with literal arguments";
    return { kind: "broken", name, detail, end: afterClose(text, from - 1) };
  }
}

/** The first closing tag after a place; damaged JSON has no better end. */
function closeAfter(text: string, at: number): number | undefined {
  CLOSE_ANY.lastIndex = at;
  return CLOSE_ANY.exec(text)?.index;
}

function afterClose(text: string, at: number): number {
  return at + (matchAt(CLOSE, text, at)?.[0].length ?? 0);
}

/** Whether a second object belongs to the block: a closing tag comes before a new opening one. */
function isInside(text: string, at: number): boolean {
  const close = closeAfter(text, at);
  const open = text.indexOf("<tool_call>", at);
  return close !== undefined && (open < 0 || open > close);
}
