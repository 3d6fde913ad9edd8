/**
 * Gemma 4: `<|tool_call>call:N{k:<|"|>text<|"|>,n:42}<tool_call|>`; FunctionGemma: the same between `<start_function_call>` and
 * `<end_function_call>`, with `<escape>` for the quotes. Keys are bare, and strings hold anything but their own quotes.
 */
import { matchAt, skipBlanks, type BlockReader, type Draft } from "./dialect.ts";
import { parseLoose } from "./loose-json.ts";

interface Tokens {
  readonly open: string;
  readonly close: string;
  readonly quote: string;
}

export const GEMMA_4: Tokens = { open: "<|tool_call>", close: "<tool_call|>", quote: '<|"|>' };
export const FUNCTION_GEMMA: Tokens = {
  open: "<start_function_call>",
  close: "<end_function_call>",
  quote: "<escape>",
};

const HEAD = /\s*(?:call:)?\s*([\w.:-]{1,128})\s*(?=\{)/y;
const CALLS_MAX = 64;

export const readGemma: BlockReader = (text, at) => {
  const tokens = text.startsWith(GEMMA_4.open, at) ? GEMMA_4 : FUNCTION_GEMMA;
  const drafts: Draft[] = [];
  let end = at;
  for (let start = at; drafts.length < CALLS_MAX && text.startsWith(tokens.open, start);) {
    const head = matchAt(HEAD, text, start + tokens.open.length);
    if (head === null) break;
    const name = head[1] ?? "";
    const bodyAt = start + tokens.open.length + head[0].length;
    const close = closeAfter(text, bodyAt, tokens);
    const json = toJson(text.slice(bodyAt, close ?? text.length).trimEnd(), tokens.quote);
    const read = json === undefined ? ({ kind: "cut" } as const) : parseLoose(json);
    if (read.kind === "cut") {
      return close === undefined
        ? { kind: "cut", name }
        : { kind: "broken", name, detail: "its braces are not closed", end: close + tokens.close.length };
    }
    end = close === undefined ? text.length : close + tokens.close.length;
    if (read.kind === "bad" || json?.slice(read.end).trim() !== "") {
      const detail = read.kind === "bad" ? read.detail : "there is text after its arguments";
      return { kind: "broken", name, detail, end };
    }
    drafts.push({ dialect: "gemma", id: "", name, arguments: JSON.stringify(read.value) });
    start = skipBlanks(text, end);
  }
  return drafts.length === 0 ? { kind: "text" } : { kind: "calls", drafts, end };
};

/** The closing token, but for those inside a string. */
function closeAfter(text: string, at: number, { close, quote }: Tokens): number | undefined {
  let closeAt = text.indexOf(close, at);
  for (let from = at; ;) {
    // Searched for again only when it turned out to stand inside a string: one pass in all.
    if (closeAt >= 0 && closeAt < from) closeAt = text.indexOf(close, from);
    const quoteAt = text.indexOf(quote, from);
    if (closeAt < 0) return undefined;
    if (quoteAt < 0 || quoteAt > closeAt) return closeAt;
    const quoteEnd = text.indexOf(quote, quoteAt + quote.length);
    if (quoteEnd < 0) return undefined;
    from = quoteEnd + quote.length;
  }
}

/** With JSON's quotes instead of the tokens. Undefined when a string has no end. */
function toJson(body: string, quote: string): string | undefined {
  const parts = body.split(quote);
  if (parts.length % 2 === 0) return undefined;
  return parts.map((part, index) => (index % 2 === 1 ? JSON.stringify(part) : part)).join("");
}
