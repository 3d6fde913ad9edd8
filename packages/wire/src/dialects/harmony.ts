/**
 * gpt-oss's harmony format, when a server prints it: `<|start|>assistant<|channel|>commentary to=functions.N<|message|>{…}<|call|>`.
 * The analysis channel is reasoning, the others are text; a message with a recipient is a call.
 */
import { toolOf, type BlockReader } from "./dialect.ts";
import { parseLoose } from "./loose-json.ts";

export type HarmonyStep =
  /** So much is known: show it. `next` is where to go on, and as what. */
  | {
      readonly kind: "go";
      readonly text: string;
      readonly isReasoning: boolean;
      readonly next: number;
      readonly state: HarmonyState;
    }
  /** A call begins at `next`, with its JSON. */
  | { readonly kind: "call"; readonly name: string; readonly next: number }
  /** More must come before anything can be said; what is shown may be shown. */
  | { readonly kind: "more"; readonly text: string; readonly isReasoning: boolean; readonly next: number }
  /** The transcript is over: what follows is text. */
  | { readonly kind: "leave"; readonly next: number };

export type HarmonyState = "between" | "header" | "reasoning" | "text";

const HEADER_CHARS_MAX = 512;
const TOKEN_CHARS_MAX = 13;
const TOKENS = ["<|end|>", "<|start|>", "<|channel|>", "<|call|>", "<|return|>"] as const;

/** One step through a transcript. `text` begins where the last step ended. */
export function stepHarmony(text: string, state: HarmonyState, isOver: boolean): HarmonyStep {
  if (state === "between") return stepBetween(text, isOver);
  if (state === "header") return stepHeader(text, isOver);
  const isReasoning = state === "reasoning";
  const end = /<\|(?:end|start|channel|call|return)\|>/.exec(text);
  if (end !== null) {
    const isNew = end[0] === "<|start|>" || end[0] === "<|channel|>";
    const next = isNew ? end.index : end.index + end[0].length;
    return { kind: "go", text: text.slice(0, end.index), isReasoning, next, state: "between" };
  }
  const cut = isOver ? text.length : partialTokenAt(text);
  return { kind: "more", text: text.slice(0, cut), isReasoning, next: cut };
}

function stepBetween(text: string, isOver: boolean): HarmonyStep {
  const start = text.length - text.trimStart().length;
  const rest = text.slice(start, start + TOKEN_CHARS_MAX);
  if (rest.startsWith("<|start|>") || rest.startsWith("<|channel|>")) {
    return { kind: "go", text: "", isReasoning: false, next: start, state: "header" };
  }
  const mayBegin = TOKENS.some((token) => token.startsWith(rest));
  if (mayBegin && !isOver) return { kind: "more", text: "", isReasoning: false, next: 0 };
  return { kind: "leave", next: mayBegin ? text.length : 0 };
}

/** A header ends with its message; one that ends otherwise is garbled, and means nothing. */
function stepHeader(text: string, isOver: boolean): HarmonyStep {
  const head = text.slice(0, HEADER_CHARS_MAX);
  const begin = /^(?:<\|start\|>)?/.exec(head)?.[0].length ?? 0;
  const end = /<\|(message|end|start|call|return)\|>/.exec(head.slice(begin));
  if (end === null) {
    if (isOver || head.length === HEADER_CHARS_MAX) return { kind: "leave", next: head.length };
    return { kind: "more", text: "", isReasoning: false, next: 0 };
  }
  const header = head.slice(0, begin + end.index);
  const after = begin + end.index + end[0].length;
  const go = (state: HarmonyState, next: number): HarmonyStep => {
    return { kind: "go", text: "", isReasoning: false, next, state };
  };
  if (end[1] === "start") return go("header", begin + end.index);
  if (end[1] !== "message") return go("between", after);
  const recipient = /\bto=([\w.:-]{1,200})/.exec(header)?.[1];
  if (recipient !== undefined && recipient !== "user" && recipient !== "assistant") {
    return { kind: "call", name: recipient, next: after };
  }
  return go(/<\|channel\|>\s*analysis/.test(header) ? "reasoning" : "text", after);
}

/** Where a token may have begun that is not whole yet. */
function partialTokenAt(text: string): number {
  const at = text.lastIndexOf("<", text.length);
  const tail = text.slice(at);
  return at >= 0 && TOKENS.some((token) => token.startsWith(tail)) ? at : text.length;
}

/** The message of a call, from its JSON on. The JSON says where it ends: its strings may hold any token. */
export function readHarmonyCall(recipient: string): BlockReader {
  return (text, at, context) => {
    // `functions.read_filejson`: the content type stuck to the name.
    const plain = recipient.replace(/(?:json|code)$/, "");
    const isStuck = toolOf(recipient, context) === undefined && toolOf(plain, context) !== undefined;
    const name = isStuck ? plain : recipient;
    const read = parseLoose(text, at);
    const end = /<\|(?:call|end|return)\|>/g;
    end.lastIndex = read.kind === "value" ? read.end : at;
    const close = end.exec(text);
    const blockEnd = close === null ? text.length : end.lastIndex;
    if (read.kind === "value") {
      const isAdjacent = close !== null && text.slice(read.end, close.index).trim() === "";
      const draft = { dialect: "harmony", id: "", name, arguments: text.slice(at, read.end).trim() };
      return { kind: "calls", drafts: [draft], end: isAdjacent ? blockEnd : read.end };
    }
    // JSON that runs to the end of the text was cut, whatever tokens its strings hold.
    const isCut = read.kind === "cut" && !/<\|(?:call|end|return)\|>\s*$/.test(text.slice(-64));
    if (close === null || isCut) return { kind: "cut", name };
    // A tool without arguments may be called without any.
    if (text.slice(at, close.index).trim() === "") {
      return {
        kind: "calls",
        drafts: [{ dialect: "harmony", id: "", name, arguments: "" }],
        end: blockEnd,
      };
    }
    const detail = read.kind === "cut" ? "the JSON object is not closed" : read.detail;
    return { kind: "broken", name, detail, end: read.kind === "cut" ? text.length : blockEnd };
  };
}
