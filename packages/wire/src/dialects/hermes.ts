/** Hermes, Qwen 2.5 and 3, Granite: `<tool_call>` around a JSON object, or several. */
import { draftsOf, nameIn, parseInBlock } from "./call-json.ts";
import { endsInTag, matchAt, skipBlanks, type BlockReader, type Draft } from "./dialect.ts";
import { LEAKED_TOKEN } from "./names.ts";

const OPEN = /(?:\s*<(?:tool_call|function_call|tools|\|tool_call\|)>)+\s*(?:```[a-z]{0,8}\s*)?/y;
const CLOSE = /(?:\s*(?:```\s*)?<\/?(?:\|?\/?tool_call\|?|function_call|tools)>)+/y;
const NEXT = new RegExp(`\\s*(?:$|${LEAKED_TOKEN.source})`, "y");
const CLOSE_ANY = /<\/(?:tool_call|function_call|tools)>/g;
const CALLS_MAX = 64;

export const readHermes: BlockReader = (text, at) => {
  const drafts: Draft[] = [];
  let end = at + (matchAt(OPEN, text, at)?.[0].length ?? 0);
  while (drafts.length < CALLS_MAX && (text[end] === "{" || text[end] === "[")) {
    const blockEnd = closeAfter(text, end);
    const read = parseInBlock(text, end, blockEnd ?? text.length);
    const name = nameIn(text.slice(end, end + 400));
    if (read.kind !== "value") {
      // JSON that runs to the end of the text was cut, whatever tags its strings hold.
      const isCut = read.kind === "cut" && !/<\/\w+>\s*$/.test(text.slice(-64));
      if (blockEnd === undefined || isCut) return { kind: "cut", name };
      if (read.kind === "bad") {
        return { kind: "broken", name, detail: read.detail, end: afterClose(text, blockEnd) };
      }
      return { kind: "broken", name, detail: "the JSON object is not closed", end: text.length };
    }
    const found = draftsOf(read.value, "hermes-json");
    if (found === undefined) {
      // A closed block was meant as a call, whatever is in it.
      return blockEnd === undefined && name === ""
        ? { kind: "text" }
        : { kind: "broken", name, detail: "the JSON object is not a call", end: afterClose(text, read.end) };
    }
    drafts.push(...found);
    // One brace too many is the commonest slip of all.
    const extra = /[\s}]*(?=\s*<\/)/y;
    end = afterClose(text, read.end + (matchAt(extra, text, read.end)?.[0].length ?? 0));
    const isClosed =
      end > read.end ||
      matchAt(NEXT, text, end) !== null ||
      text[skipBlanks(text, end)] === "{" ||
      endsInTag(text, end);
    if (!isClosed) return { kind: "broken", name, detail: "the block is not closed", end };
    const next = skipBlanks(text, end);
    if (text[next] === "{" && isInside(text, next)) end = next;
  }
  return drafts.length === 0 ? { kind: "text" } : { kind: "calls", drafts, end };
};

/** The first closing tag after a place; damaged JSON has no better end. */
function closeAfter(text: string, at: number): number | undefined {
  CLOSE_ANY.lastIndex = at;
  return CLOSE_ANY.exec(text)?.index;
}

function afterClose(text: string, at: number): number {
  return at + (matchAt(CLOSE, text, at)?.[0].length ?? 0);
}

/** Whether a second object belongs to the block: its closing tag comes before a new opening one. */
function isInside(text: string, at: number): boolean {
  const tag = /<\/?tool_call>/g;
  tag.lastIndex = at;
  return tag.exec(text)?.[0] === "</tool_call>";
}
