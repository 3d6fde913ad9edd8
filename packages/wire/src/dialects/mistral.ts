/** Mistral: `[TOOL_CALLS]N[CALL_ID]id[ARGS]{…}`, with or without its parts, or `[TOOL_CALLS]` and a list of objects. */
import { draftsOf, nameIn } from "./call-json.ts";
import {
  isBlank,
  matchAt,
  propertiesOf,
  toolOf,
  type BlockReader,
  type DialectContext,
  type Draft,
} from "./dialect.ts";
import { parseLoose } from "./loose-json.ts";

const OPEN = /\s*(?:\[TOOL_CALLS\]\s*)+/y;
const HEAD = /([\w.:/-]{1,128})\s*(?:\[CALL_ID\]\s*([\w-]{1,64})\s*)?(?:\[ARGS\]\s*)*(?=\{)/y;
/** Before a further call the mark may be missing. */
const AGAIN = /\s*,?\s*(?=[\w.:/-]{1,128}\s*(?:\[ARGS\]\s*)?\{)/y;
const CLOSE = /\s*(?:\[\/TOOL_CALLS\]|<\/s>)/y;
const CALLS_MAX = 64;

export const readMistral: BlockReader = (text, at, context) => {
  const drafts: Draft[] = [];
  let end = at;
  while (drafts.length < CALLS_MAX) {
    const open = matchAt(OPEN, text, end) ?? (drafts.length > 0 ? matchAt(AGAIN, text, end) : null);
    if (open === null) break;
    const start = end + open[0].length;
    const head = matchAt(HEAD, text, start);
    const bodyAt = start + (head?.[0].length ?? 0);
    if (head === null && text[start] !== "[" && text[start] !== "{") {
      if (drafts.length > 0) break;
      const empty = matchAt(/([\w.:/-]{1,128})\s*\[ARGS\]\s*$/y, text, start)?.[1];
      if (empty !== undefined && !needsArguments(empty, context)) {
        return {
          kind: "calls",
          drafts: [{ dialect: "mistral", id: "", name: empty, arguments: "" }],
          end: text.length,
        };
      }
      return isBlank(text, start, text.length) ? { kind: "cut", name: "" } : partialHead(text, start);
    }
    const read = parseLoose(text, bodyAt);
    const name = head?.[1] ?? nameIn(text.slice(bodyAt, bodyAt + 400));
    if (read.kind === "cut") return { kind: "cut", name };
    if (read.kind === "bad") return { kind: "broken", name, detail: read.detail, end: text.length };
    const found =
      head === null
        ? draftsOf(read.value, "mistral")
        : [{ dialect: "mistral", id: head[2] ?? "", name, arguments: text.slice(bodyAt, read.end) }];
    if (found === undefined) {
      return { kind: "broken", name, detail: "the JSON is not a list of calls", end: read.end };
    }
    drafts.push(...found);
    end = read.end + (matchAt(CLOSE, text, read.end)?.[0].length ?? 0);
  }
  return drafts.length === 0 ? { kind: "text" } : { kind: "calls", drafts, end };
};

/** A tool that takes none at all may be called with the mark and nothing behind it; for any other the answer was cut there. */
function needsArguments(name: string, context: DialectContext): boolean {
  const tool = toolOf(name, context);
  return tool === undefined || Object.keys(propertiesOf(tool)).length > 0;
}

/** The answer ends inside the head; or it is no head at all. */
function partialHead(text: string, at: number): ReturnType<BlockReader> {
  const head = /[\w.:/-]{1,128}(?:\[\w{0,8}\]?)?[\w-]{0,64}\s*$/y;
  const match = matchAt(head, text, at);
  return match === null ? { kind: "text" } : { kind: "cut", name: /^[\w.-]+/.exec(match[0])?.[0] ?? "" };
}
