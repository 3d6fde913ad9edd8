/**
 * Answers that are a call as a whole: a bare JSON object or list (Llama, and many models whose template was lost), the same
 * in a code fence, or Gemma's `tool_code`. JSON inside prose is never a call: nobody can tell it from an example.
 */
import { draftsOf, hasArguments, nameIn } from "./call-json.ts";
import {
  isBlank,
  matchAt,
  skipBlanks,
  toolOf,
  type BlockReader,
  type DialectContext,
  type Draft,
  type Reading,
} from "./dialect.ts";
import { parseLoose } from "./loose-json.ts";
import { readGenericInvoke, readMinimaxM2 } from "./invoke.ts";
import { readMistral } from "./mistral.ts";
import { readPythonCalls } from "./python.ts";
import { readQwenXml } from "./qwen-xml.ts";
import { readToolCall } from "./tool-call.ts";

/** What such an answer may begin with, looked at before it is held back; and what may still become that. */
const BARE_YES =
  /^\s*\[?\s*\{\s*["']?(?:name|tool|tool_name|tool_call_id|tool_calls|function|function_name|action|thought|role|content|reasoning|type|id|arguments|parameters)["']?\s*:/;
const BARE_MAYBE = /^\s*\[?\s*(?:\{\s*(?:["']?\w{0,16}["']?\s*)?)?$/;
const PYTHON_YES = /^\s*\[\s*[A-Za-z_][\w.-]{0,64}\(/;
const PYTHON_MAYBE = /^\s*\[\s*[\w.-]{0,64}$/;
const FENCE = /^(?:`{3,8}|~{3,8})[ \t]*([\w-]{0,20})[ \t]*\r?\n/;
const FENCE_MAYBE = /^(?:`{1,8}|~{1,8})[ \t]*[\w-]{0,20}[ \t]*\r?$/;
const BLOCK_YES =
  /^\s*(?:<(?:tool_call|function[=_ ]|invoke |minimax:tool_call|[|｜](?:DSML|tool))|(?:print\s*\()?(?:\w+\.)?\w{1,64}\()/;
const BLOCK_MAYBE = /^\s*(?:<[\w|｜:=]{0,24}|[\w.(]{0,80})$/;
const LOOK_CHARS_MAX = 256;

export type Look = "yes" | "no" | "more";

/** Of Phi and Firefunction, before a list of calls; Mistral's mark behind a name whose own mark is lost. */
const WORD = /^([\w.:-]{1,128})(?:\[ARGS\]\s*\{|\[\s*\{)/;
const WORD_MAYBE = /^([\w.:-]{1,128})(?:\[[A-Z]{0,4}\]?\s*)?$/;
const LIST_WORD = "functools";

/** Whether an answer that begins like this may be a call as a whole. */
export function looksWhole(text: string, isOver: boolean, context: DialectContext): Look {
  const head = text.slice(0, LOOK_CHARS_MAX);
  if (/^\w/.test(head)) return looksNamed(head, isOver, context);
  const fence = FENCE.exec(head);
  if (fence !== null) {
    const inside = head.slice(fence[0].length);
    if (BARE_YES.test(inside) || PYTHON_YES.test(inside) || BLOCK_YES.test(inside)) return "yes";
    const isOpen = BARE_MAYBE.test(inside) || PYTHON_MAYBE.test(inside) || BLOCK_MAYBE.test(inside);
    return isOpen && !isOver && head.length < LOOK_CHARS_MAX ? "more" : "no";
  }
  if (BARE_YES.test(head) || PYTHON_YES.test(head)) return "yes";
  const isOpen = BARE_MAYBE.test(head) || PYTHON_MAYBE.test(head) || FENCE_MAYBE.test(head);
  return isOpen && !isOver && head.length < LOOK_CHARS_MAX ? "more" : "no";
}

function looksNamed(head: string, isOver: boolean, context: DialectContext): Look {
  const [whole = "", word = ""] = WORD.exec(head) ?? [];
  const isNamed = whole.includes("[ARGS]") ? toolOf(word, context) !== undefined : word === LIST_WORD;
  if (isNamed) return "yes";
  const begun = WORD_MAYBE.exec(head)?.[1];
  // Nothing waits for a word that is none of these.
  const mayBe = [LIST_WORD, ...context.tools.map(({ name }) => name)];
  const isOpen = begun !== undefined && mayBe.some((name) => name.startsWith(begun));
  return isOpen && !isOver ? "more" : "no";
}

/** Reads the rest of the answer as calls and nothing else. */
export const readWholeAnswer: BlockReader = (text, at, context) =>
  text[at] === "`" || text[at] === "~" ? readFences(text.slice(at), context) : readBare(text, at, context);

function readBare(text: string, at: number, context: DialectContext): Reading {
  const whole = withoutLeakedEnd(text.slice(at));
  if (/^[\w.:-]{1,128}\[ARGS\]/.test(whole)) return readNamed(whole, context);
  const body = whole.startsWith(LIST_WORD) ? whole.slice(LIST_WORD.length) : whole;
  const drafts = readPythonCalls(body, "llama", context);
  if (drafts !== undefined) return { kind: "calls", drafts, end: text.length };
  const reading = readValues(body, "bare-json", context);
  return reading.kind === "calls" ? { ...reading, end: text.length } : reading;
}

/** As if the mark that is lost were there; nothing may stand behind the call. */
function readNamed(text: string, context: DialectContext): Reading {
  const mark = "[TOOL_CALLS]";
  const reading = readMistral(mark + text, 0, context);
  const isWhole = reading.kind === "calls" && isBlank(mark + text, reading.end, mark.length + text.length);
  if (reading.kind === "calls") return isWhole ? { ...reading, end: Infinity } : { kind: "text" };
  return reading.kind === "broken" ? { ...reading, end: Infinity } : reading;
}

const LEAKED_MAX = 8;

/** Without the special tokens that a server forgot to take off the end. */
function withoutLeakedEnd(text: string): string {
  let body = text.trimEnd();
  for (let count = 0; count < LEAKED_MAX; count += 1) {
    const token = /<[|/]?[\w/]{1,20}\|?>$/.exec(body.slice(-32));
    // The end of thinking makes the object before it a thought.
    if (token === null || token[0].includes("think")) break;
    body = body.slice(0, body.length - token[0].length).trimEnd();
  }
  return body;
}

/** One value, or several with blanks, commas or semicolons between, all of them calls of offered tools. */
function readValues(body: string, dialect: string, context: DialectContext): Reading {
  const drafts: Draft[] = [];
  let at = 0;
  while (at < body.length) {
    const read = parseLoose(body, at);
    const name = nameIn(body.slice(at, at + 400));
    const isMeant = toolOf(name, context) !== undefined && /["'](?:arguments|parameters|args)["']/.test(body);
    if (read.kind === "cut") return isMeant ? { kind: "cut", name } : { kind: "text" };
    if (read.kind === "bad") {
      return isMeant ? { kind: "broken", name, detail: read.detail, end: Infinity } : { kind: "text" };
    }
    const found = draftsOf(read.value, dialect);
    if (found === undefined || !hasArguments(read.value)) return { kind: "text" };
    if (found.some((draft) => toolOf(draft.name, context) === undefined)) return { kind: "text" };
    drafts.push(...found);
    const extra = /^[}\s]*$/.exec(body.slice(read.end))?.[0].length ?? 0;
    at = skipBlanks(body, read.end + extra);
    if (at < body.length && (body[at] === ";" || body[at] === ",")) at = skipBlanks(body, at + 1);
  }
  return drafts.length === 0 ? { kind: "text" } : { kind: "calls", drafts, end: body.length };
}

const FENCED =
  /(?<mark>`{3,8}|~{3,8})[ \t]*(?<info>[\w-]{0,20})[ \t]*\r?\n(?<body>[^]*?)\r?\n[ \t]*\k<mark>[ \t]*(?=\n|$)/y;
/** The answer ends inside the fence, or the model left its end out: what is in it tells. */
const UNCLOSED = /(?:`{3,8}|~{3,8})[ \t]*(?<info>[\w-]{0,20})[ \t]*\r?\n(?<body>[^]*?)`{0,2}$/y;
const FENCES_MAX = 64;

/** The fences that the answer consists of; anything beside them makes them examples. */
function readFences(answer: string, context: DialectContext): Reading {
  const text = withoutLeakedEnd(answer);
  const drafts: Draft[] = [];
  let at = 0;
  for (let count = 0; at < text.length && count < FENCES_MAX; count += 1) {
    FENCED.lastIndex = at;
    const fence = FENCED.exec(text) ?? matchAt(UNCLOSED, text, at);
    if (fence === null) return { kind: "text" };
    const { body = "", info = "" } = fence.groups ?? {};
    const found =
      info === "tool_code" || info === "python" || info === ""
        ? readPythonCalls(body, "tool-code", context)
        : undefined;
    const reading: Reading =
      found === undefined ? readFenced(body, context) : { kind: "calls", drafts: found, end: 0 };
    if (reading.kind !== "calls") return reading;
    drafts.push(...reading.drafts);
    at = skipBlanks(text, at + fence[0].length);
  }
  return drafts.length === 0 ? { kind: "text" } : { kind: "calls", drafts, end: Infinity };
}

const FENCED_BLOCKS: readonly (readonly [string, BlockReader])[] = [
  ["<tool_call>", readToolCall],
  ["<function", readQwenXml],
  ["<function_calls>", readGenericInvoke],
  ["<invoke ", readGenericInvoke],
  ["<minimax:tool_call>", readMinimaxM2],
];

/** JSON, or blocks of the tagged dialects; whole calls of offered tools only, for anything less is an example. */
function readFenced(body: string, context: DialectContext): Reading {
  const drafts: Draft[] = [];
  let rest = body.trim();
  if (!rest.startsWith("<")) return readValues(rest, "fenced-json", context);
  for (let count = 0; rest !== "" && count < FENCES_MAX; count += 1) {
    const read = FENCED_BLOCKS.findLast(([opener]) => rest.startsWith(opener))?.[1];
    const reading = read?.(rest, 0, context);
    if (reading?.kind !== "calls") return { kind: "text" };
    drafts.push(...reading.drafts);
    rest = rest.slice(reading.end).trim();
  }
  const isOffered = drafts.every((draft) => toolOf(draft.name, context) !== undefined);
  return isOffered ? { kind: "calls", drafts, end: Infinity } : { kind: "text" };
}
