/**
 * Calls between special tokens, with JSON arguments. Kimi K2: `<|tool_call_begin|>functions.N:0<|tool_call_argument_begin|>{…}`.
 * DeepSeek V3.1: `<｜tool▁call▁begin｜>N<｜tool▁sep｜>{…}`; R1 and V3 put `function` before the separator and a fenced object after the name.
 */
import { endsInTag, isBlank, matchAt, type BlockReader, type Draft, type Reading } from "./dialect.ts";
import { readGenericInvoke } from "./invoke.ts";
import { parseLoose } from "./loose-json.ts";

const SECTION = /\s*<[|｜]tool[▁_ ]calls?[▁_ ](?:section[▁_ ])?(?:begin|end)[|｜]>/y;
const CALL_BEGIN = /\s*<([|｜])tool[▁_ ]call[▁_ ]begin[|｜]>/y;
const SEPARATOR = /<[|｜]tool[▁_ ](?:sep|call[▁_ ]argument[▁_ ]begin)[|｜]>/g;
const CALL_END = /\s*(?:```)?\s*<[|｜]tool[▁_ ]call[▁_ ]end[|｜]>/y;
const ANY_END = /<[|｜]tool[▁_ ](?:call|calls|calls[▁_ ]section)[▁_ ]end[|｜]>/g;
const ID_CHARS_MAX = 200;
const CALLS_MAX = 64;

export const readSentinel: BlockReader = (text, at, context) => {
  const drafts: Draft[] = [];
  let end = at;
  const skip = (pattern: RegExp): RegExpExecArray | null => {
    const match = matchAt(pattern, text, end);
    end += match?.[0].length ?? 0;
    return match;
  };
  const skipSections = (): void => {
    // The call's own token looks like a section's, and must not be taken for one.
    while (matchAt(CALL_BEGIN, text, end) === null && skip(SECTION) !== null);
  };
  skipSections();
  while (drafts.length < CALLS_MAX) {
    const begin = skip(CALL_BEGIN);
    if (begin === null) {
      const bare = drafts.length === 0 ? skip(/\s*([\w.:/-]{1,128})(?=\{)/y) : null;
      if (bare === null) break;
      return readBare(text, end, bare[1] ?? "", text.startsWith("<|", at) ? "kimi" : "deepseek");
    }
    const dialect = begin[1] === "|" ? "kimi" : "deepseek";
    SEPARATOR.lastIndex = end;
    const separator = SEPARATOR.exec(text);
    const glued = matchAt(/\s*([\w.:/-]{1,128})\s*(?=\{)/y, text, end);
    if (glued !== null) {
      // The token between name and JSON is missing.
      end += glued[0].length;
      const name = glued[1] ?? "";
      const read = parseLoose(text, end);
      if (read.kind === "cut") return { kind: "cut", name };
      if (read.kind === "bad") return { kind: "broken", name, detail: read.detail, end: text.length };
      drafts.push({ dialect, id: idOf(name), name, arguments: text.slice(end, read.end) });
      end = read.end;
      skip(CALL_END);
      skipSections();
      continue;
    }
    if (separator === null) return { kind: "cut", name: text.slice(end, end + ID_CHARS_MAX).trim() };
    const head = text.slice(end, Math.min(separator.index, end + ID_CHARS_MAX)).trim();
    end = SEPARATOR.lastIndex;
    const invoke = matchAt(/\s*(?=<(?:\w{1,20}:)?invoke\s)/y, text, end);
    if (invoke !== null) {
      // Step 3 puts calls of another dialect between these tokens.
      const reading = readGenericInvoke(text, end + invoke[0].length, context);
      if (reading.kind !== "calls") return reading;
      drafts.push(...reading.drafts);
      end = reading.end;
      skip(CALL_END);
      skipSections();
      continue;
    }
    const named = head === "function" ? skip(/\s*([^\n{]{1,200}?)\s*\n?```json\s*/y)?.[1] : undefined;
    const name = named ?? head;
    const read = parseLoose(text, end);
    ANY_END.lastIndex = end;
    const close = ANY_END.exec(text);
    if (read.kind !== "value") {
      // A tool without arguments may be written without any.
      if (close !== null && isBlank(text, end, close.index)) {
        drafts.push({ dialect, id: idOf(name), name, arguments: "" });
        end = close.index;
        skip(CALL_END);
        skipSections();
        continue;
      }
      // JSON that runs to the end of the text was cut, whatever tokens its strings hold.
      const isCut = read.kind === "cut" && !/end[|｜]>\s*$/.test(text.slice(-64));
      if (close === null || isCut) return { kind: "cut", name };
      if (read.kind === "bad") return { kind: "broken", name, detail: read.detail, end: ANY_END.lastIndex };
      return { kind: "broken", name, detail: "the JSON object is not closed", end: text.length };
    }
    drafts.push({ dialect, id: idOf(name), name, arguments: text.slice(end, read.end) });
    end = read.end;
    const isClosed = skip(CALL_END) !== null;
    const isOver = matchAt(SECTION, text, end) !== null || endsInTag(text, end);
    if (!isClosed && !isOver) {
      return { kind: "broken", name, detail: "the call is not closed", end };
    }
    skipSections();
  }
  // An empty section says that there is nothing to call.
  const isEmpty = /end[|｜]>$/.test(text.slice(Math.max(at, end - 8), end));
  if (drafts.length > 0 || isEmpty) return { kind: "calls", drafts, end };
  return endsInTag(text, end) ? { kind: "cut", name: "" } : { kind: "text" };
};

/** Only the section's token is there; name and JSON follow it at once. */
function readBare(text: string, at: number, name: string, dialect: string): Reading {
  const read = parseLoose(text, at);
  if (read.kind === "cut") return { kind: "cut", name };
  if (read.kind === "bad") return { kind: "broken", name, detail: read.detail, end: text.length };
  return {
    kind: "calls",
    drafts: [{ dialect, id: "", name, arguments: text.slice(at, read.end) }],
    end: read.end,
  };
}

/** Kimi counts its calls over the whole conversation and falls apart when the ids come back changed. */
function idOf(name: string): string {
  return /^functions\.[\w.-]+:\d+$/.test(name) ? name : "";
}
